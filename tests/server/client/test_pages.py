"""Lists that come in pages, for scripts."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
import pytest
from pleinair.v1 import filters_pb2, training_pb2

from server.client.channel import CallError
from server.client.trainings import TrainingClient
from server.client.translations import Client


@contextmanager
def answering(service: str, method: str, answer: Callable[[], Any]) -> Iterator[str]:
    """The address of a server that answers a method with these messages."""
    handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(
        lambda request, context: answer().SerializeToString()
    )
    server = grpc.server(ThreadPoolExecutor(1))
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service, {method: handler})])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()


@pytest.mark.parametrize("token", ["again", "{number}"])
def test_a_list_whose_pages_never_end_is_refused(token: str) -> None:
    numbers = itertools.count()

    def filters() -> filters_pb2.ListFiltersResponse:
        return filters_pb2.ListFiltersResponse(next_page_token=token.format(number=next(numbers)))

    def trainings() -> training_pb2.ListTrainingsResponse:
        return training_pb2.ListTrainingsResponse(next_page_token=token.format(number=next(numbers)))

    with (
        answering("pleinair.v1.FilterService", "ListFilters", filters) as address,
        Client(address) as client,
        pytest.raises(CallError, match="The server's list does not end"),
    ):
        client.filters()
    with (
        answering("pleinair.v1.TrainingService", "ListTrainings", trainings) as address,
        TrainingClient(address) as client_of_trainings,
        pytest.raises(CallError, match="The server's list does not end"),
    ):
        list(client_of_trainings.trainings())
