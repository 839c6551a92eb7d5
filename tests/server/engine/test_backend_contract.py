"""What the engine and the server promise, whichever backend computes."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper

from server.client.local_engine import LocalEngine
from server.config import ServerConfig
from server.engine import provider
from server.engine.any_size import AnySizeNetwork
from server.engine.backend import Backend, Settings, open_backend
from server.engine.cancel import CancelToken
from server.engine.execution import Execution
from server.engine.feed import Feed
from server.engine.onnxruntime.backend import OnnxruntimeBackend
from server.engine.pixels import Channels, PixelFormat, SampleType, Tensor
from server.engine.plan import DoesNotFit
from server.engine.provider import Provider
from server.engine.source import Band, TensorSource
from server.engine.whole import Whole
from server.engine.worker import Worker
from server.errors import FilterProblem, Reason, Refusal
from server.filters.catalogue import Catalogue
from server.filters.filter_file import read_filter
from server.filters.scanner import FolderScanner
from server.translation.handler import TranslationHandler
from server.translation.terms import Summary, TranslationRequest
from tests import factories
from tests.server.engine import numpy_backend
from tests.server.engine.numpy_backend import NumpyBackend

SIZES = [(1, 1), (3, 40), (16, 16), (33, 47)]
EVERYTHING = sys.maxsize


@pytest.fixture(params=["onnxruntime", "numpy"])
def backend(request: pytest.FixtureRequest) -> Backend:
    return NumpyBackend() if request.param == "numpy" else OnnxruntimeBackend(Provider.CPU, Settings(threads=1))


@pytest.fixture
def worker(backend: Backend) -> Iterator[Worker]:
    worker = Worker(backend, memory=1 << 30)
    yield worker
    worker.close()


def network(backend: Backend, model: onnx.ModelProto) -> AnySizeNetwork:
    return AnySizeNetwork(backend.open(model.SerializeToString(), Feed()), multiple=4)


def greedy() -> onnx.ModelProto:
    """Needs more bytes than a process can address."""
    nodes = [
        helper.make_node("Expand", ["image", "shape"], ["vast"]),
        helper.make_node("ReduceMean", ["vast", "axes"], ["translated"], keepdims=0),
    ]
    constants = {"shape": np.array([1 << 40, 1, 1, 1, 1]), "axes": np.array([0])}
    return factories.model(nodes, constants=constants, told=factories.metadata(identifier="greedy", title="Greedy"))


def noise(height: int, width: int, seed: int = 0) -> Tensor:
    return np.random.default_rng(seed).uniform(-1, 1, (1, 3, height, width)).astype(np.float32)


def translated(loaded: AnySizeNetwork, picture: Tensor, memory: int) -> tuple[Tensor, list[float]]:
    """And the shares of the work that were told."""
    bands: list[Band] = []
    plan = loaded.plan(picture.shape[2], picture.shape[3], memory)
    shares = list(loaded.translate([TensorSource(picture)], [bands.append], plan, CancelToken()))
    assert len(shares) == plan.pieces
    return np.concatenate(bands, axis=2), shares


def handler(folder: Path, backend: Backend, worker: Worker, *models: onnx.ModelProto) -> TranslationHandler:
    for model in models:
        factories.put(folder, model)
    return TranslationHandler(FolderScanner(folder, backend).load(), worker, max_pixels=1 << 24)


async def answers(to: TranslationHandler, filter_id: str, height: int, width: int) -> list[Any]:
    async def black() -> AsyncIterator[bytes]:
        yield bytes(height * width * 3)

    asked = TranslationRequest(filter_id, width, height, PixelFormat(Channels.RGB, SampleType.UINT8))
    async with asyncio.timeout(60), aclosing(to.translate(asked, black())) as steps:
        return [step async for step in steps]


def test_a_picture_whole_is_what_the_network_says(backend: Backend) -> None:
    picture = noise(32, 48)
    mean, deviation = picture.mean(axis=(2, 3), keepdims=True), picture.std(axis=(2, 3), keepdims=True)
    result, _ = translated(network(backend, factories.normalising()), picture, EVERYTHING)
    np.testing.assert_allclose(result, 0.4 * (picture - mean) / deviation, atol=1e-4)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_any_size_comes_back_in_its_place(backend: Backend, height: int, width: int) -> None:
    picture = noise(height, width)
    result, _ = translated(network(backend, factories.inverting()), picture, EVERYTHING)
    np.testing.assert_array_equal(result, -picture)


def test_less_memory_takes_more_pieces_and_tells_how_far_it_is(backend: Backend) -> None:
    loaded, picture = network(backend, factories.inverting()), noise(512, 512)
    result, shares = translated(loaded, picture, 2 << 20)
    np.testing.assert_array_equal(result, -picture)
    assert len(shares) > 1
    assert shares == sorted(shares)
    assert (shares[0] > 0, shares[-1]) == (True, 1)


def test_where_no_plan_fits_the_least_that_would_do_is_told(backend: Backend) -> None:
    loaded = network(backend, factories.centring())
    with pytest.raises(DoesNotFit) as caught:
        loaded.plan(64, 64, 1)
    least = caught.value.memory_bytes
    assert loaded.plan(64, 64, least).memory_bytes <= least


def test_pictures_that_are_computed_together_come_out_as_they_do_alone(backend: Backend) -> None:
    loaded, pictures = network(backend, factories.normalising()), [noise(30, 45, seed) for seed in range(3)]
    plan = loaded.plan(30, 45, EVERYTHING)
    assert plan.takes_batches
    together: list[list[Band]] = [[] for _ in pictures]
    sources, takers = [TensorSource(picture) for picture in pictures], [bands.append for bands in together]
    assert list(loaded.translate(sources, takers, plan, CancelToken())) == [1]
    for picture, bands in zip(pictures, together, strict=True):
        np.testing.assert_allclose(np.concatenate(bands, axis=2), translated(loaded, picture, EVERYTHING)[0], atol=1e-5)


def test_cancelling_ends_a_run_in_its_middle(backend: Backend) -> None:
    loaded, token = network(backend, factories.slow()), CancelToken()
    plan = loaded.plan(384, 384, EVERYTHING)
    threading.Timer(0.3, token.cancel).start()
    with pytest.raises(Exception):  # noqa: B017 - each library has its own
        list(loaded.translate([TensorSource(noise(384, 384))], [lambda band: None], plan, token))
    assert translated(loaded, noise(16, 16), EVERYTHING)[1] == [1]


def test_a_cancelled_translation_frees_the_device(backend: Backend, worker: Worker, tmp_path: Path) -> None:
    serving = handler(tmp_path, backend, worker, factories.slow(), factories.inverting())

    async def scenario() -> list[Any]:
        slow = asyncio.create_task(answers(serving, "slow", 384, 384))
        await asyncio.sleep(0.2)
        waiting = asyncio.create_task(answers(serving, "inverting", 1, 1))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        slow.cancel()
        return await waiting

    *_, pixels, summary = asyncio.run(scenario())
    assert pixels == b"\xff" * 3
    assert isinstance(summary, Summary)
    assert summary.execution_provider == backend.name


def test_lack_of_memory_is_known_by_what_the_library_raises(backend: Backend) -> None:
    loaded = network(backend, greedy())
    with pytest.raises(Exception) as caught:
        translated(loaded, noise(16, 16), EVERYTHING)
    assert loaded.is_lack_of_memory(caught.value)
    assert not loaded.is_lack_of_memory(RuntimeError("no such file"))


def test_lack_of_memory_leads_to_a_smaller_plan(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole picture is too much for the device, though not for the plan."""
    loaded, picture, bands = network(backend, factories.inverting()), noise(512, 512), list[Band]()
    compute, failures = Whole.compute, list[Exception]()

    def exhausted(whole: Whole, tensor: Tensor, token: CancelToken) -> Tensor:
        if tensor[0, 0].size < 512 * 512:
            return compute(whole, tensor, token)
        failures.append(lack_of_memory(backend))
        raise failures[0]

    monkeypatch.setattr(Whole, "compute", exhausted)
    plan = loaded.plan(512, 512, 400 << 20)
    execution, token = Execution(loaded, TensorSource(picture), bands.append, plan), CancelToken()
    while execution.step(token) < 1:
        pass
    np.testing.assert_array_equal(np.concatenate(bands, axis=2), -picture)
    assert failures
    assert execution.plan.memory_bytes < plan.memory_bytes
    assert execution.peak_memory_bytes == plan.memory_bytes


