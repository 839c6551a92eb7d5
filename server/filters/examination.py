"""Examines one filter file, without anything of the server's: what it is and which sizes it computes, or why it cannot
be served."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from pleinair.common import metadata

from server.engine.backend import Backend
from server.engine.feed import Feed
from server.errors import FilterProblem, PassingProblem
from server.filters.constant_inputs import fix_inputs
from server.filters.description import Description, from_metadata, from_sidecar
from server.filters.external_data import GREATEST_MODEL, data_path, is_external, take_in
from server.filters.feeding import foreign_feed, own_feed
from server.filters.onnx_model import OnnxModel, read_model
from server.filters.probe import open_probe
from server.filters.sidecar import REQUIRED, Sidecar, read_sidecar
from server.filters.trial import Sizes
from server.filters.verdicts import Verdict, Verdicts

# Whoever changes what a trial finds counts this up: verdicts of older trials are then not believed.
_TRIALS = 1


@dataclass(frozen=True)
class Examined:
    """A file that can be served. ``model`` is its network in one piece, and ``least`` the size from which on it
    computes every multiple."""

    description: Description
    feed: Feed
    model: bytes
    sha256: str
    file_bytes: int
    least: int


def examine(path: Path, backend: Backend, verdicts: Verdicts) -> Examined:
    """Reads ``path`` with the files beside it, and tries its network unless ``verdicts`` know it. For any thread.

    Raises FilterProblem for a file that cannot be served and OSError for one that cannot be read.
    """
    found = _read(path)
    description, feed = _describe(path, found)
    known_as = _known_as(path, found, backend)
    verdict = verdicts.find(known_as)
    if verdict is None:
        verdict = _try(path, found, feed, backend, description.spatial_multiple)
        verdicts.keep(known_as, verdict)
    if verdict.problem:
        raise FilterProblem(verdict.problem)
    return Examined(description, feed, found.data, found.sha256, found.file_bytes, verdict.least)


@dataclass(frozen=True)
class _Files:
    """A filter's files: its network in one piece, which ``data`` is when it is serialised, and its sidecar."""

    model: OnnxModel
    data: bytes
    sidecar: Sidecar | None
    sidecar_data: bytes
    sha256: str
    file_bytes: int


def _read(path: Path) -> _Files:
    data = _contents(path)
    sidecar_path = path.with_suffix(".toml")
    sidecar_data = sidecar_path.read_bytes() if sidecar_path.is_file() else None
    sidecar = read_sidecar(sidecar_path.name, sidecar_data) if sidecar_data is not None else None
    model, file_hash, file_bytes = read_model(data), hashlib.sha256(data), len(data)
    if is_external(model.proto):
        take_in(model.proto, path)
        data = model.proto.SerializeToString()
        file_hash.update(data)
        file_bytes += data_path(path).stat().st_size
    if sidecar is not None and sidecar.inputs:
        fix_inputs(model.proto, sidecar.inputs, sidecar_path.name)
        data = model.proto.SerializeToString()
        model = read_model(data)
    return _Files(model, data, sidecar, sidecar_data or b"", file_hash.hexdigest(), file_bytes)


def _contents(path: Path) -> bytes:
    size = path.stat().st_size
    if size == 0:
        raise FilterProblem("It is empty; copy or export it again.")
    if size > GREATEST_MODEL:
        raise FilterProblem("It is larger than 2 GiB, more than an ONNX file can be; export a smaller network.")
    return path.read_bytes()


def _describe(path: Path, found: _Files) -> tuple[Description, Feed]:
    sidecar_name = path.with_suffix(".toml").name
    if found.sidecar is not None:
        return from_sidecar(path.stem, found.sidecar), foreign_feed(found.model, found.sidecar, sidecar_name)
    if metadata.key("format") in found.model.metadata:
        return from_metadata(found.model.metadata), own_feed(found.model, sidecar_name)
    raise FilterProblem(
        "It does not say how to use it; export it with python -m training.export, or describe it in"
        f" {sidecar_name} beside it with the keys {', '.join(REQUIRED)}."
    )


def _known_as(path: Path, found: _Files, backend: Backend) -> str:
    """A name for all that a verdict depends on, among it the names of files that its sentence may contain."""
    about = (_TRIALS, backend.library, backend.version, path.name, found.sha256, found.sidecar is not None)
    return hashlib.sha256(repr(about).encode() + found.sidecar_data).hexdigest()


def _try(path: Path, found: _Files, feed: Feed, backend: Backend, multiple: int) -> Verdict:
    """Raises PassingProblem."""

    def set_multiple(right: int) -> str:
        if found.sidecar is None:
            return f"export it again with a spatial multiple of {right}"
        return f"write multiple = {right} in {path.with_suffix('.toml').name}"

    try:
        probe = open_probe(found.data, feed, backend)
        return Verdict(Sizes(probe, multiple, found.model.strides(), set_multiple).least())
    except PassingProblem:
        raise
    except FilterProblem as problem:
        return Verdict(problem=problem.sentence)
