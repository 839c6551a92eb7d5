from __future__ import annotations

import asyncio
import socket
import sys

import pytest

from server.errors import StartProblem
from server.metrics.calls import EndedCall, nobody
from server.metrics.exposition import Exposition
from server.metrics.labels import Labels, size_class
from server.metrics.opening import Metrics, open_metrics
from server.metrics.state import ServerState

NOTHING = ServerState(queues={}, memory_taken=0, memory=0, filters=0, rejected_files=0, trainings={})


def opened(address: str | None, *, insecure: bool = False) -> Metrics:
    async def opening() -> Metrics:
        with open_metrics(address, [], lambda: NOTHING, insecure=insecure) as metrics:
            return metrics

    return asyncio.run(opening())


def test_without_an_address_nobody_listens() -> None:
    assert opened(None) == Metrics(nobody, ())


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0", "192.0.2.7:9464", "studio.example:9464"])
def test_other_machines_read_no_metrics_unless_the_operator_insists(address: str) -> None:
    with pytest.raises(StartProblem, match="neither encrypted nor protected"):
        opened(address)


@pytest.mark.parametrize("address", ["127.0.0.1:0", "localhost:0"])
def test_the_start_says_where_they_are(address: str) -> None:
    (line,) = opened(address).start_lines
    assert line.startswith(f"Metrics are at http://{address.split(':')[0]}:")
    assert not line.endswith(":0/metrics")


def test_an_address_that_is_taken_is_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(StartProblem, match="choose another address"):
        opened(f"127.0.0.1:{other.getsockname()[1]}")


def test_without_the_package_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith(("server.metrics.expo", "server.metrics.listen"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(StartProblem, match=r"pip install 'pleinair\[prometheus\]'"):
        opened("127.0.0.1:0")


@pytest.mark.parametrize(
    ("size", "told"),
    [("1 x 1", "0.1"), ("256 x 256", "0.1"), ("1000 x 1000", "1"), ("1024 x 1024", "4"), ("9000 x 9000", "inf")],
)
def test_sizes_are_few(size: str, told: str) -> None:
    assert size_class(size) == told


@pytest.mark.parametrize("size", ["", "wide", "1x1", "-1 x 5"])
def test_what_is_no_size_counts_with_the_largest(size: str) -> None:
    assert size_class(size) == "inf"


def test_labels_stay_few_whatever_comes() -> None:
    labels = Labels(["known"], most=3)
    assert [labels.of(name) for name in ("a", "b", "c", "a", "known")] == ["a", "b", "other", "a", "known"]


def test_a_thousand_filters_make_no_more_lines_than_fifty() -> None:
    exposition = Exposition([], lambda: NOTHING)
    for number in range(1000):
        exposition.observe(EndedCall("m", "OK", "", 0.1, f"filter{number}", "64 x 64"))
    counted = [sample for family in exposition.registry.collect() for sample in family.samples]
    assert len({sample.labels["filter"] for sample in counted if "filter" in sample.labels}) == 51
