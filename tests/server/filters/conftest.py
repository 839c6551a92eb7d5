"""Reads a network with its sidecar as a server does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import onnx
import pytest

from server.engine.backend import Backend, open_backend
from server.engine.provider import Provider
from server.errors import FilterProblem
from server.filters.filter_file import Filter, read_filter
from tests import factories

Read = Callable[..., Filter]
Problem = Callable[..., str]


@pytest.fixture(scope="session")
def device() -> Backend:
    return open_backend(Provider.CPU, threads=1)


@pytest.fixture
def read(tmp_path: Path, device: Backend) -> Read:
    """Writes a model as filter.onnx, with its sidecar if one is given, and reads it."""

    def read(model: onnx.ModelProto | bytes, sidecar: str | None = None) -> Filter:
        if sidecar is not None:
            (tmp_path / "filter.toml").write_text(sidecar)
        contents = model if isinstance(model, bytes) else model.SerializeToString()
        return read_filter(factories.put_bytes(tmp_path / "filter.onnx", contents), device)

    return read


@pytest.fixture
def problem(read: Read) -> Problem:
    """The sentence with which a model and its sidecar are refused."""

    def problem(model: onnx.ModelProto | bytes, sidecar: str | None = None) -> str:
        with pytest.raises(FilterProblem) as caught:
            read(model, sidecar)
        assert caught.value.sentence.endswith(".")
        assert "log" not in caught.value.sentence
        return caught.value.sentence

    return problem
