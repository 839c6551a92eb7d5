"""Examines one filter file, without anything of the server's: what it is and which sizes it computes, or why it cannot
be served."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pleinair.common import metadata

from server.engine.backend import Backend
from server.engine.feed import Feed
from server.errors import FilterProblem, PassingProblem
from server.filters.constant_inputs import fix_inputs
from server.filters.description import Description, from_metadata, from_sidecar
from server.filters.external_data import GREATEST_MODEL, data_path, is_external, take_in
from server.filters.feeding import foreign_feed, own_feed
from server.filters.limits import USUAL_LIMITS, FilterLimits
from server.filters.onnx_model import OnnxModel, read_model
from server.filters.operators import check_operators
from server.filters.probe import open_probe
from server.filters.sidecar import REQUIRED, Sidecar, read_sidecar
from server.filters.trial import Sizes
from server.filters.verdicts import Verdict, Verdicts

# Whoever changes what a trial finds counts this up: verdicts of older trials are then not believed.
_TRIALS = 3

_LARGEST_SIDECAR = 64 << 10

_CHANGED = "It changed while it was being read; it is tried again."


class Trials(Protocol):
    """How files are tried whose verdict is not known."""

    def verdict(self, path: Path, key: str) -> Verdict:
        """What a trial of the file shows, if its content is still that of ``key``. Raises PassingProblem for what is
        not worth to be remembered, and OSError."""


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


def examine(
    path: Path,
    backend: Backend,
    verdicts: Verdicts,
    trials: Trials | None = None,
    limits: FilterLimits = USUAL_LIMITS,
) -> Examined:
    """Reads ``path`` with the files beside it, once it has been tried, by ``trials`` or in this process, unless
    ``verdicts`` know it. For any thread.

    Raises FilterProblem for a file that cannot be served and OSError for one that cannot be read.
    """
    contents = _contents(path, limits)
    key = _key(path, contents, backend)
    verdict = verdicts.find(key)
    if verdict is None:
        verdict = (trials or TrialsHere(backend, limits)).verdict(path, key)
        verdicts.keep(key, verdict)
    if verdict.problem:
        raise FilterProblem(verdict.problem)
    found = _read(path, contents)
    description, feed = _describe(path, found)
    return Examined(description, feed, found.data, found.sha256, found.file_bytes, verdict.least)


class TrialsHere:
    """Trials in this process, by ``backend``: for who trusts the file."""

    def __init__(self, backend: Backend, limits: FilterLimits) -> None:
        self._backend = backend
        self._limits = limits

    def verdict(self, path: Path, key: str) -> Verdict:
        contents = _contents(path, self._limits)
        if _key(path, contents, self._backend) != key:
            raise PassingProblem(_CHANGED)
        found = _read(path, contents)
        check_operators(found.model.proto)
        description, feed = _describe(path, found)
        return _try(path, found, feed, self._backend, description.spatial_multiple)


@dataclass(frozen=True)
class _Contents:
    """What a filter's files hold: ``data``, as it is and ``hashed``, the sidecar, and the hash of the ``other`` file
    with its weights, if there is one."""

    data: bytes
    hashed: hashlib._Hash
    sidecar: bytes | None
    other: str


@dataclass(frozen=True)
class _Files:
    """A filter's files: its network in one piece, which ``data`` is when it is serialised, and its sidecar."""

    model: OnnxModel
    data: bytes
    sidecar: Sidecar | None
    sha256: str
    file_bytes: int


def _contents(path: Path, limits: FilterLimits) -> _Contents:
    """Raises FilterProblem for files that are too large to be looked at, and OSError."""
    if not path.is_file():  # a pipe would be waited for
        raise FilterProblem("It is no file; put the filter itself there.")
    size = path.stat().st_size
    if size == 0:
        raise FilterProblem("It is empty; copy or export it again.")
    beside = data_path(path)
    other = beside.stat().st_size if beside.is_file() else 0
    most = min(limits.file_bytes, GREATEST_MODEL)
    if size + other > most:
        raise FilterProblem(
            f"It has {(size + other) >> 20} MiB, and at most {most >> 20} MiB are read; export a smaller network, or"
            " start the server with a larger --filter-mib."
        )
    data = path.read_bytes()
    hashed = hashlib.sha256(data)
    return _Contents(data, hashed, _sidecar(path.with_suffix(".toml")), _hash_of(beside) if other else "")


def _sidecar(path: Path) -> bytes | None:
    if not path.is_file():
        return None
    if path.stat().st_size > _LARGEST_SIDECAR:
        raise FilterProblem(f"{path.name} beside it has more than 64 KiB; shorten it.")
    return path.read_bytes()


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(path: Path, contents: _Contents) -> _Files:
    data, sidecar_name = contents.data, path.with_suffix(".toml").name
    sidecar = read_sidecar(sidecar_name, contents.sidecar) if contents.sidecar is not None else None
    model, file_hash, file_bytes = read_model(data), contents.hashed.copy(), len(data)
    if is_external(model.proto):
        take_in(model.proto, path)
        if _hash_of(data_path(path)) != contents.other:
            raise PassingProblem(_CHANGED)
        data = model.proto.SerializeToString()
        file_hash.update(data)
        file_bytes += data_path(path).stat().st_size
    if sidecar is not None and sidecar.inputs:
        fix_inputs(model.proto, sidecar.inputs, sidecar_name)
        data = model.proto.SerializeToString()
        model = read_model(data)
    return _Files(model, data, sidecar, file_hash.hexdigest(), file_bytes)


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


def _key(path: Path, contents: _Contents, backend: Backend) -> str:
    """A name for all that a verdict depends on, among it the names of files that its sentence may contain."""
    file_hash = contents.hashed.hexdigest()
    has_sidecar = contents.sidecar is not None
    about = (_TRIALS, backend.library, backend.version, path.name, file_hash, contents.other, has_sidecar)
    return hashlib.sha256(repr(about).encode() + (contents.sidecar or b"")).hexdigest()


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
