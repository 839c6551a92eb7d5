"""What a plug-in may count on, against the real server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from plugins.client import Cancel, Cancelled, Client, ClientError, Endpoint, Progress
from plugins.client.messages import Summary, WatchFiltersResponse
from tests import factories
from tests.plugins.client.layers import header, pixels_for

AT_ONCE = 2.0  # seconds, on a machine that others use too
SLOW = header("slow", width=1024, height=1024)
LARGE = header("identity", width=2048, height=2048)


@contextmanager
def cancelled_when(client: Client, told: Callable[[Progress], bool]) -> Iterator[list[float]]:
    """Runs the slow filter and cancels it from another thread when ``told`` holds; gives the seconds that it took."""
    cancel, seen, took = Cancel(), threading.Event(), [0.0]

    def end() -> None:
        seen.wait(30)
        took[0] = time.monotonic()
        cancel.cancel()

    def listen(progress: Progress) -> None:
        if told(progress):
            seen.set()

    thread = threading.Thread(target=end)
    thread.start()
    with pytest.raises(Cancelled) as caught:
        client.translate(SLOW, pixels_for(SLOW), cancel=cancel, on_progress=listen)
    took[0] = time.monotonic() - took[0]
    thread.join()
    assert caught.value.code == "CANCELLED"
    yield took


def test_progress_goes_through_its_stages_in_order(client: Client) -> None:
    heard: list[Progress] = []
    client.translate(LARGE, pixels_for(LARGE), on_progress=heard.append)
    stages = [progress.stage for progress in heard]
    order = ["sending", "queued", "translating", "receiving"]
    assert stages == sorted(stages, key=order.index)
    assert {"sending", "translating", "receiving"} <= set(stages)
    for stage in ("sending", "receiving"):
        fractions = [progress.fraction for progress in heard if progress.stage == stage]
        assert all(fraction is not None and 0 <= fraction <= 1 for fraction in fractions)
        assert fractions == sorted(fractions, key=lambda fraction: fraction or 0)


def test_cancelling_wakes_the_call_at_once_and_frees_the_device(folder: Path) -> None:
    with (
        factories.running_server(folder, queue=1) as server,
        Client(Endpoint(server.address)) as client,
        cancelled_when(client, lambda progress: progress.stage == "translating") as took,
    ):
        assert took[0] < AT_ONCE
        assert until_free(client) == b"\xfe\xfe\xfe\x01" * 4


def until_free(client: Client) -> bytes:
    """The server's one place is free a moment after it was told."""
    end = time.monotonic() + 30
    while True:
        try:
            return bytes(client.translate(header(), pixels_for(header())).pixels)
        except ClientError as error:
            if error.reason != "QUEUE_FULL" or time.monotonic() > end:
                raise


def test_what_was_cancelled_before_does_not_begin(client: Client) -> None:
    cancel = Cancel()
    cancel.cancel()
    with pytest.raises(Cancelled):
        client.list_filters(cancel=cancel)


def test_a_failing_listener_ends_the_call_and_the_client_goes_on(client: Client) -> None:
    def fail(progress: Progress) -> None:
        raise RuntimeError("the listener's own")

    with pytest.raises(RuntimeError, match="the listener's own"):
        client.translate(LARGE, pixels_for(LARGE), on_progress=fail)
    assert client.translate(header(), pixels_for(header())).pixels == b"\xfe\xfe\xfe\x01" * 4


def test_a_refusal_of_a_large_picture_leaves_the_client_of_use(client: Client) -> None:
    for _ in range(3):
        layer = header(width=4096, height=4096)
        with pytest.raises(ClientError) as caught:
            client.translate(layer, pixels_for(layer))
        assert caught.value.reason == "PICTURE_TOO_LARGE"
        assert caught.value.sentence == "The picture is larger than the server accepts."
        assert "--max-pixels" in caught.value.remedy
        assert client.health()


def test_a_server_that_was_restarted_between_two_calls_is_not_noticed(folder: Path) -> None:
    with factories.running_server(folder) as server:
        client = Client(Endpoint(server.address))
        assert client.list_filters().filters
    with factories.running_server(folder, address=server.address), client:
        assert client.translate(header(), pixels_for(header())).summary.filter_id == "inverting"


def test_a_server_that_stops_during_a_translation_says_so(folder: Path) -> None:
    with factories.running_server(folder) as server, Client(Endpoint(server.address)) as client:
        stopping = threading.Event()

        def stop(progress: Progress) -> None:
            if progress.stage == "translating" and not stopping.is_set():
                stopping.set()
                server.do(server.server.stop())

        with pytest.raises(ClientError) as caught:
            client.translate(SLOW, pixels_for(SLOW), on_progress=stop)
    assert caught.value.code == "UNAVAILABLE"
    assert "when it is back" in caught.value.remedy


def test_filters_can_be_listed_while_they_are_watched(client: Client) -> None:
    cancel = Cancel()
    events = client.watch_filters(cancel=cancel)
    news = next(events)
    assert (news.event, news.filter and news.filter.id) == (WatchFiltersResponse.Event.ADDED, "failing")
    assert len(client.list_filters().filters) == 4
    told = [news, next(events), next(events), next(events)]
    assert [one.filter.id for one in told if one.filter] == ["failing", "identity", "inverting", "slow"]
    cancel.cancel()
    with pytest.raises(Cancelled):
        list(events)


def test_all_pages_of_a_long_list_come(tmp_path: Path) -> None:
    names = [f"filter{number:03}" for number in range(60)]
    for name in names:
        factories.put(tmp_path, factories.identity(identifier=name))
    with factories.running_server(tmp_path) as server, Client(Endpoint(server.address)) as client:
        assert [found.id for found in client.list_filters().filters] == names


def test_a_healthy_server_is_healthy(client: Client) -> None:
    assert client.health() is True


def test_a_result_larger_than_memory_is_a_sentence(client: Client) -> None:
    with pytest.raises(ClientError) as caught:
        client.translate(header(width=(1 << 32) - 1, height=(1 << 32) - 1), b"")
    assert caught.value.sentence == "There is not enough memory for the result."
    assert caught.value.code == "RESOURCE_EXHAUSTED"


def test_nobody_at_the_address_is_a_sentence_and_a_remedy() -> None:
    with Client(Endpoint("127.0.0.1:1")) as client, pytest.raises(ClientError) as caught:
        client.list_filters()
    assert caught.value.code == "UNAVAILABLE"
    assert str(caught.value) == ("No server answers at 127.0.0.1:1. Start one, or correct the address in the settings.")


def test_a_name_that_is_no_computers_is_a_sentence() -> None:
    with Client(Endpoint("no-such-host.invalid:50051")) as client, pytest.raises(ClientError) as caught:
        client.health()
    assert caught.value.sentence == "There is no computer named “no-such-host.invalid”."


def test_many_clients_at_once_get_their_own_pixels(address: str) -> None:
    results: dict[int, bytes] = {}

    def work(shade: int) -> None:
        with Client(Endpoint(address)) as client:
            layer = header("identity", width=256, height=256)
            results[shade] = bytes(client.translate(layer, bytes([shade, shade, shade, 255]) * (256 * 256)).pixels)

    threads = [threading.Thread(target=work, args=(shade,)) for shade in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {shade: bytes([shade, shade, shade, 255]) * (256 * 256) for shade in range(8)}


def test_a_summary_is_there_even_without_a_listener(client: Client) -> None:
    assert isinstance(client.translate(header(), bytearray(pixels_for(header()))).summary, Summary)
