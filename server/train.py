"""Trains a filter on a server: python -m server.train painting.png photo.jpg --title "Étretat"

The first picture is the painting, the others are photos. It shows how the training goes and writes its previews beside
the painting. Ctrl-C ends only the watching: the training goes on."""

import argparse
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pleinair.common.limits import LONGEST_TITLE
from pleinair.common.suffixes import SERVED
from pleinair.v1 import training_pb2 as pb

from server.access import add_access_options, read_access
from server.batches.folders import make_folder
from server.batches.sources import find_pictures
from server.client.trainings import TrainingClient, TrainingError
from server.client.views import ProgressView, training_table
from server.config import ServerConfig
from server.errors import StartProblem, UsageError

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit status: 0 when the training has finished or the request is done, 1 when it failed or was
    cancelled, 2 when the request is impossible, 130 after Ctrl-C."""
    options = _parser().parse_args(arguments)
    try:
        with _client(options) as client:
            return _do(client, options)
    except (UsageError, StartProblem) as error:
        return _complain(str(error), 2)
    except TrainingError as error:
        return _complain(error.sentence, 1)
    except OSError as error:
        place = f"{error.filename}: the file system" if error.filename else "The system"
        return _complain(f"{place} said: {error.strerror or error}.", 1)
    except KeyboardInterrupt:
        return _complain("Stopped.", INTERRUPTED)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m server.train",
        description="Train a filter on a server, from one painting and one photo or several.",
    )
    add = parser.add_argument
    add("pictures", nargs="*", metavar="PICTURE", help="the painting, then photos: files, a folder or a quoted pattern")
    add("--title", help="the filter's title in menus (default: the painting's name)")
    add("--preset", default="", help="sincut-quick (default) or sincut")
    add("--option", action="append", default=[], metavar="NAME=VALUE", help="an option of training.fit; repeatable")
    add("--previews", type=Path, metavar="DIR", help="where previews go (default: beside the painting)")
    add("--detach", action="store_true", help="do not watch: print the training's identifier and return")
    add("--address", default=ServerConfig.address, metavar="HOST:PORT", help="the server (default: %(default)s)")
    add_access_options(parser)
    add = parser.add_mutually_exclusive_group().add_argument
    add("--list", action="store_true", help="show the server's trainings and exit")
    add("--watch", metavar="ID", help="watch a training that was started earlier")
    add("--use", metavar="ID", help="make a filter of what a training has learned so far; it continues")
    add("--stop", metavar="ID", help="end a training here and make its filter")
    add("--cancel", metavar="ID", help="end a training without making a filter")
    add("--resume", metavar="ID", help="continue a training that was cancelled or has failed")
    add("--delete", metavar="ID", help="remove a training that has ended, and its files; its filter stays")
    return parser


def _client(options: argparse.Namespace) -> TrainingClient:
    own = options.tls_client_certificate, options.tls_client_key
    return TrainingClient(options.address, **read_access(options.token_file, options.tls_certificate, *own))


def _do(client: TrainingClient, options: argparse.Namespace) -> int:
    asked = [name for name in _ACTIONS if getattr(options, name)]
    if asked and options.pictures:
        raise UsageError(f"--{asked[0]} is for a training that already exists; leave out the pictures.")
    if options.previews:
        make_folder(options.previews, "--previews")
    return _ACTIONS[asked[0]](client, options) if asked else _start(client, options)


def _start(client: TrainingClient, options: argparse.Namespace) -> int:
    found = [find_pictures(name, SERVED) for name in options.pictures]
    for sentence in (one.left_out for one in found if one.left_out):
        print(sentence, file=sys.stderr)
    files = [source.path for one in found for source in one.sources]
    if len(files) < 2:
        raise UsageError('Name the painting and a photo: painting.png photo.jpg --title "Étretat" (or --list).')
    painting, *photos = files
    previews = options.previews or painting.parent
    if not options.detach:
        make_folder(previews, "--previews")  # before anything is trained
    job = client.start(
        [painting],
        photos,
        title=options.title or _plain(painting.stem)[:LONGEST_TITLE],
        preset=options.preset,
        options=_trainer_options(options.option),
    )
    return _watch_or_detach(client, job.id, previews, options)


def _plain(name: str) -> str:
    """A file's name as a title: one line of printable characters."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in name).split()) or "painting"


