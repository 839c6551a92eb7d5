"""Networks that keep their weights in a second file, as PyTorch's exporter writes them."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import onnx
import pytest

from server.engine.backend import Backend
from server.errors import FilterProblem
from server.filters import external_data
from server.filters.filter_file import read_filter
from server.filters.scanner import FolderScanner
from tests import factories
from tests.server.filters.networks import residual, sidecar

PICTURE = np.random.default_rng(0).uniform(-1, 1, (1, 3, 20, 24)).astype(np.float32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A network with nearly all of its weights in sketch.onnx.data."""
    model = onnx.load_model(io.BytesIO(residual(2)))
    file = tmp_path / "sketch.onnx"
    onnx.save_model(model, file, save_as_external_data=True, location="sketch.onnx.data", size_threshold=8)
    (tmp_path / "sketch.toml").write_text(sidecar(4))
    return file


def refused(path: Path, device: Backend) -> str:
    with pytest.raises(FilterProblem) as caught:
        read_filter(path, device)
    return caught.value.sentence


def test_weights_in_a_second_file_are_a_part_of_the_filter(path: Path, device: Backend, tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text(sidecar(4))
    one = read_filter(factories.put_bytes(tmp_path / "one.onnx", residual(2)), device)
    found = read_filter(path, device)
    expected, result = (factories.translated(filter_.network, PICTURE) for filter_ in (one, found))
    np.testing.assert_array_equal(result, expected)
    assert found.file_bytes == path.stat().st_size + (tmp_path / "sketch.onnx.data").stat().st_size
    assert found.sha256 != one.sha256


def test_other_weights_are_another_filter(path: Path, device: Backend, tmp_path: Path) -> None:
    before, data = read_filter(path, device), tmp_path / "sketch.onnx.data"
    data.write_bytes(data.read_bytes()[:-4] + np.float32(0.25).tobytes())  # the last bias
    assert read_filter(path, device).sha256 != before.sha256


def test_a_second_file_that_comes_later_is_seen(path: Path, device: Backend, tmp_path: Path) -> None:
    data = tmp_path / "sketch.onnx.data"
    contents = data.read_bytes()
    data.unlink()
    scanner = FolderScanner(tmp_path, device)
    assert "sketch.onnx.data is not beside it; copy that file too" in scanner.load().rejected["sketch.onnx"]
    data.write_bytes(contents)
    scanner.scan()
    assert list(scanner.scan().filters) == ["sketch"]


def test_a_second_file_that_is_cut_off_is_refused(path: Path, device: Backend, tmp_path: Path) -> None:
    data = tmp_path / "sketch.onnx.data"
    data.write_bytes(data.read_bytes()[:100])
    assert "sketch.onnx.data beside it does not hold the weights" in refused(path, device)


def test_a_network_under_another_name_is_told_which_file_it_needs(path: Path, device: Backend, tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text(sidecar(4))
    sentence = refused(path.rename(tmp_path / "other.onnx"), device)
    assert "'sketch.onnx.data', and they are read from other.onnx.data beside it alone" in sentence


def test_a_network_of_more_than_onnxruntime_takes_at_once_is_refused(
    path: Path, device: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(external_data, "GREATEST_MODEL", 5000)
    assert "at most 2 GiB can be served" in refused(path, device)
