"""Whether a server trains, and the start and end of its trainings."""

from __future__ import annotations

import importlib.util
import logging
from collections import Counter
from typing import IO

from pleinair.common.private import make_private_folder

from server.config import ServerConfig, TrainingMode
from server.engine.account import MemoryAccount
from server.errors import Reason, Refusal, StartProblem
from server.filters.folder import FilterFolder
from server.trainings.handler import TrainingHandler
from server.trainings.jobs.board import Board
from server.trainings.jobs.desk import PictureDesk
from server.trainings.jobs.exporter import Exporter
from server.trainings.jobs.locks import Held, hold
from server.trainings.jobs.pictures import Limits
from server.trainings.jobs.publish import FilterShelf
from server.trainings.jobs.runner import Runner
from server.trainings.jobs.store import JobStore
from server.trainings.jobs.trainer import Trainer
from server.translation.memory import PictureMemory

_LOCK = ".lock"
_OPEN = "Warning: others may read the trainings in {0}; make it this user's own, and run chmod 700 {0}."

_log = logging.getLogger(__name__)


class TrainingSupport:
    """The trainings of one server, for one event loop. Their folder is opened when it is first needed.

    Raises StartProblem when the options require training and it is impossible.
    """

    def __init__(self, config: ServerConfig, filters: FilterFolder, account: MemoryAccount, trainer: Trainer) -> None:
        self._config = config
        self._filters = filters
        self._desk = PictureDesk(PictureMemory(account, max_pixels=config.max_pixels))
        self._trainer = trainer
        self._runner: Runner | None = None
        self._handler: TrainingHandler | None = None
        self._lock: IO[bytes] | None = None
        self._problems: list[str] = []
        self._unavailable = _why_not(config)
        if self._unavailable and config.training is TrainingMode.ON:
            raise StartProblem(self._unavailable)

    def start(self) -> None:
        """Resumes what was under way when the last server ended."""
        if self.unavailable is None and self._config.trainings_folder.is_dir():
            try:
                self.handler()
            except Refusal as error:
                self._problems.append(error.sentence)

    @property
    def unavailable(self) -> str | None:
        """The sentence that says why this server does not train; None if it does."""
        return self._unavailable

    def start_lines(self) -> list[str]:
        """Lines for the user who started the server."""
        unfinished = [view for view in self._handler.all() if not view.job.state.has_ended] if self._handler else []
        count = len(unfinished)
        going_on = [f"{count} training{'s continue' if count != 1 else ' continues'}."] if count else []
        return [*self._problems, *going_on]

    def count_by_state(self) -> dict[str, int]:
        """How many trainings are kept in each state; empty while the folder was not needed."""
        views = self._handler.all() if self._handler else []
        return dict(Counter(view.job.state.value for view in views))

    def handler(self) -> TrainingHandler:
        """Returns the handler, and opens the folder if necessary. Raises Refusal when this server does not train."""
        if self._handler is None:
            if self._unavailable:
                raise _refusal(self._unavailable)
            self._handler = self._open()
        return self._handler

    async def close(self, seconds: float) -> None:
        """Stops running trainings, each with a checkpoint if that takes at most ``seconds``; they continue next
        time."""
        if self._runner:
            await self._runner.close(seconds)
        if self._lock:
            self._lock.close()

    def _open(self) -> TrainingHandler:
        store = JobStore(self._config.trainings_folder.resolve())
        try:
            if not make_private_folder(store.path):
                self._problems.append(_OPEN.format(store.path))
            lock = hold(store.path / _LOCK)
        except Held:
            raise _refusal(
                "Another server, perhaps another editor's, keeps its trainings in the same folder, so this one"
                " does not train; connect to that one, or start this one with a --trainings folder of its own."
            ) from None
        except OSError as error:
            raise _unusable(error) from error
        try:
            jobs, problems = store.load()
        except OSError as error:
            lock.close()
            raise _unusable(error) from error
        self._lock = lock
        self._problems += problems
        for problem in problems:
            _log.warning(problem)
        return self._handler_of(store, Board(store, jobs))

    def _handler_of(self, store: JobStore, board: Board) -> TrainingHandler:
        config = self._config
        exporter = Exporter(board, store, FilterShelf(config.filters, self._filters), self._trainer)
        self._runner = Runner(board, store, exporter, self._trainer, config.training_devices.split(","))
        self._runner.recover()
        return TrainingHandler(
            board,
            store,
            self._runner,
            exporter,
            self._desk,
            limits=Limits(
                max_pixels=config.max_pixels,
                max_bytes=config.training_upload_mib << 20,
                shared=config.training_pictures,
            ),
            most_unfinished=config.training_queue,
            most_disk=config.training_disk,
        )


def _why_not(config: ServerConfig) -> str | None:
    if config.training is TrainingMode.OFF:
        return "This server does not train; start it without --training off, or use another server."
    if config.filters.is_file():
        return "This server serves one file and not a folder, so it does not train; start it with a folder of filters."
    if not _is_installed("torch"):
        return "This server cannot train, because PyTorch is not installed; run pip install 'pleinair[train]' there."
    return None


def _is_installed(module: str) -> bool:
    """Whether a module can be imported. It is not imported, which would take seconds and memory."""
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):  # somebody keeps it from being imported
        return False


def _unusable(error: OSError) -> Refusal:
    return _refusal(
        f"The server cannot keep trainings in its folder ({error.strerror}); make room or make it writable there, or"
        " start the server with another --trainings folder."
    )


def _refusal(sentence: str) -> Refusal:
    return Refusal(Reason.TRAINING_UNAVAILABLE, sentence)
