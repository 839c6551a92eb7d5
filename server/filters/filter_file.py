"""Loads one filter file: an ONNX network that describes itself, or one from elsewhere with a sidecar."""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from server.engine.any_size import AnySizeNetwork
from server.engine.backend import Backend, Loaded
from server.engine.cancel import CancelToken
from server.engine.failure import cause
from server.engine.feed import Precision
from server.engine.pace import Pace
from server.engine.source import TensorSource
from server.errors import FilterProblem
from server.filters.description import Description
from server.filters.examination import Examined, examine
from server.filters.verdicts import Verdicts

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Filter:
    """A loaded filter that has passed a trial. Two with the same ``sha256`` give the same pictures."""

    description: Description
    precision: Precision
    sha256: str
    file_bytes: int
    network: AnySizeNetwork
    pace: Pace = field(default_factory=Pace)

    @property
    def identifier(self) -> str:
        return self.description.identifier


def read_filter(path: Path, backend: Backend) -> Filter:
    """Examines ``path`` and loads it. Raises FilterProblem for a file that cannot be served and OSError for one that
    cannot be read."""
    return load_filter(path, examine(path, backend, Verdicts(None)), backend)


def load_filter(path: Path, examined: Examined, backend: Backend) -> Filter:
    """Loads what was examined, and warms it up at the backend's sizes. For one thread at a time. Raises
    FilterProblem."""
    description, least = examined.description, examined.least
    filter_ = Filter(
        description=description,
        precision=examined.feed.precision,
        sha256=examined.sha256,
        file_bytes=examined.file_bytes,
        network=AnySizeNetwork(_load(path, examined, backend), multiple=description.spatial_multiple, least=least),
    )
    if backend.warm_up:
        _try_on_device(path, filter_, least)
    for side in backend.warm_up:
        _warm_up(path, filter_, side)
    return filter_


def _load(path: Path, examined: Examined, backend: Backend) -> Loaded:
    try:
        return backend.open(examined.model, examined.feed)
    except Exception as error:
        _log.warning("%s cannot load %s: %s", backend.library, path, error)
        raise FilterProblem(f"{backend.library} cannot load it{_told(error)}; export it again.") from error


def _try_on_device(path: Path, filter_: Filter, side: int) -> None:
    try:
        _compute_grey(filter_, side, side)
    except Exception as error:
        _log.warning("%s failed on a test picture: %s", path, error)
        raise FilterProblem(
            f"It fails on a test picture of {side} x {side} pixels on the device{_told(error)}; start the server with"
            " --provider cpu, or export it again."
        ) from error


def _told(error: Exception) -> str:
    said = cause(error)
    return f" ({said})" if said else ""


def _warm_up(path: Path, filter_: Filter, side: int) -> None:
    """Runs the filter twice on a picture of ``side`` x ``side`` pixels: in the first run the GPU's libraries load and
    build what they need, and the second one is recorded."""
    try:
        for _ in range(2):
            _compute_grey(filter_, side, side)
    except Exception as error:  # for example for lack of memory; other sizes can still be served
        _log.warning("%s could not be warmed up at %d x %d: %s", path, side, side, error)


def _compute_grey(filter_: Filter, height: int, width: int) -> None:
    picture = TensorSource(np.zeros((1, 3, height, width), np.float32))
    plan = filter_.network.plan(height, width, sys.maxsize)
    for _ in filter_.network.translate([picture], [lambda band: None], plan, CancelToken()):
        pass
