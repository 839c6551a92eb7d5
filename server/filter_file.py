"""Reads one filter: an ONNX file that describes itself, or somebody else's with a sidecar that describes it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx

from server.engine.canvas import translate_canvas
from server.engine.device import Device
from server.engine.session import Feed, FilterSession
from server.sidecar import Sidecar, read_sidecar

FORMAT = "1"
IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_PREFIX = "pleinair."
_FLOATS = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16)


class BadFilter(Exception):
    """Its text is one sentence: what is wrong with the file and what to do."""


@dataclass(frozen=True)
class FilterInfo:
    """What a filter says of itself."""

    id: str
    title: str
    description: str
    source_domain: str
    target_domain: str
    method: str
    spatial_multiple: int
    licence: str
    images_seen: int
    data_fingerprint: str
    package_version: str
    commit: str
    thumbnail: bytes
    sha256: str
    file_bytes: int


@dataclass(frozen=True)
class LoadedFilter:
    """A filter that has answered once."""

    info: FilterInfo
    session: FilterSession
    file_name: str


def load_filter(path: Path, device: Device) -> LoadedFilter:
    """Reads, checks and tries the file. Raises BadFilter, whatever is wrong with it."""
    try:
        contents = path.read_bytes()
        model = onnx.load_from_string(contents)
    except OSError as error:
        raise BadFilter(f"It cannot be read ({error.strerror}); check its permissions.") from None
    except Exception:  # damaged files raise nearly anything
        raise BadFilter("It is damaged or not an ONNX model; export or copy it again.") from None
    _refuse_external_data(model)
    sidecar = read_sidecar(path.with_suffix(".toml"), BadFilter)
    feed = sidecar.feed if sidecar else Feed()
    metadata = {
        entry.key.removeprefix(_PREFIX): entry.value for entry in model.metadata_props if entry.key.startswith(_PREFIX)
    }
    _check_ends(model, feed)
    if not metadata and not sidecar:
        raise BadFilter(
            "It does not describe itself; export it with python -m training.export, or write "
            f"{path.stem}.toml beside it with input, output, layout, range and multiple."
        )
    info = _info(path, contents, metadata, sidecar)
    return LoadedFilter(info, _session(contents, feed, device, info.spatial_multiple), path.name)


def _refuse_external_data(model: onnx.ModelProto) -> None:
    if any(tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in _tensors(model)):
        raise BadFilter("It keeps its weights in another file; a filter is one file, so save it without external data.")


def _tensors(model: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    yield from _graph_tensors(model.graph)
    for function in model.functions:
        yield from _node_tensors(function.node)


def _graph_tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    yield from _node_tensors(graph.node)


def _node_tensors(nodes: Iterable[onnx.NodeProto]) -> Iterator[onnx.TensorProto]:
    for attribute in (attribute for node in nodes for attribute in node.attribute):
        yield from (attribute.t, *attribute.tensors)
        for graph in (attribute.g, *attribute.graphs):
            yield from _graph_tensors(graph)


def _check_ends(model: onnx.ModelProto, feed: Feed) -> None:
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in weights]
    for kind, values, name in (("input", inputs, feed.input), ("output", list(model.graph.output), feed.output)):
        if [value.name for value in values] != [name]:
            names = ", ".join(repr(value.name) for value in values) or "none"
            raise BadFilter(
                f"Its {kind} is {names}, but a filter has one {kind}, {name!r}; export it with "
                "python -m training.export, or describe it in a .toml file of the same name."
            )
        _check_shape(kind, values[0], feed)


def _check_shape(kind: str, value: onnx.ValueInfoProto, feed: Feed) -> None:
    tensor = value.type.tensor_type
    if tensor.elem_type not in _FLOATS:
        raise BadFilter(f"Its {kind} is not float32 or float16; export it with one of these.")
    order = "N x H x W x 3" if feed.channels_last else "N x 3 x H x W"
    dimensions = tensor.shape.dim
    channel, sizes = (3, (1, 2)) if feed.channels_last else (1, (2, 3))
    if len(dimensions) != 4 or dimensions[channel].dim_value not in (0, 3):
        raise BadFilter(f"Its {kind} is not {order}; export it for RGB pictures in that layout.")
    if kind == "input" and any(dimensions[axis].dim_value for axis in sizes):
        raise BadFilter("It takes pictures of one fixed size only; export it with dynamic height and width.")


def _info(path: Path, contents: bytes, metadata: dict[str, str], sidecar: Sidecar | None) -> FilterInfo:
    told = _from_sidecar(path, sidecar) if sidecar else metadata
    if told.get("format") != FORMAT:
        raise BadFilter(
            f"Its filter format is {told.get('format', 'missing')!r}, and this server reads {FORMAT!r}; "
            "export it again, or use a newer server."
        )
    identifier = told.get("identifier", "")
    if not IDENTIFIER.fullmatch(identifier):
        raise BadFilter(
            f"Its identifier {identifier!r} is not 1 to 64 lower-case letters, digits, dots, dashes and underscores; "
            "export it with another --identifier."
        )
    if told.get("value_range", "-1,1") != "-1,1":
        raise BadFilter("Its value range is not -1,1; export it again.")
    return FilterInfo(
        id=identifier,
        title=told.get("title") or identifier,
        description=told.get("description", ""),
        source_domain=told.get("source_domain", ""),
        target_domain=told.get("target_domain", ""),
        method=told.get("method", ""),
        spatial_multiple=_number(told, "spatial_multiple", 1, 1024),
        licence=told.get("licence", ""),
        images_seen=_number(told, "images_seen", 0, 2**63),
        data_fingerprint=told.get("data_fingerprint", ""),
        package_version=told.get("package_version", ""),
        commit=told.get("commit", ""),
        thumbnail=_thumbnail(told.get("thumbnail", "")),
        sha256=hashlib.sha256(contents).hexdigest(),
        file_bytes=len(contents),
    )


def _from_sidecar(path: Path, sidecar: Sidecar) -> dict[str, str]:
    slug = re.sub(r"[^a-z0-9._]+", "-", path.stem.lower()).strip("-._")[:64] or "filter"
    return {
        "format": FORMAT,
        "identifier": slug,
        "method": "onnx",
        "spatial_multiple": str(sidecar.multiple),
        "images_seen": "0",
        **sidecar.about,
    }


def _number(told: dict[str, str], key: str, low: int, high: int) -> int:
    text = told.get(key, "")
    if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
        raise BadFilter(f"Its {key} is {text!r}, but must be a whole number of at least {low}; export it again.")
    return int(text)


def _thumbnail(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadFilter("Its thumbnail is not base64; export it again.") from None


def _session(contents: bytes, feed: Feed, device: Device, multiple: int) -> FilterSession:
    """Loads the graph and lets it answer once, on a picture whose sides differ."""
    trial = np.zeros((1, 3, 16, 24), dtype=np.float32)
    try:
        session = FilterSession(contents, feed, device)
        shape = translate_canvas(session, trial, multiple=multiple).shape
    except Exception:  # onnxruntime's own errors, and UnicodeDecodeError for damaged names
        raise BadFilter("onnxruntime cannot run it; export it again, for example with another opset.") from None
    if shape != trial.shape:
        raise BadFilter(
            "Its answer has another size than the picture; set its spatial multiple to what its network needs."
        )
    return session
