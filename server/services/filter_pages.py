"""The list of filters, and of the files that are none, in pages that fit in a message."""

from __future__ import annotations

from pleinair.common.identifiers import is_identifier
from pleinair.v1.filters_pb2 import ListFiltersRequest, ListFiltersResponse

from server.errors import Reason, Refusal
from server.filters.catalogue import Catalogue
from server.services.pages import LARGEST_PAGE, PAGE_SIZE, fitting
from server.wire.translations import filter_message, rejected_message

# Together below the 4 MiB that gRPC's clients take.
_FILTERS_BYTES = 5 << 19
_REJECTED_BYTES = 1 << 20


def filter_page(catalogue: Catalogue, request: ListFiltersRequest) -> ListFiltersResponse:
    """One page of the list. Its token is the last identifier before it, and while there are more rejected files a slash
    and the last name of those: pages hold while the folder changes. Raises a Refusal for another token."""
    identifier, more, file_name = _place(request.page_token)
    filters = [found for name, found in catalogue.filters.items() if name > identifier]
    told = fitting(map(filter_message, filters), min(request.page_size or PAGE_SIZE, LARGEST_PAGE), _FILTERS_BYTES)
    files = [(name, why) for name, why in catalogue.rejected.items() if name > file_name] if more else []
    rejected = fitting((rejected_message(*file) for file in files), LARGEST_PAGE, _REJECTED_BYTES)
    token = ""
    if len(told) < len(filters) or len(rejected) < len(files):
        token = told[-1].id if told else identifier
    if len(rejected) < len(files):
        token += f"/{rejected[-1].file_name}"
    return ListFiltersResponse(filters=told, next_page_token=token, rejected_files=rejected)


def _place(token: str) -> tuple[str, bool, str]:
    """The last identifier that was told, whether there are more rejected files, and the last of those that was told."""
    identifier, slash, file_name = token.partition("/")
    if identifier and not is_identifier(identifier):
        raise Refusal(
            Reason.BAD_PAGE_TOKEN,
            "This server did not give out this page token; leave it empty for the first page.",
            field="page_token",
        )
    return identifier, bool(slash) or not token, file_name
