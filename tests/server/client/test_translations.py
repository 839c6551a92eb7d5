"""The client's own promises, against real gRPC servers that are scripted to do what a good server never does. That it
and the real server agree is shown in test_translators."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import Any

import grpc
import numpy as np
import pytest
from google.rpc import status_pb2
from pleinair.v1 import filters_pb2, translation_pb2

from server.client.translations import Client, TranslationError

Requests = Iterator[translation_pb2.TranslateRequest]
Replies = Iterator[translation_pb2.TranslateResponse]

PIXELS = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)


def two_pages(request: filters_pb2.ListFiltersRequest, context: Any) -> filters_pb2.ListFiltersResponse:
    if request.page_token == "second":
        return filters_pb2.ListFiltersResponse(
            filters=[filters_pb2.Filter(id="c")],
            rejected_files=[filters_pb2.RejectedFile(file_name="y.onnx", reason="So is it.")],
        )
    return filters_pb2.ListFiltersResponse(
        filters=[filters_pb2.Filter(id="a", thumbnail=bytes(5 << 20)), filters_pb2.Filter(id="b")],
        next_page_token="second",
        rejected_files=[filters_pb2.RejectedFile(file_name="x.onnx", reason="It is broken.")],
    )


def echo(requests: Requests, context: Any) -> Replies:
    for request in requests:
        if request.WhichOneof("frame") == "pixels":
            yield translation_pb2.TranslateResponse(pixels=request.pixels)
    yield translation_pb2.TranslateResponse(summary=translation_pb2.Summary(filter_id="echo"))


def one_byte(requests: Requests, context: Any) -> Replies:
    yield translation_pb2.TranslateResponse(pixels=b"x")


def many_bytes(requests: Requests, context: Any) -> Replies:
    yield translation_pb2.TranslateResponse(pixels=bytes(25))


@contextmanager
def scripted(translate: Callable[[Requests, Any], Replies] = echo) -> Iterator[Client]:
    server = grpc.server(ThreadPoolExecutor(2))
    filters = grpc.unary_unary_rpc_method_handler(
        two_pages, filters_pb2.ListFiltersRequest.FromString, filters_pb2.ListFiltersResponse.SerializeToString
    )
    translation = grpc.stream_stream_rpc_method_handler(
        translate, translation_pb2.TranslateRequest.FromString, translation_pb2.TranslateResponse.SerializeToString
    )
    server.add_generic_rpc_handlers(
        [
            grpc.method_handlers_generic_handler("pleinair.v1.FilterService", {"ListFilters": filters}),
            grpc.method_handlers_generic_handler("pleinair.v1.TranslationService", {"Translate": translation}),
        ]
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        with Client(f"127.0.0.1:{port}") as client:
            yield client
    finally:
        server.stop(None).wait()


def failure(client: Client, **options: Any) -> TranslationError:
    with pytest.raises(TranslationError) as caught:
        client.translate("any", PIXELS, **options)
    return caught.value


def test_filters_come_from_all_pages_however_heavy() -> None:
    with scripted() as client:
        assert [found.id for found in client.filters()] == ["a", "b", "c"]


def test_rejected_files_come_from_all_pages_with_their_reasons() -> None:
    with scripted() as client:
        told = [(file.file_name, file.reason) for file in client.rejected_files()]
    assert told == [("x.onnx", "It is broken."), ("y.onnx", "So is it.")]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, ">u2", ">f4"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_any_array_that_the_wire_carries_comes_back_in_its_shape(dtype: Any, channels: int) -> None:
    pixels = np.arange(6 * channels).reshape(3, 2, channels).astype(dtype).swapaxes(0, 1)
    with scripted() as client:
        result, _ = client.translate("echo", pixels)
    np.testing.assert_array_equal(result, pixels)
    assert result.dtype == pixels.dtype.newbyteorder("=")


def test_a_large_picture_travels_in_several_chunks() -> None:
    sizes: list[int] = []

    def measure(requests: Requests, context: Any) -> Replies:
        for reply in echo(requests, context):
            sizes.append(len(reply.pixels))
            yield reply

    with scripted(measure) as client:
        client.translate("echo", np.zeros((700, 1000, 3), np.uint8))
    assert sizes == [262_500] * 8 + [0]


@pytest.mark.parametrize("pixels", [np.zeros((2, 2)), np.zeros((2, 2, 5), np.uint8), np.zeros((0, 2, 3), np.uint8)])
def test_an_array_of_another_shape_is_refused_before_the_wire(pixels: Any) -> None:
    with scripted() as client, pytest.raises(ValueError, match="height x width x 1 to 4 channels"):
        client.translate("echo", pixels)


def test_an_array_of_another_type_is_refused_before_the_wire() -> None:
    with (
        scripted() as client,
        pytest.raises(ValueError, match="uint8, uint16, float16 or float32, and these are int64"),
    ):
        client.translate("echo", np.zeros((2, 2, 3), np.int64))


@pytest.mark.parametrize(("translate", "word"), [(one_byte, "fewer"), (many_bytes, "more")])
def test_an_answer_of_another_length_is_an_error(translate: Any, word: str) -> None:
    with scripted(translate) as client:
        error = failure(client)
    assert (error.code, error.reason) == ("DATA_LOSS", None)
    assert f"sent {word} pixels" in error.sentence


def test_an_address_where_nobody_answers_is_named_with_what_to_do(free_address: str) -> None:
    with Client(free_address) as client:
        error = failure(client)
    assert error.code == "UNAVAILABLE"
    assert error.sentence == (
        f"No server answers at {free_address}; check the address, or start one with"
        f" python -m server --address {free_address}."
    )


def test_another_kind_of_server_is_called_that() -> None:
    server = grpc.server(ThreadPoolExecutor(1))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with Client(f"127.0.0.1:{port}") as client:
        assert "is not a Pleinair server" in failure(client).sentence
    server.stop(None).wait()


def test_a_fault_without_a_reason_keeps_its_text_from_people() -> None:
    def fail(requests: Requests, context: grpc.ServicerContext) -> Replies:
        context.abort(grpc.StatusCode.UNKNOWN, "Traceback: /home/someone/secret.py")
        yield from ()

    with scripted(fail) as client:
        error = failure(client)
    assert error.code == "UNKNOWN"
    assert error.sentence.endswith("failed (UNKNOWN); try again, and report it to whoever runs it.")


def test_a_status_that_crosses_the_calls_own_end_is_told_as_that_end() -> None:
    """As when the deadline passes while a refusal is on its way."""

    def fail(requests: Requests, context: grpc.ServicerContext) -> Replies:
        refusal = status_pb2.Status(code=grpc.StatusCode.INVALID_ARGUMENT.value[0], message="A refusal.")
        context.set_trailing_metadata((("grpc-status-details-bin", refusal.SerializeToString()),))
        context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "too late")
        yield from ()

    with scripted(fail) as client:
        error = failure(client)
    assert (error.code, error.reason) == ("DEADLINE_EXCEEDED", None)


def hang(requests: Requests, context: grpc.ServicerContext) -> Replies:
    yield translation_pb2.TranslateResponse(progress=translation_pb2.Progress(queue_position=3))
    ended = Event()
    if context.add_callback(ended.set):
        ended.wait()


def test_the_timeout_ends_a_translation() -> None:
    with scripted(hang) as client:
        error = failure(client, timeout=0.3)
    assert (error.code, error.reason) == ("DEADLINE_EXCEEDED", None)
    assert "took longer than the timeout" in error.sentence


def test_an_interruption_cancels_the_call_on_the_server() -> None:
    ended = Event()

    def watch(requests: Requests, context: grpc.ServicerContext) -> Replies:
        context.add_callback(ended.set)
        return hang(requests, context)

    def interrupt(progress: translation_pb2.Progress) -> None:
        raise KeyboardInterrupt

    with scripted(watch) as client:
        with pytest.raises(KeyboardInterrupt):
            client.translate("any", PIXELS, on_progress=interrupt)
        assert ended.wait(10)
