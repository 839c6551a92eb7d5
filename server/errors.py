"""Refusals, with their codes and sentences, and other problems that users are told about. Knows no transport."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from enum import StrEnum
from types import TracebackType


class Reason(StrEnum):
    """Why a call failed: the names of the protocol's Reason without their prefix."""

    FILTER_NOT_FOUND = "FILTER_NOT_FOUND"
    BAD_HEADER = "BAD_HEADER"
    TOO_FEW_PIXELS = "TOO_FEW_PIXELS"
    TOO_MANY_PIXELS = "TOO_MANY_PIXELS"
    PICTURE_TOO_LARGE = "PICTURE_TOO_LARGE"
    PICTURE_UNREADABLE = "PICTURE_UNREADABLE"
    QUEUE_FULL = "QUEUE_FULL"
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
    OUT_OF_MEMORY = "OUT_OF_MEMORY"
    SHUTTING_DOWN = "SHUTTING_DOWN"
    FILTER_FAILED = "FILTER_FAILED"
    BAD_PAGE_TOKEN = "BAD_PAGE_TOKEN"
    INTERNAL = "INTERNAL"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    TRAINING_NOT_FOUND = "TRAINING_NOT_FOUND"
    TRAINING_UNAVAILABLE = "TRAINING_UNAVAILABLE"
    WRONG_STATE = "WRONG_STATE"
    NO_WEIGHTS_YET = "NO_WEIGHTS_YET"
    BAD_OPTION = "BAD_OPTION"
    PATH_NOT_ALLOWED = "PATH_NOT_ALLOWED"
    DISK_FULL = "DISK_FULL"
    STALLED = "STALLED"
    BAD_MESSAGE = "BAD_MESSAGE"
    SERVICE_NOT_FOUND = "SERVICE_NOT_FOUND"

    @property
    def code(self) -> str:
        """The name of the canonical status code for this reason."""
        return _CODES.get(self, "INVALID_ARGUMENT")


_CODES = {
    Reason.FILTER_NOT_FOUND: "NOT_FOUND",
    Reason.QUEUE_FULL: "RESOURCE_EXHAUSTED",
    Reason.OUT_OF_MEMORY: "RESOURCE_EXHAUSTED",
    Reason.DEADLINE_EXCEEDED: "DEADLINE_EXCEEDED",
    Reason.SHUTTING_DOWN: "UNAVAILABLE",
    Reason.FILTER_FAILED: "INTERNAL",
    Reason.INTERNAL: "INTERNAL",
    Reason.UNAUTHENTICATED: "UNAUTHENTICATED",
    Reason.TRAINING_NOT_FOUND: "NOT_FOUND",
    Reason.TRAINING_UNAVAILABLE: "FAILED_PRECONDITION",
    Reason.WRONG_STATE: "FAILED_PRECONDITION",
    Reason.NO_WEIGHTS_YET: "FAILED_PRECONDITION",
    Reason.DISK_FULL: "RESOURCE_EXHAUSTED",
    Reason.STALLED: "ABORTED",
    Reason.SERVICE_NOT_FOUND: "NOT_FOUND",
}


class Refusal(Exception):
    """A call that ends without a result. ``sentence`` tells a person what was wrong, what was expected and what to do.

    ``field`` names the request's field at fault, if there is one; ``retry_seconds`` says when trying again may help.
    """

    def __init__(
        self, reason: Reason, sentence: str, *, field: str | None = None, retry_seconds: float | None = None
    ) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.sentence = sentence
        self.field = field
        self.retry_seconds = retry_seconds


def unforeseen(request_id: str = "") -> Refusal:
    """What a caller is told of a fault of ours, which the log has under the request's identifier."""
    named = f", with the request's identifier {request_id}" if request_id else ""
    return Refusal(
        Reason.INTERNAL,
        f"Something went wrong on the server that was not foreseen; please report it to whoever runs it{named}.",
    )


class FilterProblem(ValueError):
    """A file that cannot be served. ``sentence`` speaks of the file as "it" and says what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class PassingProblem(FilterProblem):
    """One that lies in the machine or in nobody knows what: the same file may be served another time."""


class LackOfMemory(PassingProblem):
    """Of the machine's memory, or of what a trial may take of it."""


class StartProblem(Exception):
    """Why a program cannot start: a sentence that says what to do."""


class UsageError(ValueError):
    """What a command was asked for cannot be done; the text is a sentence for the user."""


def empty_frames(error: BaseException) -> None:
    """Empties the frames that the error and its causes came through, once they have ended. An error that is held by
    what its own frames hold would keep a picture until Python looks for such circles, many more pictures later."""
    for known in _with_causes(error):
        traceback.clear_frames(known.__traceback__)


def drop_frames(error: BaseException) -> None:
    """Takes the frames from an error that is kept, and from its causes, and leaves their places as notes: even empty
    frames hold their callers, with all that these work on."""
    for known in _with_causes(error):
        if known.__traceback__ is not None:
            known.add_note("\n".join(_places(known.__traceback__)))
            known.__traceback__ = None


def _with_causes(error: BaseException) -> Iterator[BaseException]:
    known: BaseException | None = error
    while known is not None:
        yield known
        known = known.__cause__ or known.__context__


def _places(trace: TracebackType) -> Iterator[str]:
    for frame, line in traceback.walk_tb(trace):
        yield f'  File "{frame.f_code.co_filename}", line {line}, in {frame.f_code.co_name}'
