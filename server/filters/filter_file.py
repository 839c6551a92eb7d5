"""Reads one filter file: an ONNX network that describes itself, or one from elsewhere with a sidecar."""

from __future__ import annotations

import hashlib
import logging
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pleinair.common.metadata import key

from server.engine.any_size import AnySizeNetwork
from server.engine.backend import Backend, Loaded
from server.engine.cancel import CancelToken
from server.engine.feed import Feed, Precision
from server.engine.pace import Pace
from server.engine.source import TensorSource
from server.errors import FilterProblem
from server.filters.description import Description, from_metadata, from_sidecar
from server.filters.onnx_model import OnnxModel, check_size_is_free, read_model
from server.filters.sidecar import REQUIRED, Sidecar, read_sidecar

# Protobuf's own limit.
_GREATEST_FILE = (1 << 31) - 1
_TEST_SIZE = (16, 16)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Filter:
    """A loaded filter that has passed a test. Two with the same ``sha256`` give the same pictures."""

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
    """Loads ``path`` (with its sidecar, if there is one), proves on a small picture that it works, and warms it up at
    the backend's sizes.

    Raises FilterProblem for a file that cannot be served and OSError for one that cannot be read.
    """
    data = _contents(path)
    model = read_model(data)
    description, feed = _describe(path, model)
    filter_ = Filter(
        description=description,
        precision=feed.precision,
        sha256=hashlib.sha256(data).hexdigest(),
        file_bytes=len(data),
        network=AnySizeNetwork(_load(path, data, feed, backend), multiple=description.spatial_multiple),
    )
    _try(path, filter_)
    for side in backend.warm_up:
        _warm_up(path, filter_, side)
    return filter_


def _contents(path: Path) -> bytes:
    size = path.stat().st_size
    if size == 0:
        raise FilterProblem("It is empty; copy or export it again.")
    if size > _GREATEST_FILE:
        raise FilterProblem("It is larger than 2 GiB, more than an ONNX file can be; export a smaller network.")
    return path.read_bytes()


def _describe(path: Path, model: OnnxModel) -> tuple[Description, Feed]:
    sidecar_path = path.with_suffix(".toml")
    if sidecar_path.is_file():
        sidecar = read_sidecar(sidecar_path)
        return from_sidecar(path.stem, sidecar), _foreign_feed(model, sidecar, sidecar_path.name)
    if key("format") in model.metadata:
        return from_metadata(model.metadata), _own_feed(model, sidecar_path.name)
    raise FilterProblem(
        "It does not say how to use it; export it with python -m training.export, or describe it in"
        f" {sidecar_path.name} beside it with the keys {', '.join(REQUIRED)}."
    )


def _own_feed(model: OnnxModel, sidecar_name: str) -> Feed:
    for ends, expected, kind in ((model.inputs, "image", "input"), (model.outputs, "translated", "output")):
        if list(ends) != [expected]:
            raise FilterProblem(
                f"Its {kind} is called {_quoted(ends)} and a filter has one {kind} '{expected}'; export it with"
                f" python -m training.export, or describe it in {sidecar_name} beside it."
            )
    batch, channels, height, width = model.shape("image")
    if channels != 3:
        raise FilterProblem(f"Its input 'image' has {channels or 'any number of'} channels; expected 3 (RGB).")
    if batch is not None:
        raise FilterProblem(f"Its input 'image' has a fixed batch of {batch}; export it with a dynamic batch.")
    check_size_is_free(height, width, "image", advice="export it with dynamic height and width")
    return Feed(precision=model.precision("image"))


def _foreign_feed(model: OnnxModel, sidecar: Sidecar, sidecar_name: str) -> Feed:
    if list(model.inputs) != [sidecar.input]:
        raise FilterProblem(
            f"Its input is called {_quoted(model.inputs)}, and {sidecar_name} names '{sidecar.input}'; only networks"
            " with one input can be served."
        )
    if sidecar.output not in model.outputs:
        raise FilterProblem(
            f"Its output is called {_quoted(model.outputs)}, and {sidecar_name} names '{sidecar.output}'; correct it."
        )
    shape = model.shape(sidecar.input)
    height, width = shape[1:3] if sidecar.channels_last else shape[2:4]
    advice = f"correct its layout in {sidecar_name}, or export it with dynamic height and width"
    check_size_is_free(height, width, sidecar.input, advice=advice)
    return Feed(
        input=sidecar.input,
        output=sidecar.output,
        precision=model.precision(sidecar.input),
        channels_last=sidecar.channels_last,
        input_range=sidecar.range,
        output_range=sidecar.output_range or sidecar.range,
        batches=False,  # nothing guarantees that a picture's result does not depend on the others in its batch
    )


def _quoted(names: Iterable[str]) -> str:
    return " and ".join(repr(name[:100]) for name in names) or "nothing"


def _load(path: Path, data: bytes, feed: Feed, backend: Backend) -> Loaded:
    try:
        return backend.open(data, feed)
    except Exception as error:
        _log.warning("%s cannot load %s: %s", backend.library, path, error)
        raise FilterProblem(
            f"{backend.library} cannot load it (the server's log says why); export it again."
        ) from error


def _try(path: Path, filter_: Filter) -> None:
    try:
        _compute_grey(filter_, *_TEST_SIZE)
    except Exception as error:
        _log.warning("%s failed on a test picture: %s", path, error)
        raise FilterProblem(
            f"It fails on a test picture of {_TEST_SIZE[0]} x {_TEST_SIZE[1]} pixels (the server's log says why);"
            " check its layout, multiple and output."
        ) from error


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
