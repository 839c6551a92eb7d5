"""The filters as a table for a terminal."""

from collections.abc import Iterable, Sequence

from pleinair.v1.filters_pb2 import Filter, RejectedFile

from server.logs.escaping import printable

_HEADINGS = ("id", "title", "from -> to", "method", "size")


def filter_table(filters: Sequence[Filter], rejected: Iterable[RejectedFile]) -> str:
    """A table with one line for each filter, then one line for each file that is not served, with the reason; whatever
    the server says is printable in it."""
    rows = [_HEADINGS, *(tuple(map(printable, _row(found))) for found in filters)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    refusals = [printable(f"{file.file_name} is not served: {file.reason}") for file in rejected]
    return "\n".join((lines if filters else ["There are no filters."]) + refusals)


def _row(found: Filter) -> tuple[str, ...]:
    domains = f"{found.source_domain or '?'} -> {found.target_domain or '?'}"
    return found.id, found.title, domains, found.method, _size(found.file_bytes)


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.1f} kB"
