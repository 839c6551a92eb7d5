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

from server.engine.any_size import Canvas, TensorSource
from server.engine.execution import Run
from server.engine.onnxruntime.backend import CUDA, TENSORRT, Device, Provider
from server.engine.onnxruntime.loaded import Feed, Precision, Session
from server.engine.pixels import ChannelOrder, Channels, PixelFormat, SampleType, Tensor
from server.filters.filter_file import read_filter
from server.translation.picture import RawPicture
from tests import factories
from tests.server.engine.tiled.drafts import Draft
from tests.server.engine.tiled.networks import antialiased, cut, normless, strided
from tests.server.engine.tiled.running import noise

pytestmark = pytest.mark.skipif(Device(Provider.CUDA).execution_provider != CUDA, reason="needs a GPU")

LEVEL = 2 / 255
# CUDA multiplies float32 in TF32, which has as many digits as float16.
LEVELS = {Precision.FLOAT32: 1 * LEVEL, Precision.FLOAT16: 2 * LEVEL}
ELEMENTS = {Precision.FLOAT32: TensorProto.FLOAT, Precision.FLOAT16: TensorProto.FLOAT16}


@pytest.fixture(scope="module")
def cuda() -> Device:
    return Device(Provider.CUDA)


@pytest.fixture(scope="module")
def cpu() -> Device:
    return Device(Provider.CPU)


def loaded(device: Device, precision: Precision = Precision.FLOAT32) -> Session:
    draft = Draft(element=ELEMENTS[precision])
    return Session(draft.model(antialiased(draft)), Feed(precision=precision), device)


def answer(session: Session, pixels: Tensor, device: Device) -> Tensor:
    return session.run(pixels, device.run_options())


@pytest.mark.parametrize("precision", Precision)
@pytest.mark.parametrize("side", [256, 1024])
def test_cuda_answers_as_the_cpu_does(cuda: Device, cpu: Device, precision: Precision, side: int) -> None:
    session, reference = loaded(cuda, precision), loaded(cpu, precision)
    assert session.execution_provider == CUDA
    for pixels in (noise(3, side, side), noise(3, side, side)[..., ::-1]):  # the second in the memory of the first
        expected = answer(reference, pixels, cpu)
        np.testing.assert_allclose(answer(session, pixels, cuda), expected, rtol=0, atol=LEVELS[precision])


@pytest.mark.parametrize("precision", Precision)
@pytest.mark.parametrize("network", [antialiased, strided, normless])
def test_the_kernels_compute_what_onnxruntime_does(
    cuda: Device, cpu: Device, network: Callable[[Draft], str], precision: Precision
) -> None:
    draft = Draft(element=ELEMENTS[precision])
    model = draft.model(network(draft))
    session, reference = (Session(model, Feed(precision=precision), device) for device in (cuda, cpu))
    assert session.fused is not None
    for shape in ((100, 76), (256, 256), (256, 256), (512, 640)):  # the third time it is a recording
        pixels = noise(3, *shape)
        result = factories.translated(Canvas(session, multiple=4), pixels, cuda)
        np.testing.assert_allclose(result, answer(reference, pixels, cpu), rtol=0, atol=LEVELS[precision])


def test_bytes_give_what_their_values_give(cuda: Device) -> None:
    session, pixel_format = loaded(cuda), PixelFormat(Channels.RGBA, SampleType.UINT8, channel_order=ChannelOrder.BGR)
    pixels = np.random.default_rng(0).integers(1, 256, (150, 201, 4), np.uint8)
    picture = RawPicture(pixels, width=201, height=150, pixel_format=pixel_format)
    picture.prepare()
    bands: list[NDArray[Any]] = []
    canvas = Canvas(session, multiple=4)
    for _ in canvas.translate(picture, bands.append, canvas.plan(150, 201, 1 << 40), cuda.run_options()):
        pass
    assert {band.dtype.type for band in bands} == {np.uint8}
    found = picture.samples(0, np.concatenate(bands, axis=2))
    expected = picture.samples(0, factories.translated(canvas, picture.rows(0, 150), cuda))
    np.testing.assert_array_equal(found, expected)


def test_values_that_are_not_finite_are_refused_and_the_next_picture_is_not(cuda: Device) -> None:
    canvas, pixels = Canvas(loaded(cuda), multiple=4), noise(3, 64, 64)
    wrong = pixels.copy()
    wrong[0, 0, 7, 7] = np.inf
    before = factories.translated(canvas, pixels, cuda)
    with pytest.raises(ValueError, match="finite"):
        factories.translated(canvas, wrong, cuda)
    np.testing.assert_array_equal(factories.translated(canvas, pixels, cuda), before)


