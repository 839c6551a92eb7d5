"""Checkpoints and weights are data: a file that asks to run something runs nothing."""

from __future__ import annotations

import ast
import os
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.structure.sources import read_sources
from training.convert import main as convert
from training.errors import InputError
from training.export import main as export
from training.running.checkpoint import Checkpoint

# Each writes something into a file that PyTorch reads.
WRITERS: dict[str, Callable[[Any, Path], object]] = {
    "zip": torch.save,
    "stream": lambda value, path: torch.save(value, path, _use_new_zipfile_serialization=False),
    "pickle": lambda value, path: path.write_bytes(pickle.dumps(value)),
}


class Seed:
    """Makes a folder where it is unpickled by who trusts it."""

    def __init__(self, marker: Path) -> None:
        self._marker = marker

    def __reduce__(self) -> tuple[Callable[..., None], tuple[str, int, bool]]:
        return os.makedirs, (str(self._marker), 0o777, True)


@pytest.fixture(params=WRITERS)
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A checkpoint with such a seed, which nothing has run when the test ends."""
    marker, path = tmp_path / "marker", tmp_path / "images-000000004.pt"
    WRITERS[request.param]({"format": "1", "networks": Seed(marker), "conv.weight": Seed(marker)}, path)
    if request.param != "pickle":
        torch.load(path, weights_only=False)
        marker.rmdir()  # so the seed works
    yield path
    assert not marker.exists()


def test_a_checkpoint_runs_nothing(file: Path) -> None:
    with pytest.raises(InputError, match="is damaged or not a checkpoint"):
        Checkpoint.load(file)


def test_an_export_runs_nothing(file: Path, tmp_path: Path) -> None:
    assert export([str(file), "-o", str(tmp_path / "made.onnx")]) == 2
    assert not (tmp_path / "made.onnx").exists()


@pytest.mark.parametrize("name", ["latest_net_G.pth", "weights.safetensors", "weights.t7", "weights.bin"])
def test_a_conversion_runs_nothing(file: Path, tmp_path: Path, name: str) -> None:
    (named := tmp_path / name).write_bytes(file.read_bytes())
    assert convert([str(named), "-o", str(tmp_path / "made.onnx")]) == 2
    assert not (tmp_path / "made.onnx").exists()


@pytest.mark.slow
def test_nothing_here_loads_what_could_run() -> None:
    """Whoever adds a fourth way to read weights takes only tensors and plain values, too."""
    loads = [
        (source.path, call)
        for source in read_sources()
        if source.path.parts[0] in ("training", "server", "protos", "plugins")
        for call in ast.walk(source.tree)
        if isinstance(call, ast.Call) and ast.unparse(call.func) in ("torch.load", "pickle.load", "pickle.loads")
    ]
    assert len(loads) >= 3
    for path, call in loads:
        assert {"weights_only": True}.items() <= {
            word.arg: getattr(word.value, "value", None) for word in call.keywords
        }.items(), path
