"""FilterService over grpc.aio."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import aclosing

from pleinair.v1 import filters_pb2 as pb
from pleinair.v1 import filters_pb2_grpc

from server.errors import Reason, Refusal
from server.filter_file import IDENTIFIER, LoadedFilter
from server.filters import FilterFolder, Snapshot
from server.services.answering import Context, answering

PAGE_SIZE, LARGEST_PAGE = 50, 200
Event = pb.WatchFiltersResponse


class FilterService(filters_pb2_grpc.FilterServiceServicer):
    def __init__(self, folder: FilterFolder, *, deadline: float) -> None:
        self._folder = folder
        self._deadline = deadline

    async def ListFilters(self, request: pb.ListFiltersRequest, context: Context) -> pb.ListFiltersResponse:
        async with answering(context, seconds=self._deadline):
            return page(self._folder.snapshot, request)
        raise AssertionError("answering ends the call")

    async def GetFilter(self, request: pb.GetFilterRequest, context: Context) -> pb.GetFilterResponse:
        async with answering(context, seconds=self._deadline):
            return pb.GetFilterResponse(filter=to_message(self._folder.get(request.id)))
        raise AssertionError("answering ends the call")

    async def WatchFilters(  # type: ignore[override]
        self, request: pb.WatchFiltersRequest, context: Context
    ) -> None:
        async with answering(context, seconds=None):
            told: Snapshot | None = None
            async with aclosing(self._folder.snapshots()) as snapshots:
                async for snapshot in snapshots:
                    for event in _events(told or Snapshot(), snapshot):
                        await context.write(event)
                    if told is None:
                        await context.write(Event(event=Event.EVENT_SYNCED))
                    told = snapshot
            raise Refusal(Reason.SHUTTING_DOWN, "The server is shutting down; watch again when it is back.")


def page(snapshot: Snapshot, request: pb.ListFiltersRequest) -> pb.ListFiltersResponse:
    """The page after the one that ended with the token's filter. Raises Refusal BAD_PAGE_TOKEN."""
    token = request.page_token
    if token and not IDENTIFIER.fullmatch(token):
        raise Refusal(Reason.BAD_PAGE_TOKEN, "The page token is not from this server; leave it empty.")
    size = min(request.page_size or PAGE_SIZE, LARGEST_PAGE)
    rest = [loaded for identifier, loaded in snapshot.filters.items() if identifier > token]
    return pb.ListFiltersResponse(
        filters=[to_message(loaded) for loaded in rest[:size]],
        next_page_token=rest[size - 1].info.id if len(rest) > size else "",
        rejected_files=[] if token else rejected_messages(snapshot),
    )


def rejected_messages(snapshot: Snapshot) -> list[pb.RejectedFile]:
    return [pb.RejectedFile(file_name=name, reason=reason) for name, reason in snapshot.rejected.items()]


def precision(half: bool) -> pb.Precision.ValueType:
    return pb.PRECISION_FLOAT16 if half else pb.PRECISION_FLOAT32


def to_message(loaded: LoadedFilter) -> pb.Filter:
    info = loaded.info
    return pb.Filter(
        id=info.id,
        title=info.title,
        description=info.description,
        source_domain=info.source_domain,
        target_domain=info.target_domain,
        method=info.method,
        spatial_multiple=info.spatial_multiple,
        precision=precision(loaded.session.half),
        licence=info.licence,
        training=pb.Training(
            images_seen=info.images_seen,
            data_fingerprint=info.data_fingerprint,
            package_version=info.package_version,
            commit=info.commit,
        ),
        thumbnail=info.thumbnail,
        sha256=info.sha256,
        file_bytes=info.file_bytes,
    )


def _events(before: Snapshot, now: Snapshot) -> Iterator[Event]:
    """What happened between two states, removals first so that an identifier is free before it comes again."""
    for identifier in before.filters.keys() - now.filters.keys():
        yield Event(event=Event.EVENT_REMOVED, filter=pb.Filter(id=identifier))
    for identifier, loaded in now.filters.items():
        old = before.filters.get(identifier)
        if old is None:
            yield Event(event=Event.EVENT_ADDED, filter=to_message(loaded))
        elif old.info != loaded.info:
            yield Event(event=Event.EVENT_CHANGED, filter=to_message(loaded))
    for name, reason in now.rejected.items():
        if before.rejected.get(name) != reason:
            rejected = pb.RejectedFile(file_name=name, reason=reason)
            yield Event(event=Event.EVENT_REJECTED, rejected_file=rejected)
