"""Translates picture files: python -m server.translate in.png -o out.png --filter NAME

Several files, a folder or a quoted glob pattern go into a folder. Without --address no server is needed. Alpha and what
travels with a picture (profile, EXIF, ...) are kept; a result's suffix says what kind of file it is."""

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pleinair.pictures.levels import Scale

from server.access import add_access_options, read_access
from server.batches.folders import make_folder
from server.batches.running import Translating
from server.batches.standard import check_output, give_up_output
from server.batches.tasks import Batch, Existing, plan
from server.client.listing import filter_table
from server.client.local_engine import LocalEngine
from server.client.translations import Client, TranslationError, Translator
from server.config import ServerConfig
from server.engine.provider import Provider
from server.errors import StartProblem, UsageError
from server.options.loading import ConfigError, config_of
from server.pictures.formats import DEFAULT_QUALITY, FORMATS

# Those of the server that are options here too, by their fields in ServerConfig.
_SERVER_OPTIONS = ("filters", "provider", "memory", "max_pixels", "token_file", "tls_certificate")

_SUFFIXES = ", ".join(form.suffix for form in FORMATS)
_LOSSY = ", ".join(form.name for form in FORMATS if form.is_lossy)


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit status: 0 when everything is done, 1 when something failed, 2 when the request is impossible,
    130 after Ctrl-C, 141 when nobody reads standard output any more."""
    options = _parser().parse_args(arguments)
    try:
        status = _list(options) if options.list else _translate(options)
        if sys.stdout:  # where it is closed, there is none
            sys.stdout.flush()
        return status
    except BrokenPipeError:
        return give_up_output()
    except (UsageError, ConfigError, StartProblem) as error:
        return _complain(str(error), 2)
    except TranslationError as error:
        return _complain(error.sentence, 1)
    except KeyboardInterrupt:
        more = "" if options.list else "; the same command with --missing goes on"
        return _complain(f"Stopped; finished pictures are in place, and none is half-written{more}.", 130)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m server.translate", description="Translate pictures with a filter.")
    add = parser.add_argument
    add("inputs", nargs="*", metavar="INPUT", help="a picture, a folder, a quoted glob pattern, or - (standard input)")
    add(
        "-o",
        "--output",
        metavar="OUT",
        help="the result, such as a .png file; a folder for several; or - (standard output)",
    )
    add("--filter", metavar="NAME", help="the filter's identifier or, without --address, an .onnx file")
    add("--list", action="store_true", help="show the filters and exit")
    add("--address", metavar="HOST:PORT", help="use this server; without it, this process does the work")
    add_access_options(parser)
    add("--filters", metavar="DIR", help="the filters folder (default: PLEINAIR_FILTERS, else ./filters)")
    add("--provider", choices=[one.value for one in Provider], help="where to compute (default: auto)")
    add("--memory", metavar="SIZE", help="use at most this much memory, such as 6GiB (default: 70 %% of what is free)")
    add("--max-pixels", metavar="N", help="refuse larger pictures (default: 8192 x 16384 pixels)")
    add("--suffix", default="", help=f"the kind of results in a folder or standard output: {_SUFFIXES} (default: .png)")
    add("--quality", metavar="N", help=f"of {_LOSSY} results, 1 to 100 (default: {DEFAULT_QUALITY})")
    add("--black", metavar="V", help="value that is black in files of more than 8 bits (default: 0)")
    add("--white", metavar="V", help="value that is white in them (default: 65535, in floating point 1)")
    existing = parser.add_mutually_exclusive_group()
    existing.add_argument("--missing", action="store_true", help="translate only what has no result yet")
    existing.add_argument("--force", action="store_true", help="replace results that exist already")
    return parser


def _list(options: argparse.Namespace) -> int:
    with _translator(options, _config(options)) as translator:
        print(filter_table(translator.filters(), translator.rejected_files()))
    return 0


def _translate(options: argparse.Namespace) -> int:
    if not (options.inputs and options.output and options.filter):
        raise UsageError("Name the pictures, the result and the filter: INPUT -o out.png --filter NAME (or --list).")
    config = _config(options)
    batch = plan(options.inputs, options.output, suffix=options.suffix, existing=_existing(options))
    quality, scale = _quality(options, batch), _scale(options)
    for sentence in batch.left_out:
        print(sentence, file=sys.stderr)
    with _translator(options, config) as translator:
        filter_id = _filter_id(translator, options)
        _make_room(batch)
        return 0 if Translating(translator, filter_id, config.max_pixels, quality, scale).translate(batch) else 1


def _existing(options: argparse.Namespace) -> Existing:
    if options.missing:
        return Existing.KEEP
    return Existing.REPLACE if options.force else Existing.REFUSE


def _quality(options: argparse.Namespace, batch: Batch) -> int:
    if options.quality is None:
        return DEFAULT_QUALITY
    if not options.quality.isdecimal() or not 1 <= int(options.quality) <= 100:
        raise UsageError(f"--quality is {options.quality!r}, but must be a whole number from 1 to 100.")
    exact = next((task.form.name for task in batch.tasks if not task.form.is_lossy), None)
    if exact:
        raise UsageError(f"--quality is for {_LOSSY}, and {exact} loses nothing; leave it out.")
    return int(options.quality)


def _scale(options: argparse.Namespace) -> Scale:
    black, white = (_number(name, getattr(options, name)) for name in ("black", "white"))
    try:
        return Scale(black, white)
    except ValueError as error:
        raise UsageError(f"--black and --white do not fit: {error}.") from None


def _number(name: str, text: str | None) -> float | None:
    try:
        number = None if text is None else float(text)
    except ValueError:
        number = math.nan
    if number is not None and not math.isfinite(number):
        raise UsageError(f"--{name} is {text!r}, but must be a number.")
    return number


def _make_room(batch: Batch) -> None:
    if any(task.target is None for task in batch.tasks):
        check_output()
    for folder in {task.target.parent for task in batch.tasks if task.target}:
        make_folder(folder, "-o")


def _config(options: argparse.Namespace) -> ServerConfig:
    """The server's own options, with its environment variables; options that are not given keep its defaults."""
    if options.address and (options.filters or options.provider or options.memory):
        raise UsageError(
            "The server at --address has its own filters, provider and memory; leave out --filters, --provider and"
            " --memory."
        )
    own = options.tls_client_certificate or options.tls_client_key
    if not options.address and (options.token_file or options.tls_certificate or own):
        raise UsageError("--token-file and --tls-... are for a server; name it with --address.")
    return config_of({name: getattr(options, name) for name in _SERVER_OPTIONS})


def _translator(options: argparse.Namespace, config: ServerConfig) -> Translator:
    if options.address:
        own = options.tls_client_certificate, options.tls_client_key
        return Client(options.address, **read_access(config.token_file, config.tls_certificate, *own))
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


def _complain(sentence: str, status: int) -> int:
    print(sentence, file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
