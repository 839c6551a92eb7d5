"""Whatever a folder holds, its list comes whole, in pages that every gRPC client takes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pleinair.common.limits import LARGEST_THUMBNAIL, LONGEST_TEXT
from pleinair.v1.filters_pb2 import ListFiltersRequest, ListFiltersResponse

from server.engine.backend import open_backend
from server.engine.provider import Provider
from server.filters.catalogue import Catalogue
from server.filters.filter_file import Filter, read_filter
from server.services.filter_pages import filter_page
from tests import factories

MOST_BYTES = 4 << 20  # that a client takes, if nobody tells it otherwise


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Filter:
    path = factories.put(tmp_path_factory.mktemp("filters"), factories.identity())
    return read_filter(path, open_backend(Provider.CPU, threads=1))


def wordy(plain: Filter, count: int) -> dict[str, Filter]:
    """Filters with the longest texts and the largest thumbnails."""
    longest = "\N{GRINNING FACE}" * LONGEST_TEXT
    heavy = replace(
        plain.description,
        title=longest,
        description=longest,
        source_domain=longest,
        target_domain=longest,
        licence=longest,
        commit=longest,
        thumbnail=bytes(LARGEST_THUMBNAIL),
    )
    names = [f"filter{number:03}" for number in range(count)]
    return {name: replace(plain, description=replace(heavy, identifier=name)) for name in names}


def refused(count: int) -> dict[str, str]:
    return {f"{number:04}.onnx": "\N{GRINNING FACE}" * 1000 for number in range(count)}


def pages(catalogue: Catalogue, size: int = 200) -> list[ListFiltersResponse]:
    """All of them, each small enough to be received."""
    found = [filter_page(catalogue, ListFiltersRequest(page_size=size))]
    while found[-1].next_page_token:
        request = ListFiltersRequest(page_size=size, page_token=found[-1].next_page_token)
        found.append(filter_page(catalogue, request))
    assert all(page.ByteSize() < MOST_BYTES for page in found)
    return found


@pytest.mark.parametrize(("filters", "files"), [(0, 0), (0, 700), (1, 201), (60, 0), (60, 1), (60, 700), (3, 700)])
def test_a_list_of_heavy_parts_comes_whole(plain: Filter, filters: int, files: int) -> None:
    catalogue = Catalogue(wordy(plain, filters), refused(files))
    told = pages(catalogue)
    assert [one.id for page in told for one in page.filters] == list(catalogue.filters)
    assert {one.file_name: one.reason for page in told for one in page.rejected_files} == catalogue.rejected
    assert sum(len(page.rejected_files) for page in told) == files


def test_small_pages_tell_each_refused_file_once(plain: Filter) -> None:
    catalogue = Catalogue(wordy(plain, 7), {"a.onnx": "It is empty."})
    told = pages(catalogue, size=2)
    assert [len(page.filters) for page in told] == [2, 2, 2, 1]
    assert [len(page.rejected_files) for page in told] == [1, 0, 0, 0]


def test_a_page_holds_its_place_while_files_come_and_go() -> None:
    before = refused(500)
    first = filter_page(Catalogue({}, before), ListFiltersRequest())
    last = first.rejected_files[-1].file_name
    after = {name: why for name, why in before.items() if name != last} | {"zzzz.onnx": "It is empty."}
    names = [one.file_name for one in first.rejected_files]
    token = first.next_page_token
    while token:
        page = filter_page(Catalogue({}, dict(sorted(after.items()))), ListFiltersRequest(page_token=token))
        names += [one.file_name for one in page.rejected_files]
        token = page.next_page_token
    assert names == [*before, "zzzz.onnx"]
