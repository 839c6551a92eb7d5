"""What a GPU answers is what the CPU answers. Levels are those of 8 bits: 2 / 255 of values from -1 to 1."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto

from server.engine.any_size import AnySizeNetwork
from server.engine.backend import Settings, open_backend
from server.engine.cancel import CancelToken
from server.engine.execution import Execution
from server.engine.feed import Feed, Precision
from server.engine.fused.executor import FusedExecutor, PlannedFused
from server.engine.onnxruntime.backend import OnnxruntimeBackend
from server.engine.onnxruntime.execution_providers import CUDA, TENSORRT
from server.engine.onnxruntime.loaded import OnnxruntimeNetwork
from server.engine.pixels import ChannelOrder, Channels, PixelFormat, SampleType, Tensor
from server.engine.provider import Provider
from server.engine.source import TensorSource
from server.filters.filter_file import read_filter
from server.translation.picture import RawPicture
from tests import factories
from tests.server.engine.tiled.drafts import Draft
from tests.server.engine.tiled.networks import antialiased, cut, normless, strided
from tests.server.engine.tiled.running import noise

pytestmark = pytest.mark.skipif(open_backend(Provider.CUDA).name != CUDA, reason="needs a GPU")

LEVEL = 2 / 255
# CUDA multiplies float32 in TF32, which has as many digits as float16.
LEVELS = {Precision.FLOAT32: 1 * LEVEL, Precision.FLOAT16: 2 * LEVEL}
ELEMENTS = {Precision.FLOAT32: TensorProto.FLOAT, Precision.FLOAT16: TensorProto.FLOAT16}


@pytest.fixture(scope="module")
def cuda() -> OnnxruntimeBackend:
    return OnnxruntimeBackend(Provider.CUDA, Settings())


@pytest.fixture(scope="module")
def cpu() -> OnnxruntimeBackend:
    return OnnxruntimeBackend(Provider.CPU, Settings())


def loaded(device: OnnxruntimeBackend, precision: Precision = Precision.FLOAT32) -> OnnxruntimeNetwork:
    draft = Draft(element=ELEMENTS[precision])
    return device.open(draft.model(antialiased(draft)), Feed(precision=precision))


def any_size(network: OnnxruntimeNetwork) -> AnySizeNetwork:
    return AnySizeNetwork(network, multiple=4)


def is_fused(network: OnnxruntimeNetwork) -> bool:
    return any(isinstance(executor, FusedExecutor) for executor in network.executors)


def answer(network: OnnxruntimeNetwork, pixels: Tensor) -> Tensor:
    """The network's own, by onnxruntime alone."""
    return network.whole.compute(pixels, CancelToken())


@pytest.mark.parametrize("precision", Precision)
@pytest.mark.parametrize("side", [256, 1024])
def test_cuda_answers_as_the_cpu_does(
    cuda: OnnxruntimeBackend, cpu: OnnxruntimeBackend, precision: Precision, side: int
) -> None:
    network, reference = loaded(cuda, precision), loaded(cpu, precision)
    assert network.name == CUDA
    for pixels in (noise(3, side, side), noise(3, side, side)[..., ::-1]):  # the second in the memory of the first
        expected = answer(reference, pixels)
        np.testing.assert_allclose(answer(network, pixels), expected, rtol=0, atol=LEVELS[precision])


@pytest.mark.parametrize("precision", Precision)
@pytest.mark.parametrize("network", [antialiased, strided, normless])
def test_the_kernels_compute_what_onnxruntime_does(
    cuda: OnnxruntimeBackend, cpu: OnnxruntimeBackend, network: Callable[[Draft], str], precision: Precision
) -> None:
    draft = Draft(element=ELEMENTS[precision])
    model = draft.model(network(draft))
    kernels, reference = (device.open(model, Feed(precision=precision)) for device in (cuda, cpu))
    assert is_fused(kernels)
    for shape in ((100, 76), (256, 256), (256, 256), (512, 640)):  # the third time it is a recording
        pixels = noise(3, *shape)
        result = factories.translated(any_size(kernels), pixels)
        np.testing.assert_allclose(result, answer(reference, pixels), rtol=0, atol=LEVELS[precision])


def test_bytes_give_what_their_values_give(cuda: OnnxruntimeBackend) -> None:
    network, pixel_format = (
        any_size(loaded(cuda)),
        PixelFormat(Channels.RGBA, SampleType.UINT8, channel_order=ChannelOrder.BGR),
    )
    pixels = np.random.default_rng(0).integers(1, 256, (150, 201, 4), np.uint8)
    picture = RawPicture(pixels, width=201, height=150, pixel_format=pixel_format)
    picture.prepare()
    bands: list[NDArray[Any]] = []
    for _ in network.translate([picture], [bands.append], network.plan(150, 201, 1 << 40), CancelToken()):
        pass
    assert {band.dtype.type for band in bands} == {np.uint8}
    found = picture.samples(0, np.concatenate(bands, axis=2))
    expected = picture.samples(0, factories.translated(network, picture.rows(0, 150)))
    np.testing.assert_array_equal(found, expected)


