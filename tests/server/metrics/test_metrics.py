"""What a server tells Prometheus, asked over HTTP of a server that works."""

from __future__ import annotations

import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import grpc
import numpy as np
import pytest
from pleinair.v1 import filters_pb2

from server.client import Client, TranslationError
from tests import factories
from tests.processes import ServerProcess
from tests.server.metrics.asking import metered, told

PIXELS = np.zeros((300, 400, 3), np.uint8)
TRANSLATE, LIST = "pleinair.v1.TranslationService/Translate", "pleinair.v1.FilterService/ListFilters"


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ServerProcess, str]]:
    folder = tmp_path_factory.mktemp("filters")
    factories.put(folder, factories.identity())
    (folder / "broken.onnx").write_bytes(b"no filter")
    with metered(folder, "--queue", "5", "--memory", "512MiB", "--training", "off") as found:
        yield found


@pytest.fixture
def server(both: tuple[ServerProcess, str]) -> ServerProcess:
    return both[0]


@pytest.fixture
def url(both: tuple[ServerProcess, str]) -> str:
    return both[1]


def test_calls_are_counted_by_method_and_how_they_end(server: ServerProcess, url: str) -> None:
    before = told(url, "pleinair_calls_total", method=TRANSLATE, status="NOT_FOUND")
    with Client(server.address) as client, pytest.raises(TranslationError):
        client.translate("missing", PIXELS)
    assert told(url, "pleinair_calls_total", method=TRANSLATE, status="NOT_FOUND") == before + 1
    assert told(url, "pleinair_refusals_total", reason="FILTER_NOT_FOUND") >= 1


def test_seconds_are_told_by_filter_and_size(server: ServerProcess, url: str) -> None:
    with Client(server.address) as client:
        client.translate("identity", PIXELS)
        client.translate("identity", PIXELS)
    labels = {"filter": "identity", "megapixels": "0.5"}
    assert told(url, "pleinair_translation_seconds_count", **labels) == 2
    assert 0 < told(url, "pleinair_translation_seconds_sum", **labels) < 20


def test_places_memory_and_filters_are_told_as_they_are(server: ServerProcess, url: str) -> None:
    assert told(url, "pleinair_queue_places", queue="translations") == 5
    assert told(url, "pleinair_memory_bytes") == 512 << 20
    assert (told(url, "pleinair_filters"), told(url, "pleinair_rejected_files")) == (1, 1)
    assert told(url, "process_resident_memory_bytes") > 10 << 20
    with grpc.insecure_channel(server.address) as channel:
        watch = channel.unary_stream(
            "/pleinair.v1.FilterService/WatchFilters",
            request_serializer=filters_pb2.WatchFiltersRequest.SerializeToString,
            response_deserializer=filters_pb2.WatchFiltersResponse.FromString,
        )(filters_pb2.WatchFiltersRequest())
        next(iter(watch))
        assert told(url, "pleinair_queue_taken", queue="filter_watchers") == 1
        watch.cancel()


def test_whoever_connects_and_says_nothing_keeps_nobody_from_asking(url: str) -> None:
    host, port = url.removeprefix("http://").removesuffix("/metrics").split(":")
    idle = [socket.create_connection((host, int(port))) for _ in range(6)]
    try:
        assert told(url, "pleinair_filters") == 1
    finally:
        for one in idle:
            one.close()


@pytest.mark.slow
def test_names_of_methods_that_callers_make_up_are_one(server: ServerProcess, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("a token of sixteen characters".replace(" ", "-"))
    token.chmod(0o600)
    with metered(server.folder, "--token-file", str(token)) as (guarded, url):
        with grpc.insecure_channel(guarded.address) as channel:
            for number in range(5):
                with pytest.raises(grpc.RpcError):
                    channel.unary_unary(f"/made.up/Method{number}", bytes, bytes)(b"")
        assert told(url, "pleinair_calls_total", method="other", status="UNAUTHENTICATED") == 5
        assert b"made.up" not in urllib.request.urlopen(url).read()
        assert told(url, "pleinair_refusals_total", reason="UNAUTHENTICATED") == 5
