"""What a GPU answers is what the CPU answers. Levels are those of 8 bits: 2 / 255 of values from -1 to 1."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import NodeProto, TensorProto, helper

from server.engine.canvas import Canvas, TensorSource
from server.engine.device import CUDA, TENSORRT, Device, Provider
from server.engine.pixels import Tensor
from server.engine.session import Feed, Precision, Session
from server.filter_file import read_filter
from tests import factories

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


def generator(precision: Precision) -> bytes:
    """A small one, with the operations of the full-size ones: 7 x 7, down by 2, a residual block, up by 2, 7 x 7."""
    random = np.random.default_rng(0)
    nodes: list[NodeProto] = []
    constants: dict[str, Any] = {}

    def add(kind: str, *operands: Any, output: str | None = None, **attributes: Any) -> str:
        names = [value if isinstance(value, str) else f"constant{len(nodes)}.{n}" for n, value in enumerate(operands)]
        constants.update({name: value for name, value in zip(names, operands, strict=True) if name is not value})
        nodes.append(helper.make_node(kind, names, [output or f"{kind}{len(nodes)}"], **attributes))
        return str(nodes[-1].output[0])

    def conv(x: str, inside: int, outside: int, size: int, **attributes: Any) -> str:
        margin = size // 2
        x = add("Pad", x, np.array([0, 0, margin, margin] * 2), mode="reflect")
        weights = random.standard_normal((outside, inside, size, size)) / math.sqrt(inside * size * size)
        return add("Conv", x, weights.astype(precision.value), **attributes)

    def block(x: str, inside: int, outside: int, size: int, **attributes: Any) -> str:
        scale, shift = np.ones(outside, precision.value), np.zeros(outside, precision.value)
        x = conv(x, inside, outside, size, **attributes)
        return add("Relu", add("InstanceNormalization", x, scale, shift, epsilon=1e-5))

    x = block(block("image", 3, 16, 7), 16, 32, 3, strides=[2, 2])
    x = add("Add", x, block(x, 32, 32, 3))
    x = add("Resize", x, "", np.array([1, 1, 2, 2], np.float32), mode="nearest", nearest_mode="floor")
    add("Tanh", conv(block(x, 32, 16, 3), 16, 3, 7), output="translated")
    return bytes(factories.model(nodes, constants=constants, element=ELEMENTS[precision]).SerializeToString())


def picture(height: int, width: int, seed: int = 0) -> Tensor:
    """Noise on a gradient, so that means are not 0."""
    noise = np.random.default_rng(seed).uniform(-0.4, 0.4, (1, 3, height, width))
    return (noise + np.linspace(-0.2, 0.6, width)).astype(np.float32)


def loaded(device: Device, precision: Precision = Precision.FLOAT32) -> Session:
    return Session(generator(precision), Feed(precision=precision), device)


def answer(session: Session, pixels: Tensor, device: Device) -> Tensor:
    return session.run(pixels, device.run_options())


@pytest.mark.parametrize("precision", Precision)
@pytest.mark.parametrize("side", [256, 1024])
def test_cuda_answers_as_the_cpu_does(cuda: Device, cpu: Device, precision: Precision, side: int) -> None:
    session, reference = loaded(cuda, precision), loaded(cpu, precision)
    assert session.execution_provider == CUDA
    for seed in range(2):  # the second runs in the memory of the first
        pixels = picture(side, side, seed)
        expected = answer(reference, pixels, cpu)
        np.testing.assert_allclose(answer(session, pixels, cuda), expected, rtol=0, atol=LEVELS[precision])


def test_a_filter_that_cuda_was_warmed_up_with_is_served(cpu: Device, tmp_path: Path) -> None:
    device, pixels = Device(Provider.CUDA, warm_up=(64, 1024)), picture(100, 60)
    path = factories.put(tmp_path, factories.normalising())
    result, expected = (factories.translated(read_filter(path, one).canvas, pixels, one) for one in (device, cpu))
    np.testing.assert_allclose(result, expected, rtol=0, atol=LEVELS[Precision.FLOAT32])


def test_sums_over_sixteen_megapixels_are_right_in_float16(cuda: Device) -> None:
    pixels = picture(4096, 4096)
    single, half = (answer(loaded(cuda, precision), pixels, cuda) for precision in Precision)
    assert float(np.abs(single - half).max()) <= LEVELS[Precision.FLOAT16]


def test_pieces_on_cuda_are_the_whole_picture(cuda: Device) -> None:
    canvas, pixels = Canvas(loaded(cuda), multiple=4), picture(1536, 1024)
    plan = canvas.plan(1536, 1024, 512 << 20, exact=True)
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
    pixels = picture(256, 256)
    expected = answer(loaded(cpu, precision), pixels, cpu)
    for _ in range(2):  # built, then read from the cache
        session = loaded(device, precision)
        assert session.execution_provider == TENSORRT
        np.testing.assert_allclose(answer(session, pixels, device), expected, rtol=0, atol=LEVELS[precision])
    assert list((tmp_path / "cache").glob("*/*.engine"))