def test_values_that_are_not_finite_are_refused_and_the_next_picture_is_not(cuda: OnnxruntimeBackend) -> None:
    network, pixels = any_size(loaded(cuda)), noise(3, 64, 64)
    wrong = pixels.copy()
    wrong[0, 0, 7, 7] = np.inf
    before = factories.translated(network, pixels)
    with pytest.raises(ValueError, match="finite"):
        factories.translated(network, wrong)
    np.testing.assert_array_equal(factories.translated(network, pixels), before)


def test_what_the_gpu_has_free_limits_what_is_computed_at_once(cuda: OnnxruntimeBackend) -> None:
    assert cuda.gpu_resources is not None
    assert 0 < cuda.default_budget() < cuda.gpu_resources.gpu.free_memory()


def test_a_filter_that_cuda_was_warmed_up_with_is_served(cpu: OnnxruntimeBackend, tmp_path: Path) -> None:
    device, pixels = open_backend(Provider.CUDA, warm_up=(64, 1024)), noise(3, 100, 60)
    path = factories.put(tmp_path, factories.normalising())
    result, expected = (factories.translated(read_filter(path, one).network, pixels) for one in (device, cpu))
    np.testing.assert_allclose(result, expected, rtol=0, atol=LEVELS[Precision.FLOAT32])


def test_sums_over_sixteen_megapixels_are_right_in_float16(cuda: OnnxruntimeBackend) -> None:
    pixels = noise(3, 4096, 4096)
    single, half = (answer(loaded(cuda, precision), pixels) for precision in Precision)
    assert float(np.abs(single - half).max()) <= LEVELS[Precision.FLOAT16]


def test_pieces_on_cuda_are_the_whole_picture(cuda: OnnxruntimeBackend) -> None:
    network, pixels = any_size(loaded(cuda)), noise(3, 1536, 1024)
    plan = network.plan(1536, 1024, 200 << 20, exact=True)
    assert plan.pieces > 1
    rows: list[Tensor] = []
    shares = list(network.translate([TensorSource(pixels)], [rows.append], plan, CancelToken()))
    assert len(shares) == plan.pieces
    whole = factories.translated(network, pixels)
    np.testing.assert_allclose(np.concatenate(rows, axis=2), whole, rtol=0, atol=LEVELS[Precision.FLOAT32])


@pytest.mark.parametrize("precision", Precision)
def test_tensorrt_answers_as_the_cpu_does_and_keeps_its_engines(
    cpu: OnnxruntimeBackend, tmp_path: Path, precision: Precision
) -> None:
    device = OnnxruntimeBackend(Provider.TENSORRT, Settings(tensorrt_cache=tmp_path / "cache"))
    if device.name != TENSORRT:
        pytest.skip(f"needs TensorRT. {device.warning}")
    pixels = noise(3, 256, 256)
    expected = answer(loaded(cpu, precision), pixels)
    for _ in range(2):  # built, then read from the cache
        network = loaded(device, precision)
        assert network.name == TENSORRT
        np.testing.assert_allclose(answer(network, pixels), expected, rtol=0, atol=LEVELS[precision])
    assert list((tmp_path / "cache").glob("*/*.engine"))


def test_a_picture_for_which_the_gpu_has_no_room_is_computed_with_less(cuda: OnnxruntimeBackend) -> None:
    assert cuda.gpu_resources is not None
    draft, precision = Draft(element=TensorProto.FLOAT16), Precision.FLOAT16
    network = any_size(cuda.open(draft.model(cut(draft)), Feed(precision=precision)))
    gpu, pixels = cuda.gpu_resources.gpu, noise(3, 2048, 2048)
    expected = factories.translated(network, pixels)
    gpu.use()
    cuda.gpu_resources.arena.release()
    held = gpu.allocate(gpu.free_memory() - (1200 << 20))
    try:
        rows: list[NDArray[Any]] = []
        plan = network.plan(2048, 2048, 1 << 40)
        execution = Execution(network, TensorSource(pixels), rows.append, plan)
        assert plan.memory_bytes > 1200 << 20
        while execution.step(CancelToken()) < 1:
            pass
        assert isinstance(execution.plan, PlannedFused) and execution.plan.plan.recomputed
    finally:
        gpu.release(held)
    np.testing.assert_allclose(np.concatenate(rows, axis=2), expected, rtol=0, atol=LEVELS[precision])


def test_filters_are_loaded_while_others_compute(cuda: OnnxruntimeBackend) -> None:
    network, pixels = any_size(loaded(cuda)), noise(3, 128, 128)
    expected, errors = factories.translated(network, pixels), []

    def load() -> None:
        try:
            for _ in range(5):
                assert is_fused(loaded(cuda))
        except Exception as error:
            errors.append(error)

    loading = threading.Thread(target=load)
    loading.start()
    sizes = [(128 + 4 * more, 128) for more in range(30)]
    while loading.is_alive() or sizes:
        np.testing.assert_array_equal(factories.translated(network, pixels), expected)
        height, width = sizes.pop() if sizes else (64, 64)
        for _ in range(2):  # the second time it is recorded
            factories.translated(network, noise(3, height, width))
    loading.join()
    assert not errors