def _trainer_options(given: Sequence[str]) -> Mapping[str, str]:
    pairs = [text.removeprefix("--").partition("=") for text in given]
    for (name, separator, _), text in zip(pairs, given, strict=True):
        if not (name and separator):
            raise UsageError(f"--option is {text!r}; expected NAME=VALUE, for example --option images=4000.")
    return {name: value for name, _, value in pairs}


def _watch_or_detach(client: TrainingClient, job_id: str, previews: Path | None, options: argparse.Namespace) -> int:
    if options.detach:
        print(job_id)
        return 0
    return _follow(client, job_id, previews, options)


def _follow(client: TrainingClient, job_id: str, previews: Path | None, options: argparse.Namespace) -> int:
    lost = (
        f"The connection to {options.address} is lost; the training continues when the server is back, and so does this"
        " command."
    )
    job = pb.TrainingJob()
    try:
        with ProgressView(previews) as view:
            for news in client.follow(job_id, previews=previews is not None, on_lost=lambda error: view.say(lost)):
                view.show(news)
                job = news.job
    except KeyboardInterrupt:
        return _complain(_unwatched(job_id, options), INTERRUPTED)
    except OSError as error:
        why = f"A preview cannot be written into {previews} ({error.strerror})."
        return _complain(f"{why} {_unwatched(job_id, options)}", 1)
    return _conclude(job, options)


def _unwatched(job_id: str, options: argparse.Namespace) -> str:
    again = _command("server.train", options)
    return (
        f"The training continues unwatched: {again} --watch {job_id} watches it again, --stop {job_id} ends it here"
        f" and keeps its filter, --cancel {job_id} ends it without one."
    )


def _conclude(job: pb.TrainingJob, options: argparse.Namespace) -> int:
    if job.state == pb.TRAINING_STATE_FINISHED:
        print(_ready(job, options))
        return 0
    if job.state == pb.TRAINING_STATE_FAILED:
        return _complain(job.problem, 1)
    kept = f"; {_ready(job, options)}" if job.filter_ready else "."
    return _complain(f"The training was cancelled{kept}", 1)


def _ready(job: pb.TrainingJob, options: argparse.Namespace) -> str:
    command = _command("server.translate painting.png -o photo.png --filter", options, job.filter_id)
    return f"The filter {job.filter_id!r} is ready: {command}"


def _command(words: str, options: argparse.Namespace, *more: str) -> str:
    """A command line that addresses the same server."""
    given = [("--address", options.address), ("--token-file", options.token_file)]
    given.append(("--tls-certificate", options.tls_certificate))
    given.append(("--tls-client-certificate", options.tls_client_certificate))
    given.append(("--tls-client-key", options.tls_client_key))
    server = [word for name, value in given if value for word in (name, value)]
    return " ".join(["python -m", words, shlex.join([*more, *server])])


def _list(client: TrainingClient, options: argparse.Namespace) -> int:
    print(training_table(client.trainings()))
    return 0


def _watch(client: TrainingClient, options: argparse.Namespace) -> int:
    client.get(options.watch)  # an unknown training, or a server that is not there, is no lost connection
    return _follow(client, options.watch, options.previews, options)


def _use(client: TrainingClient, options: argparse.Namespace) -> int:
    print(_ready(client.export(options.use).job, options))
    return 0


def _stop(client: TrainingClient, options: argparse.Namespace) -> int:
    client.stop(options.stop)
    return _follow(client, options.stop, options.previews, options)


def _cancel(client: TrainingClient, options: argparse.Namespace) -> int:
    print(f"{client.cancel(options.cancel).id} is cancelled; --resume continues it, --delete removes its files.")
    return 0


def _resume(client: TrainingClient, options: argparse.Namespace) -> int:
    return _watch_or_detach(client, client.resume(options.resume).id, options.previews, options)


def _delete(client: TrainingClient, options: argparse.Namespace) -> int:
    client.delete(options.delete)
    print(f"{options.delete} is removed; its filter, if it has one, stays.")
    return 0


_ACTIONS: Mapping[str, Callable[[TrainingClient, argparse.Namespace], int]] = {
    "list": _list,
    "watch": _watch,
    "use": _use,
    "stop": _stop,
    "cancel": _cancel,
    "resume": _resume,
    "delete": _delete,
}


def _complain(sentence: str, status: int) -> int:
    print(sentence, file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
