"""The kernels that measure, compiled for the processor where there is a C++ compiler, against float64."""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from server.engine.fused import kernel_source

COMPILER = shutil.which("g++")
CUDA = Path(kernel_source.__file__).parent / "cuda"
CALLS = """
extern "C" void measure(
    int is_wide, const T* source, Index pixels, int channels, int blocks, int down, Part* parts, const float* scale,
    const float* shift, float epsilon, float* factor, float* offset
) {
    on_threads(256, blocks, down, [=] { (is_wide ? sums_wide : sums_narrow)(source, pixels, channels, parts); });
    on_threads(128, channels, 1, [=] { statistics(parts, blocks, channels, scale, shift, epsilon, factor, offset); });
}
"""

pytestmark = [pytest.mark.slow, pytest.mark.skipif(COMPILER is None, reason="g++ is not installed")]

Measured = tuple[NDArray[np.float32], NDArray[np.float32]]


@pytest.fixture(scope="module")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    folder = tmp_path_factory.mktemp("kernels")
    values = re.sub(r"#ifdef HALF.*?#else(.*?)#endif", r"\1", (CUDA / "values.cu").read_text(), flags=re.DOTALL)
    shim = Path(__file__).with_name("host_threads.cpp").read_text()
    (folder / "all.cpp").write_text(shim + values + (CUDA / "statistics.cu").read_text() + CALLS)
    options = ["-std=c++20", "-O1", "-w", "-shared", "-fPIC", "-pthread"]
    assert COMPILER is not None
    subprocess.run([COMPILER, *options, "all.cpp", "-o", "kernels.so"], cwd=folder, check=True)
    return ctypes.CDLL(str(folder / "kernels.so"))


def measured(kernels: ctypes.CDLL, values: NDArray[np.float32], blocks: int) -> Measured:
    """What normalises pixels x channels, x * factor + offset, with a scale of 1 and a shift of 0."""
    pixels, channels = values.shape
    at_once = 4 if channels % 4 == 0 else 1
    parts, scale = np.zeros((blocks, channels, 3), np.float32), np.ones(channels, np.float32)
    shift, factor, offset = (np.zeros(channels, np.float32) for _ in range(3))
    source, to, *rest = (ctypes.c_void_p(array.ctypes.data) for array in (values, parts, scale, shift, factor, offset))
    down = -(-channels // at_once // 256)
    counts = (ctypes.c_longlong(pixels), channels, blocks, down)
    kernels.measure(int(at_once > 1), source, *counts, to, *rest[:2], ctypes.c_float(1e-5), *rest[2:])
    assert (parts[..., 0].sum(0) == pixels).all(), "not every pixel once"
    return factor, offset


def planes(kind: str, height: int, width: int, channels: int) -> NDArray[np.float64]:
    """Pixels x channels, with a mean of 0 and a deviation of 1."""
    rows, columns = np.mgrid[:height, :width].astype(float)
    made = {
        "noise": np.random.default_rng(0).standard_normal((height, width)),
        "corner": (rows == 0) & (columns == 0),
        "border": rows == 0,
        "slope": rows + columns,
    }[kind]
    made = (made - made.mean()) / made.std()
    return np.repeat(made.reshape(-1, 1), channels, axis=1)


@pytest.mark.parametrize("mean", [0, 1000])
@pytest.mark.parametrize("kind", ["noise", "corner", "border", "slope"])
@pytest.mark.parametrize(("channels", "height", "width", "blocks"), [(8, 120, 130, 20), (3, 97, 31, 9)])
def test_statistics_have_all_digits(
    kernels: ctypes.CDLL, channels: int, height: int, width: int, blocks: int, kind: str, mean: float
) -> None:
    values = (planes(kind, height, width, channels) + mean).astype(np.float32)
    factor, offset = measured(kernels, np.ascontiguousarray(values), blocks)
    exact = values.astype(np.float64)
    deviation = np.sqrt(exact.var(0) + 1e-5)
    np.testing.assert_allclose(factor, 1 / deviation, rtol=1e-5)
    np.testing.assert_allclose(-offset / factor.astype(np.float64), exact.mean(0), rtol=2e-7, atol=1e-5)


def test_one_value_has_no_variance(kernels: ctypes.CDLL) -> None:
    factor, offset = measured(kernels, np.full((5000, 8), 0.3, np.float32), 8)
    np.testing.assert_allclose(factor, 1e-5**-0.5, rtol=1e-6)
    np.testing.assert_allclose(np.float32(0.3) * factor + offset, 0, atol=1e-5)
