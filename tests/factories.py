"""Small filters whose answers are known, and servers that serve them."""

from __future__ import annotations

import asyncio
import base64
import io
import sys
import threading
from collections.abc import Coroutine, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from server.application import Application
from server.config import ServerConfig
from server.engine.any_size import AnySizeNetwork
from server.engine.cancel import CancelToken
from server.engine.pixels import Tensor
from server.engine.provider import Provider
from server.engine.source import Band, TensorSource
from server.transports.grpc_aio import GrpcServer

METADATA = {
    "format": "1",
    "identifier": "identity",
    "title": "Identity",
    "description": "A filter for tests.",
    "source_domain": "painting",
    "target_domain": "photo",
    "method": "cut",
    "spatial_multiple": "4",
    "value_range": "-1,1",
    "licence": "Apache-2.0",
    "images_seen": "1200",
    "data_fingerprint": "0123abcd",
    "package_version": "0.1.0",
    "commit": "4bf2e1c",
    "thumbnail": "",
}

IMAGE: tuple[int | str, ...] = ("batch", 3, "height", "width")
CHANNELS_LAST: tuple[int | str, ...] = ("batch", "height", "width", 3)


def metadata(**changes: str | None) -> dict[str, str]:
    """A filter's description of itself; what is None is left out."""
    return {f"pleinair.{key}": text for key, text in (METADATA | changes).items() if text is not None}


def thumbnail() -> str:
    """A small WebP picture, as the metadata carries it."""
    file = io.BytesIO()
    Image.new("RGB", (16, 8), "orange").save(file, "WEBP")
    return base64.b64encode(file.getvalue()).decode("ascii")


def model(
    nodes: Iterable[onnx.NodeProto],
    *,
    constants: Mapping[str, Any] = MappingProxyType({}),
    told: Mapping[str, str] = MappingProxyType({}),
    ends: tuple[str, str] = ("image", "translated"),
    shape: Sequence[int | str] = IMAGE,
    element: int = TensorProto.FLOAT,
) -> onnx.ModelProto:
    """An ONNX model with one input and one output of one shape, which tells about itself what ``told`` says."""
    values = [helper.make_tensor_value_info(name, element, shape) for name in ends]
    weights = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    graph = helper.make_graph(list(nodes), "test", values[:1], values[1:], weights)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    helper.set_model_props(made, dict(told))
    return made


def identity(*, identifier: str = "identity", **changes: str | None) -> onnx.ModelProto:
    """Gives back what it gets."""
    return model(
        [helper.make_node("Identity", ["image"], ["translated"])], told=metadata(identifier=identifier, **changes)
    )


def inverting(*, identifier: str = "inverting", **changes: str | None) -> onnx.ModelProto:
    """Black for white."""
    told = metadata(**({"identifier": identifier, "title": "Inverting"} | changes))
    return model([helper.make_node("Neg", ["image"], ["translated"])], told=told)


def swapping(*, identifier: str = "swapping") -> onnx.ModelProto:
    """Blue, green, red for red, green, blue."""
    node = helper.make_node("Gather", ["image", "order"], ["translated"], axis=1)
    return model(
        [node], constants={"order": np.array([2, 1, 0])}, told=metadata(identifier=identifier, title="Swapping")
    )


def normalising(*, identifier: str = "normalising") -> onnx.ModelProto:
    """Every pixel depends on the mean of the whole picture, as in a trained filter."""
    node = helper.make_node("InstanceNormalization", ["image", "scale", "shift"], ["translated"])
    constants = {"scale": np.full(3, 0.4, np.float32), "shift": np.zeros(3, np.float32)}
    return model([node], constants=constants, told=metadata(identifier=identifier, title="Normalising"))


def slow(*, identifier: str = "slow", steps: int = 300) -> onnx.ModelProto:
    """Takes minutes for a picture of 1024 x 1024 pixels, in steps of a fraction of a second; small ones are quick."""
    names = ["wide", *(f"step{number}" for number in range(steps)), "narrow"]
    nodes = [helper.make_node("Conv", ["image", "widen"], ["wide"])]
    nodes += [helper.make_node("Conv", [a, "weights"], [b], pads=[1] * 4) for a, b in pairwise(names[:-1])]
    nodes += [
        helper.make_node("Conv", [names[-2], "narrowing"], ["narrow"]),
        helper.make_node("Tanh", ["narrow"], ["translated"]),
    ]
    shapes = {"widen": (32, 3, 1, 1), "weights": (32, 32, 3, 3), "narrowing": (3, 32, 1, 1)}
    # Every weight is one over the number of inputs: means of means neither grow nor vanish.
    constants = {name: np.full(size, 1 / np.prod(size[1:]), np.float32) for name, size in shapes.items()}
    return model(nodes, constants=constants, told=metadata(identifier=identifier, title="Slow"))


def half(*, identifier: str = "half") -> onnx.ModelProto:
    """Inverts, in float16."""
    node = helper.make_node("Neg", ["image"], ["translated"])
    return model([node], told=metadata(identifier=identifier, title="Half"), element=TensorProto.FLOAT16)


