"""Trainings on a Pleinair server, as a plug-in sees them."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Callable, TypeVar

from . import errors, messages, rpc
from .calls import CHUNK_BYTES, Calls
from .cancel import Cancel
from .codec import Message
from .wire import Buffer

CALL_SECONDS = 20.0
EXPORT_SECONDS = 300.0  # the server makes and checks a filter first
_PAGE = 200
_SERVICE = "/pleinair.v1.TrainingService/"
_Role = messages.TrainingPicture.Role

Answer = TypeVar("Answer", bound=Message)
OnSent = Callable[[float], None]


@dataclass(frozen=True)
class Picture:
    """A picture to learn from. ``data`` is a PNG, JPEG or WebP file, or the pixels that ``pixels`` describes:
    row-major, packed, little-endian. ``name`` is shown to people."""

    name: str
    data: Buffer
    pixels: messages.RawPixels | None = None


class TrainingClient(Calls):
    """Starts, watches and ends a server's trainings. Every call raises ClientError; where the server has no training
    service, with the code UNIMPLEMENTED and a sentence that says that it is too old."""

    def start_training(
        self,
        header: messages.TrainingHeader,
        sources: Sequence[Picture],
        targets: Sequence[Picture],
        *,
        on_sent: OnSent | None = None,
        cancel: Cancel | None = None,
    ) -> messages.TrainingJob:
        """Sends the pictures and starts a training; the request_id in ``header`` keeps it from being started twice.
        ``on_sent`` gets the share (0 to 1) of the pictures' bytes that was sent."""
        tell = on_sent or (lambda share: None)
        pictures = [(_Role.SOURCE, one) for one in sources] + [(_Role.TARGET, one) for one in targets]
        header = copy.copy(header)
        header.picture_count = len(pictures)
        with self._told():
            answers = list(
                self.call(
                    _SERVICE + "StartTraining",
                    lambda: _upload(header, pictures, tell),
                    messages.StartTrainingResponse,
                    self.patience(None, cancel),
                    silence=rpc.SILENCE_SECONDS,
                )
            )
        return self._job(answers[0] if len(answers) == 1 else messages.StartTrainingResponse())

    def watch_training(self, training_id: str, *, cancel: Cancel) -> Iterator[messages.WatchTrainingResponse]:
        """Yields a training's state, with its latest preview and the source picture, then changes until it ends."""
        request = messages.WatchTrainingRequest(id=training_id)
        with self._told():
            yield from self.call(
                _SERVICE + "WatchTraining",
                lambda: iter([request]),
                messages.WatchTrainingResponse,
                self.patience(None, cancel),
                silence=None,  # other clients may occupy the devices for hours
            )

    def get_training(self, training_id: str, *, cancel: Cancel | None = None) -> messages.GetTrainingResponse:
        """Returns a training's state and the end of its log."""
        request = messages.GetTrainingRequest(id=training_id)
        return self._ask("GetTraining", request, messages.GetTrainingResponse, cancel=cancel)

    def list_trainings(self, *, cancel: Cancel | None = None) -> list[messages.TrainingJob]:
        """Returns all trainings, newest first, however many pages they take."""

        def page(token: str) -> messages.ListTrainingsResponse:
            request = messages.ListTrainingsRequest(page_size=_PAGE, page_token=token)
            return self._ask("ListTrainings", request, messages.ListTrainingsResponse, cancel=cancel)

        return [job for found in self.pages(page) for job in found.jobs]

    def cancel_training(self, training_id: str, *, keep_filter: bool = False) -> messages.TrainingJob:
        """Ends a training; with ``keep_filter``, what it has learned so far becomes its filter."""
        request = messages.CancelTrainingRequest(id=training_id, keep_filter=keep_filter)
        return self._job(self._ask("CancelTraining", request, messages.CancelTrainingResponse))

    def export_training(self, training_id: str, *, cancel: Cancel | None = None) -> tuple[messages.TrainingJob, str]:
        """Puts a training's present filter into the server's folder; returns the training and the filter's SHA-256."""
        request = messages.ExportTrainingRequest(id=training_id)
        answer = self._ask(
            "ExportTraining", request, messages.ExportTrainingResponse, timeout=EXPORT_SECONDS, cancel=cancel
        )
        return self._job(answer), answer.filter_sha256

    def resume_training(self, training_id: str) -> messages.TrainingJob:
        request = messages.ResumeTrainingRequest(id=training_id)
        return self._job(self._ask("ResumeTraining", request, messages.ResumeTrainingResponse, repeatable=False))

    def delete_training(self, training_id: str) -> None:
        request = messages.DeleteTrainingRequest(id=training_id)
        self._ask("DeleteTraining", request, messages.DeleteTrainingResponse, repeatable=False)

    def _ask(
        self,
        name: str,
        request: Message,
        answer: type[Answer],
        *,
        timeout: float = CALL_SECONDS,
        cancel: Cancel | None = None,
        repeatable: bool = True,
    ) -> Answer:
        with self._told():
            return self.unary(_SERVICE + name, request, answer, timeout=timeout, cancel=cancel, repeatable=repeatable)

    def _job(
        self,
        answer: messages.StartTrainingResponse
        | messages.CancelTrainingResponse
        | messages.ExportTrainingResponse
        | messages.ResumeTrainingResponse,
    ) -> messages.TrainingJob:
        if answer.job is None:
            raise errors.not_ours(self.endpoint.address)
        return answer.job

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except errors.UnknownCall as error:
            raise errors.too_old_to_train(self.endpoint.address) from error


def _upload(
    header: messages.TrainingHeader, pictures: Sequence[tuple[int, Picture]], tell: OnSent
) -> Iterator[messages.StartTrainingRequest]:
    """Yields the header, then each picture's description followed by its data in chunks."""
    views = [memoryview(picture.data).cast("B") for _, picture in pictures]
    whole, sent = sum(map(len, views)), 0
    yield messages.StartTrainingRequest(header=header)
    for (role, picture), data in zip(pictures, views):
        file_bytes = len(data) if picture.pixels is None else None
        told = messages.TrainingPicture(role=role, name=picture.name, file_bytes=file_bytes, pixels=picture.pixels)
        yield messages.StartTrainingRequest(picture=told)
        for start in range(0, len(data), CHUNK_BYTES):
            tell(sent / whole)
            chunk = data[start : start + CHUNK_BYTES]
            sent += len(chunk)
            yield messages.StartTrainingRequest(data=chunk)  # type: ignore[arg-type]
