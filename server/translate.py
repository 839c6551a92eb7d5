"""Translates picture files: python -m server.translate in.png -o out.png --filter NAME

Several files, a folder or a quoted glob pattern go into a folder. Without --address no server is needed. Alpha, 16-bit
depth and an embedded RGB colour profile are kept; results are PNG files."""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from pleinair.common.files import write_whole
from pleinair.v1.translation_pb2 import Progress, Summary
from tqdm import tqdm

from server.client.files import Job, UsageError, make_folders, plan
from server.client.listing import filter_table
from server.client.local_engine import LocalEngine
from server.client.translations import Client, TranslationError, Translator
from server.config import ConfigError, ServerConfig, load_config
from server.errors import StartProblem
from server.pictures.files import Picture, PictureError, decode_picture, encode_png
from server.security import read_file, read_token


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0 when all is done, 1 when something failed, 2 when what was asked for cannot be done, 130
    after Ctrl-C."""
    options = _parser().parse_args(arguments)
    try:
        return _list(options) if options.list else _translate(options)
    except (UsageError, ConfigError, StartProblem) as error:
        return _complain(str(error), 2)
    except TranslationError as error:
        return _complain(error.sentence, 1)
    except KeyboardInterrupt:
        return _complain("Stopped; the pictures that were finished are there, and none is half-written.", 130)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m server.translate", description="Translate pictures with a filter.")
    add = parser.add_argument
    add("inputs", nargs="*", metavar="INPUT", help="a picture, a folder of pictures or a quoted glob pattern")
    add("-o", "--output", metavar="OUT", help="the result, a .png file; a folder when there are several")
    add("--filter", metavar="NAME", help="the filter's identifier or, without --address, an .onnx file")
    add("--list", action="store_true", help="show the filters and exit")
    add("--address", metavar="HOST:PORT", help="ask this server; without it, this process does the work")
    add("--token-file", metavar="FILE", help="a file with the token that this server wants")
    add("--tls-certificate", metavar="FILE", help="this server's certificate (PEM), for an encrypted connection")
    add("--filters", metavar="DIR", help="the filters folder (default: PLEINAIR_FILTERS, else ./filters)")
    add("--provider", choices=("auto", "cpu", "cuda", "tensorrt"), help="where to compute (default: auto)")
    add("--memory", metavar="SIZE", help="compute within so much memory, such as 6GiB (default: 70 %% of what is free)")
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
    jobs = plan(options.inputs, options.output, overwrite=options.force)
    with _translator(options, config) as translator:
        filter_id = _filter_id(translator, options)
        make_folders(jobs)
        return _translate_all(translator, filter_id, jobs, config.max_pixels)


def _config(options: argparse.Namespace) -> ServerConfig:
    """The server's own options, with its environment variables; those not given here keep its defaults."""
    if options.address and (options.filters or options.provider or options.memory):
        raise UsageError(
            "The server at --address has its own filters, provider and memory; leave out --filters, --provider and"
            " --memory."
        )
    if not options.address and (options.token_file or options.tls_certificate):
        raise UsageError("--token-file and --tls-certificate are for a server; name it by --address.")
    given = {
        "--filters": options.filters,
        "--provider": options.provider,
        "--memory": options.memory,
        "--max-pixels": options.max_pixels,
        "--token-file": options.token_file,
        "--tls-certificate": options.tls_certificate,
    }
    return load_config([f"{name}={value}" for name, value in given.items() if value is not None])


def _translator(options: argparse.Namespace, config: ServerConfig) -> Translator:
    if options.address:
        token = read_token(config.token_file) if config.token_file else None
        certificate = read_file(config.tls_certificate) if config.tls_certificate else None
        return Client(options.address, token=token, certificate=certificate)
    filters = options.filter if _is_own_file(options) else config.filters
    engine = LocalEngine(
        Path(filters),
        provider=config.provider,
        threads=config.threads,
        max_pixels=config.max_pixels,
        memory=config.memory,
        tensorrt_cache=config.tensorrt_cache,
    )
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
        raise UsageError(f"{options.filter} is no filter. {translator.rejected_files()[0].reason}")
    if options.filter in found:
        return str(options.filter)
    raise UsageError(f"There is no filter {options.filter!r}; the filters are: {', '.join(found) or 'none yet'}.")


def _translate_all(translator: Translator, filter_id: str, jobs: Sequence[Job], max_pixels: int) -> int:
    started, done, provider = time.monotonic(), 0, ""
    with tqdm(jobs, unit="picture", disable=None) as bar:
        for job in bar:
            try:
                provider = _translate_one(translator, filter_id, job, max_pixels, bar).execution_provider
                done += 1
            except (OSError, PictureError, TranslationError) as error:
                _say(job, _sentence(error))
    seconds = time.monotonic() - started
    print(f"Translated {done} of {len(jobs)} pictures in {seconds:.1f} s" + (f" with {provider}." if provider else "."))
    return 0 if done == len(jobs) else 1


def _translate_one(translator: Translator, filter_id: str, job: Job, max_pixels: int, bar: "tqdm[Job]") -> Summary:
    bar.set_description_str(f"{job.source.name}: reading")
    picture = decode_picture(job.source.read_bytes(), max_pixels=max_pixels)
    for note in picture.notes:
        _say(job, note)

    def show(progress: Progress) -> None:
        bar.set_description_str(f"{job.source.name}: {_stage(progress)}")

    pixels, summary = translator.translate(filter_id, picture.pixels, on_progress=show)
    bar.set_description_str(f"{job.source.name}: writing")
    write_whole(job.target, encode_png(Picture(pixels, picture.icc_profile)))
    return summary


def _stage(progress: Progress) -> str:
    if progress.stage == Progress.STAGE_QUEUED:
        return f"waiting, {progress.queue_position} before it"
    if not progress.HasField("fraction"):
        return "translating"
    return f"translating, {progress.fraction:.0%}, {progress.seconds_left:.0f} s left"


def _say(job: Job, sentence: str) -> None:
    """On standard error, above the progress bar."""
    tqdm.write(f"{job.source}: {sentence}", file=sys.stderr)


def _sentence(error: OSError | PictureError | TranslationError) -> str:
    if isinstance(error, OSError):
        return f"The file system said: {error.strerror}."
    return error.sentence


def _complain(sentence: str, status: int) -> int:
    print(sentence, file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
