"""FilterService on grpc.aio."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import grpc
from pleinair.common.identifiers import is_identifier
from pleinair.v1 import filters_pb2_grpc
from pleinair.v1.filters_pb2 import (
    Filter,
    GetFilterRequest,
    GetFilterResponse,
    ListFiltersRequest,
    ListFiltersResponse,
    WatchFiltersRequest,
    WatchFiltersResponse,
)

from server.admission import Admission
from server.errors import Reason, Refusal
from server.filters.catalogue import Catalogue, FilterChange, Kind, Rejection, changes
from server.filters.folder import FilterFolder
from server.wire.status import refusals_as_status
from server.wire.translations import filter_message, rejected_message

PAGE_SIZE = 50
LARGEST_PAGE = 200

_EVENTS = {
    Kind.ADDED: WatchFiltersResponse.EVENT_ADDED,
    Kind.CHANGED: WatchFiltersResponse.EVENT_CHANGED,
    Kind.REMOVED: WatchFiltersResponse.EVENT_REMOVED,
}


class FilterService(filters_pb2_grpc.FilterServiceServicer):
    """``watchers`` says how many may watch at once."""

    def __init__(self, folder: FilterFolder, watchers: Admission) -> None:
        self._folder = folder
        self._watchers = watchers

    async def ListFilters(
        self, request: ListFiltersRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> ListFiltersResponse:
        async with refusals_as_status(context):
            return _page(self._folder.catalogue, request)

    async def GetFilter(
        self, request: GetFilterRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> GetFilterResponse:
        async with refusals_as_status(context):
            return GetFilterResponse(filter=filter_message(self._folder.find(request.id)))

    async def WatchFilters(  # type: ignore[override]
        self, request: WatchFiltersRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> None:
        async with refusals_as_status(context), self._watchers.admit(context.time_remaining()):
            told: Catalogue | None = None
            async for catalogue in self._folder.follow():
                for response in _news(told, catalogue):
                    await context.write(response)
                told = catalogue


def _page(catalogue: Catalogue, request: ListFiltersRequest) -> ListFiltersResponse:
    """The page token is the last identifier of the page before, so pages hold while the folder changes."""
    token = request.page_token
    if token and not is_identifier(token):
        raise Refusal(
            Reason.BAD_PAGE_TOKEN,
            "The page token is not from an answer of this server; leave it empty for the first page.",
            field="page_token",
        )
    size = min(request.page_size or PAGE_SIZE, LARGEST_PAGE)
    rest = [found for identifier, found in catalogue.filters.items() if identifier > token]
    return ListFiltersResponse(
        filters=[filter_message(found) for found in rest[:size]],
        next_page_token=rest[size - 1].identifier if len(rest) > size else "",
        rejected_files=[] if token else [rejected_message(*item) for item in catalogue.rejected.items()],
    )


def _news(told: Catalogue | None, now: Catalogue) -> Iterator[WatchFiltersResponse]:
    if told is None:
        yield from map(_response, changes(Catalogue(), now))
        yield WatchFiltersResponse(event=WatchFiltersResponse.EVENT_SYNCED)
    else:
        yield from map(_response, changes(told, now))


def _response(change: FilterChange | Rejection) -> WatchFiltersResponse:
    if isinstance(change, Rejection):
        event = WatchFiltersResponse.EVENT_REJECTED if change.reason else WatchFiltersResponse.EVENT_CLEARED
        return WatchFiltersResponse(event=event, rejected_file=rejected_message(change.file_name, change.reason or ""))
    whole = change.kind is not Kind.REMOVED
    message = filter_message(change.filter) if whole else Filter(id=change.filter.identifier)
    return WatchFiltersResponse(event=_EVENTS[change.kind], filter=message)
