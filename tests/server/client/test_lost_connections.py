"""What proxies, and a server that dies, make of a call: for scripts as for the plug-ins, the connection was lost."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import grpc
import numpy as np
import pytest
from google.protobuf.message import Message
from pleinair.v1 import training_pb2 as pb

from plugins.client import ConnectionLost
from server.client.channel import CallError
from server.client.trainings import TrainingClient, TrainingError
from server.client.translations import Client, TranslationError
from tests.plugins.client.scripted import Peer, failure, request, scripted

Act = Callable[[Peer, int], None]


def without_status(peer: Peer, stream: int) -> None:
    peer.h2.end_stream(stream)


def without_status_in_trailers(peer: Peer, stream: int) -> None:
    peer.h2.send_headers(stream, [("server", "proxy")], end_stream=True)


def cancelled(peer: Peer, stream: int) -> None:
    peer.h2.send_headers(stream, [("grpc-status", "1")], end_stream=True)


def reset(code: int) -> Act:
    return lambda peer, stream: peer.h2.reset_stream(stream, code)


def closed(peer: Peer, stream: int) -> None:
    peer.hang_up()


LOST = [without_status, without_status_in_trailers, cancelled, *map(reset, (0, 2, 7, 8, 11)), closed]


def breaking(*acts: Act) -> Callable[[Peer], None]:
    """Answers each of a connection's calls with the headers alone, and then does this."""

    def script(peer: Peer) -> None:
        peer.greet()
        for act in acts:
            stream = request(peer)
            peer.answer(stream)
            act(peer, stream)
            with contextlib.suppress(OSError):
                peer.send()
        peer.until_gone()

    return script


def translate(address: str) -> object:
    with Client(address) as client:
        return client.translate("any", np.zeros((2, 2, 3), np.uint8), timeout=20)


def list_filters(address: str) -> object:
    with Client(address) as client:
        return client.filters()


def watch(address: str) -> object:
    with TrainingClient(address) as client:
        return list(client.watch("etretat-3f9a"))


@pytest.mark.parametrize("act", LOST)
@pytest.mark.parametrize("call", [translate, list_filters, watch])
def test_a_call_that_breaks_off_is_a_lost_connection(act: Act, call: Callable[[str], object]) -> None:
    with scripted(breaking(act)) as address, pytest.raises((TranslationError, TrainingError)) as caught:
        call(address)
    assert isinstance(caught.value, CallError)
    assert (caught.value.code, caught.value.reason) == ("UNAVAILABLE", None)
    assert caught.value.sentence == (
        f"The connection to the server at {address} was lost; the server may have been stopped or restarted: try again"
        " when it is back."
    )


@pytest.mark.parametrize("act", LOST)
def test_the_plug_ins_client_says_the_same(act: Act) -> None:
    with scripted(breaking(act)) as address:
        error = failure(address)
    assert isinstance(error, ConnectionLost)
    assert error.code == "UNAVAILABLE"


@pytest.mark.parametrize("code", [grpc.StatusCode.UNKNOWN, grpc.StatusCode.INTERNAL, grpc.StatusCode.ABORTED])
def test_a_failure_that_the_server_told_is_none(code: grpc.StatusCode) -> None:
    def fail(peer: Peer, stream: int) -> None:
        peer.finish(stream, code.value[0])

    with scripted(breaking(fail)) as address, pytest.raises(TranslationError) as caught:
        list_filters(address)
    assert (
        caught.value.sentence
        == f"The server at {address} failed ({code.name}); try again, and report it to whoever runs it."
    )


@pytest.mark.parametrize("act", [cancelled, without_status, reset(2)])
def test_a_training_is_asked_for_again_when_the_connection_breaks_off(act: Act) -> None:
    def start(peer: Peer, stream: int) -> None:
        answer(peer, stream, pb.StartTrainingResponse(job=pb.TrainingJob(id="etretat-3f9a")))

    with scripted(breaking(act, start)) as address, TrainingClient(address) as client:
        assert client.start([], [], title="Étretat").id == "etretat-3f9a"


@pytest.mark.parametrize("act", [cancelled, without_status, reset(2)])
def test_a_training_is_followed_further_when_the_connection_breaks_off(act: Act) -> None:
    def tell(peer: Peer, stream: int) -> None:
        answer(peer, stream, pb.WatchTrainingResponse(job=pb.TrainingJob(state=pb.TRAINING_STATE_FINISHED)))

    lost: list[TrainingError] = []
    with scripted(breaking(act, tell)) as address, TrainingClient(address) as client:
        news = list(client.follow("etretat-3f9a", on_lost=lost.append, retry_seconds=0))
    assert [one.job.state for one in news] == [pb.TRAINING_STATE_FINISHED]
    assert [error.code for error in lost] == ["UNAVAILABLE"]


def answer(peer: Peer, stream: int, message: Message) -> None:
    data = message.SerializeToString()
    peer.h2.send_data(stream, b"\0" + len(data).to_bytes(4, "big") + data)
    peer.finish(stream)
