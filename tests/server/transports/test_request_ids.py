"""The identifier of a call, which its caller and the log share."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2
from pleinair.v1 import filters_pb2
from pleinair.v1 import translation_pb2 as pb

from server.services.filters import FilterService
from tests import factories
from tests.contract.connection import Connection, failing


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    factories.put(tmp_path, factories.identity())
    with factories.running_server(tmp_path) as server, grpc.insecure_channel(server.address) as channel:
        yield Connection(channel, tmp_path)


def ids_of(call: Any) -> list[str]:
    return [value for key, value in call.trailing_metadata() if key == "x-request-id"]


def refused(call: Any) -> grpc.RpcError:
    with pytest.raises(grpc.RpcError) as failure:
        list(call)
    return failure.value


def test_an_answer_has_the_callers_own(connection: Connection) -> None:
    request = filters_pb2.ListFiltersRequest()
    _, call = connection.filters.ListFilters.with_call(request, metadata=(("x-request-id", "studio-12"),))
    assert ids_of(call) == ["studio-12"]


def test_an_answer_has_a_new_one_without(connection: Connection) -> None:
    calls = [connection.filters.ListFilters.with_call(filters_pb2.ListFiltersRequest())[1] for _ in range(2)]
    assert len({*ids_of(calls[0]), *ids_of(calls[1])}) == 2


def test_a_refusal_has_it_too(connection: Connection, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        failure = refused(
            connection.translation.Translate(iter([pb.TranslateRequest()]), metadata=(("x-request-id", "studio-13"),))
        )
    assert ids_of(failure) == ["studio-13"]
    assert any(record.__dict__.get("reason") == "BAD_HEADER" for record in caplog.records)


async def _broken(self: FilterService, request: Any, call: Any) -> Any:
    raise ZeroDivisionError("/secret/path")


async def _unsendable(self: FilterService, request: Any, call: Any) -> Any:
    return Path("/secret/path")


@pytest.mark.parametrize("method", [_broken, _unsendable])
def test_what_nobody_foresaw_is_told_with_it_and_without_details(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: Any
) -> None:
    monkeypatch.setattr(FilterService, "ListFilters", method)
    with factories.running_server(tmp_path) as server, grpc.insecure_channel(server.address) as channel:
        filters = Connection(channel, tmp_path).filters
        with failing() as failures:
            filters.ListFilters(filters_pb2.ListFiltersRequest(), metadata=(("x-request-id", "studio-14"),))
    assert (failures[0].code, failures[0].reason) == ("INTERNAL", "INTERNAL")
    assert failures[0].sentence.endswith("report it to whoever runs it, with the request's identifier studio-14.")


def test_a_call_without_the_token_has_it_too(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("a-token-of-some-length")
    token.chmod(0o600)
    with (
        factories.running_server(tmp_path, token_file=token) as server,
        grpc.insecure_channel(server.address) as channel,
    ):
        connection = Connection(channel, tmp_path)
        with pytest.raises(grpc.RpcError) as failure:
            connection.filters.ListFilters(filters_pb2.ListFiltersRequest(), metadata=(("x-request-id", "studio-15"),))
    assert ids_of(failure.value) == ["studio-15"]


def test_health_has_it_and_lists_every_service(connection: Connection) -> None:
    pb2: Any = health_pb2
    listed, call = connection.health.List.with_call(pb2.HealthListRequest(), metadata=(("x-request-id", "studio-16"),))
    assert ids_of(call) == ["studio-16"]
    assert {"", "pleinair.v1.TranslationService", "inference.GRPCInferenceService"} <= set(listed.statuses)
