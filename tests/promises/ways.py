"""Every way in which a call that brings pixels can go: served, refused, cancelled, failed or dropped."""

from __future__ import annotations

import io
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
import numpy as np
from PIL import Image
from pleinair.v1 import translation_pb2 as pb

from tests.contract.connection import SECONDS, Connection, chunks_of, frame_of
from tests.contract.inferences import asked
from tests.contract.translations import noise


@dataclass(frozen=True)
class Caller:
    """One who calls the server at ``address``, mostly over the same connection."""

    address: str
    connection: Connection


Way = Callable[[Caller, str, int], None]
"""Makes one call through a filter, with a square picture of so many pixels a side. Raises grpc.RpcError."""


@contextmanager
def calling(address: str) -> Iterator[Caller]:
    """A caller with a connection of its own."""
    with _channel(address) as channel:
        yield Caller(address, Connection(channel, Path()))


def go(way: Way, caller: Caller, filter_id: str, side: int) -> grpc.StatusCode:
    """Makes the call and returns how it ended."""
    try:
        way(caller, filter_id, side)
    except grpc.RpcError as error:
        assert isinstance(error, grpc.Call)
        traceback.clear_frames(error.__traceback__)  # gRPC's errors hold what their callers had, until Python looks
        return error.code()
    return grpc.StatusCode.OK


def served(caller: Caller, filter_id: str, side: int) -> None:
    caller.connection.translate(filter_id, noise(side, side, 3))


def with_alpha_and_preview(caller: Caller, filter_id: str, side: int) -> None:
    pixels = noise(side, side, 4, np.float32)
    first = frame_of(filter_id, pixels)
    first.header.preview_side = side // 2
    caller.connection.send([first, *chunks_of(pixels)])


def encoded(caller: Caller, filter_id: str, side: int) -> None:
    file = io.BytesIO()
    Image.fromarray(noise(side, side, 3)).save(file, "PNG", compress_level=1)
    request = pb.TranslateImageRequest(filter_id=filter_id, image=file.getvalue())
    caller.connection.translation.TranslateImage(request, timeout=SECONDS)


def inferred(caller: Caller, filter_id: str, side: int) -> None:
    pictures = np.stack([noise(side, side, 3)] * 2)
    caller.connection.inference.ModelInfer(asked(filter_id, pictures), timeout=SECONDS)


def inferred_planes(caller: Caller, filter_id: str, side: int) -> None:
    planes = np.zeros((1, 3, side, side), np.float32)
    caller.connection.inference.ModelInfer(asked(filter_id, planes), timeout=SECONDS)


def too_few_pixels(caller: Caller, filter_id: str, side: int) -> None:
    first, *chunks = _frames(filter_id, side)
    caller.connection.send([first, *chunks[:-1]])


def too_many_pixels(caller: Caller, filter_id: str, side: int) -> None:
    caller.connection.send([*_frames(filter_id, side), *chunks_of(noise(side, side, 3))])


def unreadable(caller: Caller, filter_id: str, side: int) -> None:
    request = pb.TranslateImageRequest(filter_id=filter_id, image=bytes(side * side))
    caller.connection.translation.TranslateImage(request, timeout=SECONDS)


def no_such_filter(caller: Caller, filter_id: str, side: int) -> None:
    caller.connection.send(_frames(f"not-{filter_id}", side))


def out_of_time(caller: Caller, filter_id: str, side: int) -> None:
    caller.connection.send(_frames(filter_id, side), timeout=0.004)


def cancelled_while_sending(caller: Caller, filter_id: str, side: int) -> None:
    gone = threading.Event()

    def frames() -> Iterator[pb.TranslateRequest]:
        *most, _ = _frames(filter_id, side)
        yield from most
        gone.wait(SECONDS)

    call = caller.connection.translation.Translate(frames(), timeout=SECONDS)
    threading.Timer(0.005, call.cancel).start()
    try:
        _read(call)
    finally:
        gone.set()


def cancelled_while_computing(caller: Caller, filter_id: str, side: int) -> None:
    call = caller.connection.translation.Translate(_frames(filter_id, side), timeout=SECONDS)
    next(call)
    call.cancel()
    _read(call)


def cancelled_while_reading(caller: Caller, filter_id: str, side: int) -> None:
    call = caller.connection.translation.Translate(_frames(filter_id, side), timeout=SECONDS)
    for frame in call:
        if frame.pixels:
            call.cancel()


def dropped(caller: Caller, filter_id: str, side: int) -> None:
    """With its connection, which ends without a word."""
    with _channel(caller.address) as channel:
        call = Connection(channel, Path()).translation.Translate(_frames(filter_id, side), timeout=SECONDS)
        next(call)
    _read(call)


WAYS: tuple[Way, ...] = (
    served,
    with_alpha_and_preview,
    encoded,
    inferred,
    inferred_planes,
    too_few_pixels,
    too_many_pixels,
    unreadable,
    no_such_filter,
    out_of_time,
    cancelled_while_sending,
    cancelled_while_computing,
    cancelled_while_reading,
    dropped,
)


def _frames(filter_id: str, side: int) -> Iterator[pb.TranslateRequest]:
    pixels = noise(side, side, 3)
    yield frame_of(filter_id, pixels)
    yield from chunks_of(pixels, 1 << 16)


def _read(call: Iterator[pb.TranslateResponse]) -> None:
    for _ in call:
        pass


def _channel(address: str) -> grpc.Channel:
    """Over a connection that no other channel of this process shares."""
    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_receive_message_length", -1)]
    return grpc.insecure_channel(address, options)
