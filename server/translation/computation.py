"""Passes a picture through a filter: waits for the device, computes, reports progress, and yields rows as they come."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import AsyncGenerator, Callable

import numpy as np

from server.engine.account import Held
from server.engine.entry import SIGN_OF_LIFE_SECONDS, QueueEntry
from server.engine.failure import cause
from server.engine.outbox import Array, Convert
from server.engine.plan import DoesNotFit
from server.engine.source import RowSource
from server.engine.worker import Request, Worker
from server.errors import Reason, Refusal
from server.filters.filter_file import Filter
from server.logs.calls import describe_call
from server.translation.picture import RawPicture
from server.translation.preview import ReducedPicture, preview_size
from server.translation.terms import Preview, Progress, Stage, Summary

PROGRESS_SECONDS = 0.25

_log = logging.getLogger(__name__)

Samples = Array  # h x W x C samples, in the picture's own format


class Computation:
    """The computation of one picture for ``client``, for which memory is ``held``. Close ``steps`` to stop it early.
    Raises Refusal."""

    def __init__(self, worker: Worker, found: Filter, picture: RawPicture, client: str, held: Held) -> None:
        self._worker = worker
        self._found = found
        self._picture = picture
        self._client = client
        self._held = held
        describe_call(filter=found.identifier, size=self._size)

    async def steps(self, preview_side: int = 0) -> AsyncGenerator[Progress | Preview | Samples | Summary, None]:
        """Yields progress, a preview if one is wanted, the result's rows from the top with progress in between, and a
        summary."""
        if self._picture.pixel_format.channels.has_alpha:  # otherwise there is nothing to prepare
            await asyncio.to_thread(self._picture.prepare)
        reduced = await self._reduced(preview_side)
        async with contextlib.AsyncExitStack() as places:
            # Both stand in the queue from now on, the preview first.
            small = await places.enter_async_context(self._small_request(reduced)) if reduced else None
            entry = await places.enter_async_context(self._request(self._picture, self._picture.samples))
            if reduced and small:
                async for early in self._preview(reduced, small):
                    yield early
            async for step in self._follow(entry):
                yield step
            yield self._summary(entry, reduced, small)

    async def _reduced(self, side: int) -> ReducedPicture | None:
        size = preview_size(self._picture.height, self._picture.width, side)
        if size is None:
            return None
        reduced = ReducedPicture(self._picture, *size)
        await asyncio.to_thread(reduced.prepare)
        return reduced

    def _small_request(self, reduced: ReducedPicture) -> Request:
        return self._request(reduced.source, lambda top, rows: rows, is_preview=True)

    def _request(self, source: RowSource, convert: Convert, *, is_preview: bool = False) -> Request:
        found = self._found
        return self._worker.request(
            self._client, found.network, source, convert, found.pace, held=self._held, is_preview=is_preview
        )

    async def _preview(self, reduced: ReducedPicture, entry: QueueEntry) -> AsyncGenerator[Progress | Preview, None]:
        rows: list[Array] = []
        async for step in self._follow(entry):
            if not isinstance(step, Progress):
                rows.append(step)
            else:  # the share that is done is the exact result's
                yield Progress(step.stage, step.queue_position)
        yield await asyncio.to_thread(reduced.preview, np.concatenate(rows, axis=2))

    async def _follow(self, entry: QueueEntry) -> AsyncGenerator[Progress | Array, None]:
        async for position in entry.positions():
            yield Progress(Stage.QUEUED, position)
        told, seconds = 0.0, PROGRESS_SECONDS
        while not entry.rows.is_at_end:
            if time.monotonic() - told >= seconds:
                told = time.monotonic()
                yield Progress(
                    Stage.TRANSLATING, fraction=entry.fraction(), seconds_left=self._worker.seconds_left(entry)
                )
            rows = await entry.rows.take(seconds)
            if rows is not None:
                told, seconds = time.monotonic(), SIGN_OF_LIFE_SECONDS  # the rows themselves tell how far it is
                yield rows
        try:
            entry.raise_error()
        except Exception as error:
            raise self._noted_refusal(error) from error

    def _summary(self, entry: QueueEntry, reduced: ReducedPicture | None, small: QueueEntry | None) -> Summary:
        usage = entry.usage()
        usages = [usage, small.usage()] if small else [usage]
        memory = sum(one.peak_memory_bytes for one in usages)
        return Summary(
            filter_id=self._found.identifier,
            filter_sha256=self._found.sha256,
            execution_provider=self._found.network.backend_name,
            precision=self._found.precision,
            queue_seconds=usages[-1].queue_seconds,
            compute_seconds=sum(one.compute_seconds for one in usages),
            pieces=usage.pieces,
            peak_memory_bytes=memory + self._picture.memory_bytes + (reduced.memory_bytes if reduced else 0),
            batch_size=usage.batch_size,
        )

    @property
    def _size(self) -> str:
        return f"{self._picture.width} x {self._picture.height}"

    def _noted_refusal(self, error: Exception) -> Refusal:
        refusal = self._as_refusal(error)
        _note(refusal, error)
        return refusal

    def _as_refusal(self, error: Exception) -> Refusal:
        if isinstance(error, DoesNotFit):
            whole = f", whose operation {error.operation} needs it whole" if error.operation else ""
            return Refusal(
                Reason.OUT_OF_MEMORY,
                f"A picture of {self._size} pixels needs {_mebibytes(error.memory_bytes, math.ceil)} with filter"
                f" '{self._found.identifier}'{whole}, and the server may use"
                f" {_mebibytes(self._worker.memory, math.floor)}; make it smaller, or start the server"
                " with a larger --memory.",
            )
        if self._found.network.is_lack_of_memory(error):
            return Refusal(
                Reason.OUT_OF_MEMORY,
                f"A picture of {self._size} pixels needs more memory than the device has; make it smaller.",
            )
        failed = f"Filter '{self._found.identifier}' failed on this picture of {self._size} pixels"
        said = cause(error)
        if said is None:
            sentence = f"{failed} for a reason that was not foreseen; try another size or filter, and report it."
            return Refusal(Reason.FILTER_FAILED, sentence)
        return Refusal(Reason.FILTER_FAILED, f"{failed}: {said}; try another size, or another filter.")


def _note(refusal: Refusal, error: Exception) -> None:
    """For those who read the log: a refusal by plan is one line of what the caller is told, what the device or the
    network said one with its own words, and only what nobody foresaw comes with its trace."""
    if isinstance(error, DoesNotFit):
        _log.info("%s", refusal.sentence)
    else:
        is_foreseen = refusal.reason is not Reason.FILTER_FAILED or cause(error) is not None
        # As text: whoever keeps the record would keep the error, its frames and their pixels.
        _log.error("%s (%s)", refusal.sentence, str(error), exc_info=None if is_foreseen else error)


def _mebibytes(count: int, rounded: Callable[[float], int]) -> str:
    """A need is rounded up and a limit down, so that what is named is enough when it is given."""
    return f"{rounded(count / (1 << 20))} MiB"
