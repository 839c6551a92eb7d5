"""Trains filters from Python scripts, on a server:

with TrainingClient("127.0.0.1:50051") as client:
    job = client.start(["painting.png"], ["photo.jpg"], title="Étretat")
    for news in client.follow(job.id):
        print(news.job.images_seen, "of", news.job.images_total)
    print("the filter is", news.job.filter_id)
"""

import os
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, Unpack

from pleinair.v1 import training_pb2 as pb
from pleinair.v1 import training_pb2_grpc

from server.client.channel import Access, CallError, Channel
from server.client.pages import pages

CHUNK_BYTES = 1 << 20
RETRY_SECONDS = 2.0

ENDED = (pb.TRAINING_STATE_FINISHED, pb.TRAINING_STATE_CANCELLED, pb.TRAINING_STATE_FAILED)

Pictures = Sequence[str | os.PathLike[str]]


class TrainingError(CallError):
    """A call about a training that failed; the training itself may continue."""


@dataclass(frozen=True)
class _Picture:
    role: pb.TrainingPicture.Role.ValueType
    name: str
    data: bytes


class TrainingClient:
    """Trains on the server at `address` (HOST:PORT). ``access`` is what a protected server wants. Every method
    raises TrainingError, whose `sentence` is for people."""

    def __init__(self, address: str, **access: Unpack[Access]) -> None:
        self._channel = Channel(address, **access)
        self._stub = training_pb2_grpc.TrainingServiceStub(self._channel.grpc)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._channel.close()

    def start(
        self,
        sources: Pictures,
        targets: Pictures,
        *,
        title: str,
        preset: str = "",
        options: Mapping[str, str] | None = None,
    ) -> pb.TrainingJob:
        """Sends the picture files (PNG, JPEG, WebP) and starts a training from sources to targets. The options are
        those of ``python -m training.fit``. Raises OSError for a file that cannot be read."""
        pictures = [
            _Picture(role, os.fsencode(Path(path).name).decode(errors="replace"), Path(path).read_bytes())
            for role, paths in ((pb.TrainingPicture.ROLE_SOURCE, sources), (pb.TrainingPicture.ROLE_TARGET, targets))
            for path in paths
        ]
        # With its request_id a call that broke off may be made again: it starts nothing twice.
        header = pb.TrainingHeader(
            title=title,
            preset=preset,
            options=options,
            request_id=uuid.uuid4().hex,
            picture_count=len(pictures),
        )
        try:
            return self._start(header, pictures)
        except TrainingError as error:
            if not _is_lost(error):
                raise
            return self._start(header, pictures)

    def watch(self, job_id: str, *, previews: bool = True) -> Iterator[pb.WatchTrainingResponse]:
        """Yields the training as it is, with its latest preview, and then every change until it has ended."""
        request = pb.WatchTrainingRequest(id=job_id, omit_previews=not previews)
        with self._channel.sentences(TrainingError):
            call = self._stub.WatchTraining(request, metadata=self._channel.metadata)
            try:
                yield from call
            finally:
                call.cancel()

    def follow(
        self,
        job_id: str,
        *,
        previews: bool = True,
        on_lost: Callable[[TrainingError], None] | None = None,
        retry_seconds: float = RETRY_SECONDS,
    ) -> Iterator[pb.WatchTrainingResponse]:
        """Yields what ``watch`` does, and reconnects when the connection is lost, for example by a restart of the
        server. Calls ``on_lost`` once for each loss."""
        told = False
        while True:
            try:
                for news in self.watch(job_id, previews=previews):
                    told = False
                    yield news
                    if news.job.state in ENDED:
                        return
            except TrainingError as error:
                if not _is_lost(error):
                    raise
                if on_lost and not told:
                    on_lost(error)
                told = True
            time.sleep(retry_seconds)

    def get(self, job_id: str) -> pb.GetTrainingResponse:
        """Returns the training and the end of its log."""
        with self._channel.sentences(TrainingError):
            return self._stub.GetTraining(pb.GetTrainingRequest(id=job_id), metadata=self._channel.metadata)

    def trainings(self) -> Iterator[pb.TrainingJob]:
        """Yields all trainings, the newest first."""
        for page in pages(self._page, TrainingError):
            yield from page.jobs

    def cancel(self, job_id: str) -> pb.TrainingJob:
        """Ends a training without making a filter; its previews and checkpoints stay."""
        return self._end(pb.CancelTrainingRequest(id=job_id))

    def stop(self, job_id: str) -> pb.TrainingJob:
        """Ends a training now and makes its filter from what it has learned."""
        return self._end(pb.CancelTrainingRequest(id=job_id, keep_filter=True))

    def export(self, job_id: str) -> pb.ExportTrainingResponse:
        """Makes a filter from the present weights; the training continues."""
        with self._channel.sentences(TrainingError):
            return self._stub.ExportTraining(pb.ExportTrainingRequest(id=job_id), metadata=self._channel.metadata)

    def resume(self, job_id: str) -> pb.TrainingJob:
        """Continues a training that was cancelled or failed from its last checkpoint."""
        with self._channel.sentences(TrainingError):
            request = pb.ResumeTrainingRequest(id=job_id)
            return self._stub.ResumeTraining(request, metadata=self._channel.metadata).job

    def delete(self, job_id: str) -> None:
        """Removes a training that has ended, with its files; its filter stays."""
        with self._channel.sentences(TrainingError):
            self._stub.DeleteTraining(pb.DeleteTrainingRequest(id=job_id), metadata=self._channel.metadata)

    def _page(self, token: str) -> pb.ListTrainingsResponse:
        with self._channel.sentences(TrainingError):
            request = pb.ListTrainingsRequest(page_token=token)
            return self._stub.ListTrainings(request, metadata=self._channel.metadata)

    def _start(self, header: pb.TrainingHeader, pictures: Sequence[_Picture]) -> pb.TrainingJob:
        with self._channel.sentences(TrainingError):
            frames = _frames(header, pictures)
            return self._stub.StartTraining(frames, metadata=self._channel.metadata).job

    def _end(self, request: pb.CancelTrainingRequest) -> pb.TrainingJob:
        with self._channel.sentences(TrainingError):
            return self._stub.CancelTraining(request, metadata=self._channel.metadata).job


def _frames(header: pb.TrainingHeader, pictures: Sequence[_Picture]) -> Iterator[pb.StartTrainingRequest]:
    yield pb.StartTrainingRequest(header=header)
    for picture in pictures:
        described = pb.TrainingPicture(role=picture.role, name=picture.name, file_bytes=len(picture.data))
        yield pb.StartTrainingRequest(picture=described)
        for start in range(0, len(picture.data), CHUNK_BYTES):
            yield pb.StartTrainingRequest(data=picture.data[start : start + CHUNK_BYTES])


def _is_lost(error: TrainingError) -> bool:
    """Whether the server is gone or is shutting down."""
    return error.code == "UNAVAILABLE"