def lack_of_memory(backend: Backend) -> Exception:
    """As the library really raises it."""
    plan = network(backend, greedy()).plan(16, 16, EVERYTHING)
    try:
        list(plan.run([TensorSource(noise(16, 16))], [lambda band: None], CancelToken()))
    except Exception as error:
        return error
    raise AssertionError("it must not fit")


def test_lack_of_memory_without_a_smaller_plan_is_refused(backend: Backend, worker: Worker, tmp_path: Path) -> None:
    good = FolderScanner(factories.put(tmp_path, factories.inverting()), backend).load().find("inverting")
    catalogue = Catalogue({"inverting": replace(good, network=network(backend, greedy()))})
    with pytest.raises(Refusal) as caught:
        asyncio.run(answers(TranslationHandler(catalogue, worker, max_pixels=1000), "inverting", 20, 20))
    assert caught.value.reason is Reason.OUT_OF_MEMORY


def test_what_cannot_be_loaded_is_a_sentence_that_names_the_library(backend: Backend, tmp_path: Path) -> None:
    name = {"onnxruntime": "Conv", "numpy": "Erf"}[backend.library]  # one lacks weights here, the other is not there
    unknown = factories.model([helper.make_node(name, ["image"], ["translated"])], told=factories.metadata())
    with pytest.raises(FilterProblem, match=f"{backend.library} cannot load it"):
        read_filter(factories.put(tmp_path, unknown), backend)


def test_a_backend_is_found_by_its_name_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(provider._MODULES, Provider.CPU, numpy_backend.__name__)
    assert isinstance(open_backend(Provider.CPU), NumpyBackend)
    factories.put(tmp_path, factories.inverting())
    with LocalEngine(ServerConfig(filters=tmp_path, provider=Provider.CPU)) as engine:
        result, summary = engine.translate("inverting", np.zeros((5, 7, 3), np.uint8))
    assert (result == 255).all()
    assert summary.execution_provider == "numpy"


def test_a_backends_library_is_imported_when_it_is_opened_and_not_before() -> None:
    script = (
        "import sys, server.engine.backend, server.engine.worker, server.config; print('onnxruntime' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert answer.stdout == "False\n"
