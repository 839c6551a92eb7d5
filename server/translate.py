"""Translates picture files: python -m server.translate in.png -o out.png --filter NAME

Several files, a folder or a quoted glob pattern go into a folder. Without --address no server is needed. Alpha, 16-bit
depth and an embedded RGB colour profile are kept; results are PNG files."""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pleinair.common.files import write_whole
from pleinair.v1.translation_pb2 import Progress, Summary
from tqdm import tqdm

from server.client.files import PictureTask, UsageError, make_folders, plan
from server.client.listing import filter_table
from server.client.local_engine import LocalEngine
from server.client.translations import Client, TranslationError, Translator
from server.config import ServerConfig
from server.engine.provider import Provider
from server.errors import StartProblem
from server.options.loading import ConfigError, config_of
from server.pictures.files import Picture, PictureError, decode_picture, encode_png
from server.security import read_access

# Those of the server that are options here too, by their fields in ServerConfig.
_SERVER_OPTIONS = ("filters", "provider", "memory", "max_pixels", "token_file", "tls_certificate")


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit status: 0 when everything is done, 1 when something failed, 2 when the request is impossible,
    130 after Ctrl-C."""
    options = _parser().parse_args(arguments)
    try:
        return _list(options) if options.list else _translate(options)
    except (UsageError, ConfigError, StartProblem) as error:
        return _complain(str(error), 2)
    except TranslationError as error:
        return _complain(error.sentence, 1)
    except KeyboardInterrupt:
        return _complain("Stopped; finished pictures are in place, and none is half-written.", 130)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m server.translate", description="Translate pictures with a filter.")
    add = parser.add_argument
    add("inputs", nargs="*", metavar="INPUT", help="a picture, a folder of pictures or a quoted glob pattern")
    add("-o", "--output", metavar="OUT", help="the result, a .png file; a folder when there are several")
    add("--filter", metavar="NAME", help="the filter's identifier or, without --address, an .onnx file")
    add("--list", action="store_true", help="show the filters and exit")
    add("--address", metavar="HOST:PORT", help="use this server; without it, this process does the work")
    add("--token-file", metavar="FILE", help="a file with the token that the server requires")
    add("--tls-certificate", metavar="FILE", help="the server's certificate (PEM), for an encrypted connection")
    add("--filters", metavar="DIR", help="the filters folder (default: PLEINAIR_FILTERS, else ./filters)")
    add("--provider", choices=[one.value for one in Provider], help="where to compute (default: auto)")
    add("--memory", metavar="SIZE", help="use at most this much memory, such as 6GiB (default: 70 %% of what is free)")
    add("--max-pixels", metavar="N", help="refuse larger pictures (default: 8192 x 16384 pixels)")
    add("--force", action="store_true", help="replace results that exist already")
    return parser


def _list(options: argparse.Namespace) -> int:
    with _translator(options, _config(options)) as translator:
        print(filter_table(translator.filters(), translator.rejected_files()))
    return 0


def _translate(options: argparse.Namespace) -> int:
    if not (options.inputs and options.output and options.filter):
        raise UsageError("Name the pictures, the result and the filter: INPUT -o out.png --filter NAME (or --list).")
    config = _config(options)
    tasks = plan(options.inputs, options.output, overwrite=options.force)
    with _translator(options, config) as translator:
        filter_id = _filter_id(translator, options)
        make_folders(tasks)
        return _translate_all(translator, filter_id, tasks, config.max_pixels)


def _config(options: argparse.Namespace) -> ServerConfig:
    """The server's own options, with its environment variables; options that are not given keep its defaults."""
    if options.address and (options.filters or options.provider or options.memory):
        raise UsageError(
            "The server at --address has its own filters, provider and memory; leave out --filters, --provider and"
            " --memory."
        )
    if not options.address and (options.token_file or options.tls_certificate):
        raise UsageError("--token-file and --tls-certificate are for a server; name it with --address.")
    return config_of({name: getattr(options, name) for name in _SERVER_OPTIONS})


def _translator(options: argparse.Namespace, config: ServerConfig) -> Translator:
    if options.address:
        token, certificate = read_access(config.token_file, config.tls_certificate)
        return Client(options.address, token=token, certificate=certificate)
    engine = LocalEngine(replace(config, filters=Path(options.filter)) if _is_own_file(options) else config)
    if engine.warning:
        print(engine.warning, file=sys.stderr)
    return engine


def _is_own_file(options: argparse.Namespace) -> bool:
    return not options.address and bool(options.filter) and options.filter.lower().endswith(".onnx")


def _filter_id(translator: Translator, options: argparse.Namespace) -> str:
    found = [one.id for one in translator.filters()]
    if _is_own_file(options):
        if found:
            return found[0]
        raise UsageError(f"{options.filter} is not a filter. {translator.rejected_files()[0].reason}")
    if options.filter in found:
        return str(options.filter)
    raise UsageError(f"There is no filter {options.filter!r}; the filters are: {', '.join(found) or 'none yet'}.")


def _translate_all(translator: Translator, filter_id: str, tasks: Sequence[PictureTask], max_pixels: int) -> int:
    started, done, provider = time.monotonic(), 0, ""
    with tqdm(tasks, unit="picture", disable=None) as bar:
        for task in bar:
            try:
                provider = _translate_one(translator, filter_id, task, max_pixels, bar).execution_provider
                done += 1
            except (OSError, PictureError, TranslationError) as error:
                _say(task, _sentence(error))
    seconds = time.monotonic() - started
    print(
        f"Translated {done} of {len(tasks)} pictures in {seconds:.1f} s" + (f" with {provider}." if provider else ".")
    )
    return 0 if done == len(tasks) else 1


def _translate_one(
    translator: Translator, filter_id: str, task: PictureTask, max_pixels: int, bar: "tqdm[PictureTask]"
) -> Summary:
    bar.set_description_str(f"{task.source.name}: reading")
    picture = decode_picture(task.source.read_bytes(), max_pixels=max_pixels)
    for note in picture.notes:
        _say(task, note)

    def show(progress: Progress) -> None:
        bar.set_description_str(f"{task.source.name}: {_stage(progress)}")

    pixels, summary = translator.translate(filter_id, picture.pixels, on_progress=show)
    bar.set_description_str(f"{task.source.name}: writing")
    write_whole(task.target, encode_png(Picture(pixels, picture.icc_profile)))
    return summary


def _stage(progress: Progress) -> str:
    if progress.stage == Progress.STAGE_QUEUED:
        return f"waiting, {progress.queue_position} ahead of it"
    if not progress.HasField("fraction"):
        return "translating"
    return f"translating, {progress.fraction:.0%}, {progress.seconds_left:.0f} s left"


def _say(task: PictureTask, sentence: str) -> None:
    """Prints a sentence about one picture on standard error, above the progress bar."""
    tqdm.write(f"{task.source}: {sentence}", file=sys.stderr)


def _sentence(error: OSError | PictureError | TranslationError) -> str:
    if isinstance(error, OSError):
        return f"The file system reports: {error.strerror}."
    return error.sentence


def _complain(sentence: str, status: int) -> int:
    print(sentence, file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
