"""FilterService: lists filters, describes one, reports changes."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Iterator

from pleinair.v1 import filters_pb2
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
from server.filters.catalogue import Catalogue, ChangeKind, FilterChange, Rejection, changes
from server.filters.folder import FilterFolder
from server.services.endpoint import CallContext, Entrance
from server.services.filter_pages import filter_page
from server.wire.translations import filter_message, rejected_message

_EVENTS = {
    ChangeKind.ADDED: WatchFiltersResponse.EVENT_ADDED,
    ChangeKind.CHANGED: WatchFiltersResponse.EVENT_CHANGED,
    ChangeKind.REMOVED: WatchFiltersResponse.EVENT_REMOVED,
}


class FilterService:
    """Serves what is in ``folder``; ``watchers`` limits how many calls may watch it at once."""

    descriptor = filters_pb2.DESCRIPTOR.services_by_name["FilterService"]

    def __init__(self, folder: FilterFolder, watchers: Admission) -> None:
        self._folder = folder
        self.entrances = {"WatchFilters": Entrance(watchers)}

    async def ListFilters(self, request: ListFiltersRequest, call: CallContext) -> ListFiltersResponse:
        return filter_page(self._folder.catalogue, request)

    async def GetFilter(self, request: GetFilterRequest, call: CallContext) -> GetFilterResponse:
        return GetFilterResponse(filter=filter_message(self._folder.find(request.id)))

    async def WatchFilters(
        self, request: WatchFiltersRequest, call: CallContext
    ) -> AsyncGenerator[WatchFiltersResponse, None]:
        told: Catalogue | None = None
        async with contextlib.aclosing(self._folder.follow()) as catalogues:
            async for catalogue in catalogues:
                for response in _news(told, catalogue):
                    yield response
                told = catalogue


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
    whole = change.kind is not ChangeKind.REMOVED
    message = filter_message(change.filter) if whole else Filter(id=change.filter.identifier)
    return WatchFiltersResponse(event=_EVENTS[change.kind], filter=message)
