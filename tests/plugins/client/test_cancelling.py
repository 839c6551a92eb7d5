"""Cancelling wakes a call wherever it waits."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from h2.events import RequestReceived, StreamReset

from plugins.client import Cancel, Cancelled, Client, Endpoint, codec
from plugins.client.messages import Filter, ListFiltersResponse
from tests.plugins.client.layers import header, pixels_for
from tests.plugins.client.scripted import Peer, ids, request, scripted

AT_ONCE = 2.0  # seconds, on a machine that others use too
LARGE = header(width=2048, height=2048)
ONE_FILTER = codec.encode(ListFiltersResponse(filters=[Filter(id="one")]))


@contextmanager
def cancelled_after(seconds: float) -> Iterator[Cancel]:
    cancel = Cancel()
    timer = threading.Timer(seconds, cancel.cancel)
    timer.start()
    begun = time.monotonic()
    with pytest.raises(Cancelled):
        yield cancel
    assert time.monotonic() - begun < seconds + AT_ONCE
    timer.join()


def test_cancelling_wakes_a_call_that_connects() -> None:
    with socket.socket() as full, socket.socket() as first:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        first.connect(full.getsockname())  # its queue is full now: who comes next is not answered
        with socket.socket() as second:
            second.setblocking(False)
            second.connect_ex(full.getsockname())
            address = f"127.0.0.1:{full.getsockname()[1]}"
            with cancelled_after(0.2) as cancel, Client(Endpoint(address)) as client:
                client.list_filters(cancel=cancel)


def test_cancelling_wakes_a_call_that_waits_and_tells_the_server() -> None:
    resets: list[int] = []

    def script(peer: Peer) -> None:
        peer.greet()
        stream = request(peer)
        assert peer.until(StreamReset).stream_id == stream
        resets.append(peer.number)
        stream = request(peer)
        peer.answer(stream, ONE_FILTER)
        peer.finish(stream)
        peer.until_gone()

    with scripted(script) as address, Client(Endpoint(address)) as client:
        with cancelled_after(0.1) as cancel:
            client.list_filters(cancel=cancel)
        assert ids(client) == ["one"]  # on the same connection
    assert resets == [0]


def test_cancelling_wakes_a_call_whose_pixels_nobody_takes() -> None:
    def script(peer: Peer) -> None:
        peer.greet()
        peer.until(RequestReceived)  # and no window is opened after the first 64 KiB
        peer.until_gone()

    with scripted(script) as address, Client(Endpoint(address)) as client, cancelled_after(0.2) as cancel:
        client.translate(LARGE, pixels_for(LARGE), cancel=cancel)