def test_what_the_gpu_has_free_limits_what_is_computed_at_once(cuda: Device) -> None:
    assert cuda.workshop is not None
    assert 0 < cuda.default_budget() < cuda.workshop.gpu.free_memory()


def test_a_filter_that_cuda_was_warmed_up_with_is_served(cpu: Device, tmp_path: Path) -> None:
    device, pixels = Device(Provider.CUDA, warm_up=(64, 1024)), noise(3, 100, 60)
    path = factories.put(tmp_path, factories.normalising())
    result, expected = (factories.translated(read_filter(path, one).canvas, pixels, one) for one in (device, cpu))
    np.testing.assert_allclose(result, expected, rtol=0, atol=LEVELS[Precision.FLOAT32])


def test_sums_over_sixteen_megapixels_are_right_in_float16(cuda: Device) -> None:
    pixels = noise(3, 4096, 4096)
    single, half = (answer(loaded(cuda, precision), pixels, cuda) for precision in Precision)
    assert float(np.abs(single - half).max()) <= LEVELS[Precision.FLOAT16]


def test_pieces_on_cuda_are_the_whole_picture(cuda: Device) -> None:
    canvas, pixels = Canvas(loaded(cuda), multiple=4), noise(3, 1536, 1024)
    plan = canvas.plan(1536, 1024, 200 << 20, exact=True)
    assert plan.pieces > 1
    rows: list[Tensor] = []
    shares = list(canvas.translate(TensorSource(pixels), rows.append, plan, cuda.run_options()))
    assert len(shares) == plan.pieces
    whole = factories.translated(canvas, pixels, cuda)
    np.testing.assert_allclose(np.concatenate(rows, axis=2), whole, rtol=0, atol=LEVELS[Precision.FLOAT32])


@pytest.mark.parametrize("precision", Precision)
def test_tensorrt_answers_as_the_cpu_does_and_keeps_its_engines(
    cpu: Device, tmp_path: Path, precision: Precision
) -> None:
    device = Device(Provider.TENSORRT, tensorrt_cache=tmp_path / "cache")
    if device.execution_provider != TENSORRT:
        pytest.skip(f"needs TensorRT. {device.warning}")
    pixels = noise(3, 256, 256)
    expected = answer(loaded(cpu, precision), pixels, cpu)
    for _ in range(2):  # built, then read from the cache
        session = loaded(device, precision)
        assert session.execution_provider == TENSORRT
        np.testing.assert_allclose(answer(session, pixels, device), expected, rtol=0, atol=LEVELS[precision])
    assert list((tmp_path / "cache").glob("*/*.engine"))


def test_a_picture_for_which_the_gpu_has_no_room_is_computed_with_less(cuda: Device) -> None:
    assert cuda.workshop is not None
    draft, precision = Draft(element=TensorProto.FLOAT16), Precision.FLOAT16
    canvas = Canvas(Session(draft.model(cut(draft)), Feed(precision=precision), cuda), multiple=4)
    gpu, pixels = cuda.workshop.gpu, noise(3, 2048, 2048)
    expected = factories.translated(canvas, pixels, cuda)
    gpu.use()
    cuda.workshop.arena.release()
    held = gpu.allocate(gpu.free_memory() - (1200 << 20))
    try:
        rows: list[NDArray[Any]] = []
        run = Run(canvas, TensorSource(pixels), rows.append)
        run.make_plan(1 << 40)
        assert run.plan.memory_bytes > 1200 << 20
        while run.step(cuda.run_options()) < 1:
            pass
        assert run.plan.fused is not None and run.plan.fused.recomputed
    finally:
        gpu.release(held)
    np.testing.assert_allclose(np.concatenate(rows, axis=2), expected, rtol=0, atol=LEVELS[precision])


def test_filters_are_loaded_while_others_compute(cuda: Device) -> None:
    session, pixels = loaded(cuda), noise(3, 128, 128)
    canvas = Canvas(session, multiple=4)
    expected, errors = factories.translated(canvas, pixels, cuda), []

    def load() -> None:
        try:
            for _ in range(5):
                assert loaded(cuda).fused is not None
        except Exception as error:
            errors.append(error)

    loading = threading.Thread(target=load)
    loading.start()
    sizes = [(128 + 4 * more, 128) for more in range(30)]
    while loading.is_alive() or sizes:
        np.testing.assert_array_equal(factories.translated(canvas, pixels, cuda), expected)
        height, width = sizes.pop() if sizes else (64, 64)
        for _ in range(2):  # the second time it is recorded
            factories.translated(canvas, noise(3, height, width), cuda)
    loading.join()
    assert not errors
