"""ListFilters, GetFilter and WatchFilters: the folder, as callers see it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from pleinair.v1 import filters_pb2 as pb

from tests import factories
from tests.contract.connection import SECONDS, Connect, Connection, failing

Event = pb.WatchFiltersResponse
ALL = ["failing", "foreign", "half", "identity", "inverting", "normalising", "slow", "swapping"]


def listed(connection: Connection, **request: Any) -> pb.ListFiltersResponse:
    return connection.filters.ListFilters(pb.ListFiltersRequest(**request), timeout=SECONDS)


class Watcher:
    """Reads the news, as short texts."""

    def __init__(self, connection: Connection) -> None:
        self.call = connection.filters.WatchFilters(pb.WatchFiltersRequest(), timeout=SECONDS)
        self.texts: Iterator[str] = map(text_of, self.call)

    def next(self, count: int) -> list[str]:
        return [next(self.texts) for _ in range(count)]


def text_of(event: pb.WatchFiltersResponse) -> str:
    name = Event.Event.Name(event.event).removeprefix("EVENT_").lower()
    return f"{name} {event.filter.id or event.rejected_file.file_name}".strip()


def test_filters_are_listed_in_order_with_the_rejected_files(connection: Connection) -> None:
    answer = listed(connection)
    assert [found.id for found in answer.filters] == ALL
    assert [file.file_name for file in answer.rejected_files] == ["truncated.onnx"]
    assert "damaged or half-copied" in answer.rejected_files[0].reason
    assert answer.next_page_token == ""


def test_pages_hold_every_filter_once(connection: Connection) -> None:
    found: list[str] = []
    pages, token = 0, ""
    while pages == 0 or token:
        answer = listed(connection, page_size=3, page_token=token)
        assert bool(answer.rejected_files) == (pages == 0)
        found += [one.id for one in answer.filters]
        pages, token = pages + 1, answer.next_page_token
    assert (found, pages) == (ALL, 3)


def test_a_page_as_long_as_the_list_is_the_last(connection: Connection) -> None:
    assert listed(connection, page_size=len(ALL)).next_page_token == ""


def test_a_token_of_a_filter_that_has_gone_still_holds_its_place(connection: Connection) -> None:
    answer = listed(connection, page_token="ibis")
    assert [found.id for found in answer.filters] == ["identity", "inverting", "normalising", "slow", "swapping"]


def test_a_page_token_from_elsewhere_is_refused(connection: Connection) -> None:
    with failing() as failures:
        listed(connection, page_token="../../etc")
    assert (failures[0].code, failures[0].reason) == ("INVALID_ARGUMENT", "BAD_PAGE_TOKEN")
    assert failures[0].fields == ["page_token"]


def test_a_filter_is_described_whole(connect: Connect, tmp_path: Path) -> None:
    path = factories.put(tmp_path, factories.identity(thumbnail=factories.thumbnail()))
    with connect(tmp_path) as connection:
        found = connection.filters.GetFilter(pb.GetFilterRequest(id="identity")).filter
    assert (found.title, found.description, found.licence) == ("Identity", "A filter for tests.", "Apache-2.0")
    assert (found.source_domain, found.target_domain, found.method) == ("painting", "photo", "cut")
    assert (found.spatial_multiple, found.precision) == (4, pb.PRECISION_FLOAT32)
    assert (found.training.images_seen, found.training.data_fingerprint) == (1200, "0123abcd")
    assert (found.training.package_version, found.training.commit) == ("0.1.0", "4bf2e1c")
    assert found.thumbnail.startswith(b"\xff\xd8\xff")
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert found.file_bytes == path.stat().st_size


def test_an_unknown_filter_is_answered_with_those_that_exist(connection: Connection) -> None:
    with failing() as failures:
        connection.filters.GetFilter(pb.GetFilterRequest(id="monet"))
    assert (failures[0].code, failures[0].reason) == ("NOT_FOUND", "FILTER_NOT_FOUND")
    assert failures[0].sentence == f"There is no filter 'monet'; there are {', '.join(ALL)}."


def test_an_empty_folder_is_served_and_said_to_be_empty(connect: Connect, tmp_path: Path) -> None:
    with connect(tmp_path) as connection:
        assert list(listed(connection).filters) == []
        assert Watcher(connection).next(1) == ["synced"]
        with failing() as failures:
            connection.filters.GetFilter(pb.GetFilterRequest(id="monet"))
        assert "there are none in the filters folder" in failures[0].sentence


def test_watchers_are_told_all_that_is_there_and_then_what_changes(connect: Connect, folder: Path) -> None:
    with connect(folder) as connection:
        watchers = [Watcher(connection), Watcher(connection)]
        for watcher in watchers:
            assert watcher.next(3) == ["added identity", "added slow", "synced"]
        factories.put(folder, factories.inverting())
        assert [watcher.next(1) for watcher in watchers] == [["added inverting"]] * 2
        factories.put(folder, factories.swapping(identifier="inverting"))
        assert [watcher.next(1) for watcher in watchers] == [["changed inverting"]] * 2
        factories.put_bytes(folder / "inverting.onnx", b"nonsense")
        assert [watcher.next(1) for watcher in watchers] == [["rejected inverting.onnx"]] * 2
        assert "inverting" in [found.id for found in listed(connection).filters]
        assert Watcher(connection).next(5)[3:] == ["rejected inverting.onnx", "synced"]
        (folder / "inverting.onnx").unlink()
        assert [watcher.next(2) for watcher in watchers] == [["removed inverting", "cleared inverting.onnx"]] * 2


def test_an_added_filter_is_told_whole_and_a_removed_one_by_its_id(connect: Connect, folder: Path) -> None:
    with connect(folder) as connection:
        watch = connection.filters.WatchFilters(pb.WatchFiltersRequest(), timeout=SECONDS)
        added = next(watch)
        assert added.filter == connection.filters.GetFilter(pb.GetFilterRequest(id="identity")).filter
        (folder / "identity.onnx").unlink()
        removed = next(event for event in watch if event.event == Event.EVENT_REMOVED)
        assert removed.filter == pb.Filter(id="identity")


def test_a_watcher_who_does_not_read_blocks_nobody_and_learns_the_last_state(connect: Connect, folder: Path) -> None:
    with connect(folder) as connection:
        idle, busy = Watcher(connection), Watcher(connection)
        idle.next(3)
        busy.next(3)
        for number in range(5):
            factories.put(folder, factories.identity(identifier="new", images_seen=str(number)))
            assert busy.next(1) == ["added new" if number == 0 else "changed new"]
        last = connection.filters.GetFilter(pb.GetFilterRequest(id="new")).filter.sha256
        assert last in (event.filter.sha256 for event in idle.call)


def test_a_watcher_who_leaves_is_forgotten(connect: Connect, folder: Path) -> None:
    with connect(folder) as connection:
        for _ in range(150):  # more than may watch at once
            watcher = Watcher(connection)
            watcher.next(3)
            watcher.call.cancel()
        with pytest.raises(grpc.RpcError):
            next(watcher.call)
        Watcher(connection).next(3)
