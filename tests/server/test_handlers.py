"""The handler without any transport."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from server.catalogue import Catalogue
from server.engine.canvas import Canvas
from server.engine.device import Device, Provider
from server.engine.pixels import Channels, PixelFormat, SampleType
from server.engine.worker import Worker
from server.errors import Reason, Refusal
from server.handlers import Progress, Stage, Summary, TranslationHandler, TranslationRequest
from server.scanner import FolderScanner
from tests import factories

RGB = PixelFormat(Channels.RGB, SampleType.UINT8)


@pytest.fixture(scope="module")
def device() -> Device:
    return Device(Provider.CPU, threads=1)


@pytest.fixture
def worker(device: Device) -> Iterator[Worker]:
    worker = Worker(device)
    yield worker
    worker.close()


@pytest.fixture
def catalogue(tmp_path: Path, device: Device) -> Catalogue:
    for maker in (factories.identity, factories.inverting, factories.slow):
        factories.put(tmp_path, maker())
    return FolderScanner(tmp_path, device).load()


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


def test_results_come_in_chunks_of_a_mebibyte(handler: TranslationHandler) -> None:
    steps = asyncio.run(answers(handler, request(1000, 700), bytes(2_100_000)))
    assert [len(step) for step in steps if isinstance(step, bytes)] == [1 << 20, 1 << 20, 2_100_000 - (2 << 20)]


def test_closing_a_translation_stops_it_and_frees_the_device(handler: TranslationHandler) -> None:
    async def scenario() -> list[Any]:
        async with aclosing(handler.translate(request(1000, 1000, "slow"), chunks(bytes(3_000_000)))) as steps:
            assert await anext(steps) == Progress(Stage.TRANSLATING)
        return await answers(handler, request(1, 1), bytes(3))

    assert asyncio.run(scenario())[1] == b"\xff" * 3


def test_a_cancelled_translation_stops_computing_and_frees_the_device(handler: TranslationHandler) -> None:
    async def scenario() -> list[Any]:
        translating = asyncio.create_task(answers(handler, request(1000, 1000, "slow"), bytes(3_000_000)))
        waiting = asyncio.create_task(answers(handler, request(1, 1), bytes(3)))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        translating.cancel()
        return await waiting

    steps = asyncio.run(scenario())
    assert steps[0] == Progress(Stage.QUEUED, 1)
    assert steps[-2] == b"\xff" * 3


class BrokenSession:
    """What a device says when it fails, which no test can make it say."""

    execution_provider = "CPUExecutionProvider"
    takes_batches = True

    def __init__(self, error: Exception) -> None:
        self._error = error

    def run(self, tensor: Any, options: Any) -> Any:
        raise self._error


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
    broken = replace(good, canvas=Canvas(BrokenSession(error), multiple=4))  # type: ignore[arg-type]
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
