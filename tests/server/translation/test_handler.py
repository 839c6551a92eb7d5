"""The handler without any transport."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest

from server.engine.any_size import AnySizeNetwork
from server.engine.backend import Backend, open_backend
from server.engine.cancel import RunControl
from server.engine.feed import Feed
from server.engine.onnxruntime.lack_of_memory import is_lack_of_memory
from server.engine.pace import Pace
from server.engine.pixels import Channels, PixelFormat, SampleType
from server.engine.provider import Provider
from server.engine.whole import Whole
from server.engine.worker import Worker
from server.errors import Reason, Refusal
from server.filters.catalogue import Catalogue
from server.filters.scanner import FolderScanner
from server.pictures.files import decode_picture
from server.translation.handler import TranslationHandler
from server.translation.terms import Preview, Progress, Stage, Summary, TranslationRequest
from tests import factories
from tests.server.engine.stand_in import Gate, StandIn

RGB = PixelFormat(Channels.RGB, SampleType.UINT8)


@pytest.fixture(scope="module")
def device() -> Backend:
    return open_backend(Provider.CPU, threads=1)


@pytest.fixture
def worker(device: Backend) -> Iterator[Worker]:
    worker = Worker(device)
    yield worker
    worker.close()


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory, device: Backend) -> Catalogue:
    folder = tmp_path_factory.mktemp("filters")
    for maker in (factories.identity, factories.inverting, factories.slow, factories.darkening):
        factories.put(folder, maker())
    return FolderScanner(folder, device).load()


@pytest.fixture
def handler(catalogue: Catalogue, worker: Worker) -> TranslationHandler:
    return TranslationHandler(catalogue, worker, max_pixels=2000 * 2000)


async def chunks(*pixels: bytes) -> AsyncIterator[bytes]:
    for chunk in pixels:
        yield chunk


def request(width: int, height: int, filter_id: str = "inverting") -> TranslationRequest:
    return TranslationRequest(filter_id, width, height, RGB)


async def answers(handler: TranslationHandler, asked: TranslationRequest, *pixels: bytes) -> list[Any]:
    async with aclosing(handler.translate(asked, chunks(*pixels))) as steps:
        return [step async for step in steps]


def test_progress_pixels_and_summary_come_in_this_order(handler: TranslationHandler) -> None:
    progress, pixels, summary = asyncio.run(answers(handler, request(2, 1), b"\x00\x01", b"\x02\x03\x04\xff"))
    assert progress == Progress(Stage.TRANSLATING)
    assert pixels == b"\xff\xfe\xfd\xfc\xfb\x00"
    assert isinstance(summary, Summary)
    assert (summary.filter_id, summary.execution_provider) == ("inverting", "CPUExecutionProvider")


def test_results_come_in_several_chunks(handler: TranslationHandler) -> None:
    steps = asyncio.run(answers(handler, request(1000, 700), bytes(2_100_000)))
    assert [len(step) for step in steps if isinstance(step, bytes)] == [262_500] * 8


def with_network(catalogue: Catalogue, network: StandIn) -> Catalogue:
    """A catalogue of one filter that nobody knows the pace of."""
    found = replace(catalogue.find("identity"), network=network, pace=Pace())
    return Catalogue({"identity": found})


def test_rows_come_while_later_pieces_are_computed(catalogue: Catalogue, worker: Worker) -> None:
    gate = Gate()
    network = StandIn(4, lambda number, token: gate.hold(token) if number == 2 else None)
    handler = TranslationHandler(with_network(catalogue, network), worker, max_pixels=2000 * 2000)

    async def scenario() -> list[Any]:
        seen: list[Any] = []
        translation = handler.translate(request(1000, 800, "identity"), chunks(bytes(2_400_000)))
        async with asyncio.timeout(20), aclosing(translation) as steps:
            async for step in steps:
                if isinstance(step, bytes):  # which else would never come
                    gate.opened.set()
                seen.append(step)
        return seen

    *_, summary = seen = asyncio.run(scenario())
    assert b"".join(step for step in seen if isinstance(step, bytes)) == b"\xff" * 2_400_000
    assert (summary.pieces, summary.batch_size) == (4, 1)


def test_progress_tells_the_share_of_the_pieces_that_are_done(
    catalogue: Catalogue, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.translation.computation.PROGRESS_SECONDS", 0.001)
    network = StandIn(4, lambda number, token: time.sleep(0.01), at_the_end=True)
    handler = TranslationHandler(with_network(catalogue, network), worker, max_pixels=100)
    steps = asyncio.run(answers(handler, request(4, 4, "identity"), bytes(48)))
    told = [step.fraction for step in steps if isinstance(step, Progress) and step.fraction is not None]
    assert told == sorted(told)
    assert (told[0] >= 0.25, told[-1] < 1, any(fraction >= 0.75 for fraction in told)) == (True, True, True)
    left = [step.seconds_left for step in steps if isinstance(step, Progress) and step.seconds_left is not None]
    assert len(left) == len(told)
    assert min(left) >= 0


def test_the_preview_comes_first_and_counts_in_the_summary(handler: TranslationHandler) -> None:
    pixels = bytes(300 * 200 * 3)
    asked = request(300, 200)
    plain, summary = asyncio.run(answers(handler, asked, pixels))[-2:]
    steps = asyncio.run(answers(handler, replace(asked, preview_side=60), pixels))
    kinds = [type(step) for step in steps if not isinstance(step, Progress)]
    assert kinds == [Preview, bytes, Summary]
    preview = next(step for step in steps if isinstance(step, Preview))
    assert (preview.width, preview.height) == (60, 40)
    assert (decode_picture(preview.png, max_pixels=10_000).pixels == 255).all()
    assert steps[-2] == plain
    assert steps[-1].peak_memory_bytes > summary.peak_memory_bytes


def test_the_summary_states_the_memory_that_was_held(catalogue: Catalogue, worker: Worker) -> None:
    network = StandIn(2, most=5000)
    handler = TranslationHandler(with_network(catalogue, network), worker, max_pixels=10_000)
    summary = asyncio.run(answers(handler, request(10, 8, "identity"), bytes(240)))[-1]
    rows = 10 * 4 * 3 * 4  # of one piece, as floats
    assert summary.peak_memory_bytes in (5000 + 240 + rows, 5000 + 240 + 2 * rows)


def test_a_refusal_that_was_foreseen_is_one_line_in_the_log(
    catalogue: Catalogue, device: Backend, caplog: pytest.LogCaptureFixture
) -> None:
    worker = Worker(device, memory=1 << 20)
    handler = TranslationHandler(catalogue, worker, max_pixels=10_000)
    with caplog.at_level(logging.INFO), pytest.raises(Refusal) as caught:
        asyncio.run(answers(handler, request(100, 100, "darkening"), bytes(30_000)))
    worker.close()
    (line,) = (one for one in caplog.records if one.name.startswith("server"))
    assert (line.levelno, line.exc_info, line.getMessage()) == (logging.INFO, None, caught.value.sentence)


def test_a_picture_that_fits_no_memory_is_refused_with_what_to_do(catalogue: Catalogue, device: Backend) -> None:
    worker = Worker(device, memory=1 << 20)
    handler = TranslationHandler(catalogue, worker, max_pixels=10_000)
    with pytest.raises(Refusal) as caught:
        asyncio.run(answers(handler, request(100, 100, "darkening"), bytes(30_000)))
    worker.close()
    assert caught.value.reason is Reason.OUT_OF_MEMORY
    whole = "needs 3 MiB with filter 'darkening', whose operation GlobalMaxPool needs it whole"
    assert f"{whole}, and the server may use 1 MiB" in caught.value.sentence
    assert "a larger --memory" in caught.value.sentence


@pytest.mark.parametrize("side", [40, 77, 100])
def test_the_memory_that_a_refusal_names_is_enough(catalogue: Catalogue, device: Backend, side: int) -> None:
    named, answer = 1, ""
    for _ in range(2):
        worker = Worker(device, memory=(named << 20) - (not answer))
        handler = TranslationHandler(catalogue, worker, max_pixels=10_000)
        try:
            assert asyncio.run(answers(handler, request(side, side, "darkening"), bytes(side * side * 3)))
            answer = "served"
        except Refusal as refusal:
            answer = refusal.sentence
            named = int(answer.split(" needs ")[1].split(" MiB")[0])
        worker.close()
    assert answer == "served"


def test_closing_a_translation_stops_it_and_frees_the_device(handler: TranslationHandler) -> None:
    async def scenario() -> list[Any]:
        async with aclosing(handler.translate(request(1000, 1000, "slow"), chunks(bytes(3_000_000)))) as steps:
            assert await anext(steps) == Progress(Stage.TRANSLATING)
        return await answers(handler, request(1, 1), bytes(3))

    assert asyncio.run(scenario())[1] == b"\xff" * 3


def test_a_cancelled_translation_stops_computing_and_frees_the_device(handler: TranslationHandler) -> None:
    async def scenario() -> list[Any]:
        translating = asyncio.create_task(answers(handler, request(1000, 1000, "slow"), bytes(3_000_000)))
        await asyncio.sleep(0.2)
        waiting = asyncio.create_task(answers(handler, request(1, 1), bytes(3)))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        translating.cancel()
        return await waiting

    steps = asyncio.run(scenario())
    assert steps[0] == Progress(Stage.QUEUED, 1)
    assert steps[-2] == b"\xff" * 3


class BrokenNetwork:
    """What a device says when it fails, which no test can make it say."""

    name = "CPUExecutionProvider"

    def __init__(self, error: Exception) -> None:
        self._error = error
        self.executors = (Whole(self._run, Feed(), bytes_needed=lambda height, width: 0, takes_batches=True),)

    def _run(self, values: Any, control: RunControl) -> Any:
        raise self._error

    def is_lack_of_memory(self, error: BaseException) -> bool:
        return is_lack_of_memory(error)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (MemoryError(), Reason.OUT_OF_MEMORY),
        (RuntimeError("CUDA failure 2: out of memory ; GPU=0"), Reason.OUT_OF_MEMORY),
        (RuntimeError("BFCArena: Failed to allocate memory for requested buffer"), Reason.OUT_OF_MEMORY),
        (RuntimeError("CUDNN_STATUS_ALLOC_FAILED"), Reason.OUT_OF_MEMORY),
        (RuntimeError("/home/someone/secret"), Reason.FILTER_FAILED),
    ],
)
def test_a_devices_failure_is_a_reason_and_its_own_words_stay_in_the_log(
    catalogue: Catalogue,
    worker: Worker,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    reason: Reason,
) -> None:
    good = catalogue.find("identity")
    broken = replace(good, network=AnySizeNetwork(BrokenNetwork(error), multiple=4))
    handler = TranslationHandler(Catalogue({"identity": broken}), worker, max_pixels=100)
    with pytest.raises(Refusal) as caught:
        asyncio.run(answers(handler, request(1, 1, "identity"), bytes(3)))
    assert caught.value.reason is reason
    assert "secret" not in caught.value.sentence
    assert str(error) in caplog.text


def test_a_picture_that_is_refused_is_not_waited_for(handler: TranslationHandler) -> None:
    async def never() -> AsyncIterator[bytes]:
        raise AssertionError("nobody asked for pixels")
        yield b""

    async def scenario() -> None:
        await anext(handler.translate(request(5000, 5000), never()))

    with pytest.raises(Refusal) as caught:
        asyncio.run(scenario())
    assert caught.value.reason is Reason.PICTURE_TOO_LARGE