def failing(*, identifier: str = "failing") -> onnx.ModelProto:
    """Answers small pictures with grey and fails on those more than 24 pixels wide or high: what is left of them when
    they are cut to 24 cannot be taken from them."""
    nodes = [
        helper.make_node("Slice", ["image", "first", "last", "axes"], ["cut"]),
        helper.make_node("Sub", ["image", "cut"], ["translated"]),
    ]
    constants = {"first": np.array([0, 0]), "last": np.array([24, 24]), "axes": np.array([2, 3])}
    return model(nodes, constants=constants, told=metadata(identifier=identifier, title="Failing"))


def centring(*, identifier: str = "centring") -> onnx.ModelProto:
    """Takes away the picture's mean, which no part of the picture tells."""
    nodes = [
        helper.make_node("ReduceMean", ["image", "axes"], ["mean"]),
        helper.make_node("Sub", ["image", "mean"], ["translated"]),
    ]
    return model(nodes, constants={"axes": np.array([2, 3])}, told=metadata(identifier=identifier, title="Centring"))


def darkening(*, identifier: str = "darkening") -> onnx.ModelProto:
    """Takes away the picture's greatest value, for which it is needed whole."""
    nodes = [
        helper.make_node("GlobalMaxPool", ["image"], ["most"]),
        helper.make_node("Sub", ["image", "most"], ["translated"]),
    ]
    return model(nodes, told=metadata(identifier=identifier, title="Darkening"))


def foreign() -> onnx.ModelProto:
    """Somebody else's: inverts, 0 to 255, channels last, says nothing about itself."""
    node = helper.make_node("Sub", ["white", "pixels"], ["result"])
    return model([node], constants={"white": np.float32(255)}, ends=("pixels", "result"), shape=CHANNELS_LAST)


SIDECAR = """
input = "pixels"
output = "result"
layout = "NHWC"
range = [0, 255]
multiple = 8
title = "Somebody else's"
"""


def translated(network: AnySizeNetwork, picture: Tensor) -> Tensor:
    """A picture (1 x 3 x H x W) through a filter's network, with all the memory that it wants."""
    bands: list[Band] = []
    plan = network.plan(picture.shape[2], picture.shape[3], sys.maxsize)
    for _ in network.translate([TensorSource(picture)], [bands.append], plan, CancelToken()):
        pass
    return np.concatenate(bands, axis=2)


def put(folder: Path, made: onnx.ModelProto, *, name: str | None = None) -> Path:
    """As NAME.onnx (its identifier when nobody gives a name), written beside and renamed as trained filters are."""
    told = {entry.key: entry.value for entry in made.metadata_props}
    path = folder / f"{name or told['pleinair.identifier']}.onnx"
    return put_bytes(path, made.SerializeToString())


def put_bytes(path: Path, contents: bytes) -> Path:
    beside = path.with_name(f".{path.name}.tmp")
    beside.write_bytes(contents)
    beside.replace(path)
    return path


@dataclass(frozen=True)
class RunningApplication:
    """An application whose event loop runs in a thread of its own."""

    application: Application
    loop: asyncio.AbstractEventLoop


@dataclass(frozen=True)
class RunningServer(RunningApplication):
    """One that is reached over gRPC."""

    address: str
    server: GrpcServer

    def do(self, step: Coroutine[Any, Any, None]) -> Future[None]:
        """Runs ``step`` in the server's event loop."""
        return asyncio.run_coroutine_threadsafe(step, self.loop)


@contextmanager
def running_server(filters: Path, **options: Any) -> Iterator[RunningServer]:
    """A real server on a free port, in this process. Options are those of ServerConfig, and ``trainer``."""
    with _loop_in_a_thread() as loop:
        application, server, address = asyncio.run_coroutine_threadsafe(_served(filters, options), loop).result(60)
        try:
            yield RunningServer(application, loop, address, server)
        finally:
            asyncio.run_coroutine_threadsafe(server.stop(), loop).result(60)


@contextmanager
def running_application(filters: Path, **options: Any) -> Iterator[RunningApplication]:
    """One that nothing leads to from outside. Options are those of ServerConfig, and ``trainer``."""
    with _loop_in_a_thread() as loop:
        application = asyncio.run_coroutine_threadsafe(_started(filters, options), loop).result(60)
        try:
            yield RunningApplication(application, loop)
        finally:
            asyncio.run_coroutine_threadsafe(application.stop(), loop).result(60)


@contextmanager
def _loop_in_a_thread() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(60)
        loop.close()


async def _served(filters: Path, options: dict[str, Any]) -> tuple[Application, GrpcServer, str]:
    application = _application(filters, options)
    server = GrpcServer(application)
    return application, server, await server.start()


async def _started(filters: Path, options: dict[str, Any]) -> Application:
    application = _application(filters, options)
    application.start()
    return application


def _application(filters: Path, options: dict[str, Any]) -> Application:
    quick: dict[str, Any] = {"address": "127.0.0.1:0", "provider": Provider.CPU, "threads": 1, "poll": 0.05}
    trainer = options.pop("trainer", None)
    return Application(ServerConfig(filters=filters, **(quick | options)), trainer)
