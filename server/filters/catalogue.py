"""The filters at one moment, and what changed from one moment to the next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from server.errors import Reason, Refusal
from server.filters.filter_file import Filter

MOST_NAMED = 20


@dataclass(frozen=True)
class Catalogue:
    """Filters by identifier, and by file name the sentences that say why a file cannot be served; both are sorted."""

    filters: Mapping[str, Filter] = field(default_factory=dict)
    rejected: Mapping[str, str] = field(default_factory=dict)

    def find(self, identifier: str) -> Filter:
        """Returns the filter. Raises a Refusal that names the filters that exist."""
        if identifier in self.filters:
            return self.filters[identifier]
        raise Refusal(Reason.FILTER_NOT_FOUND, f"There is no filter {identifier[:64]!r}; {self._existing()}.")

    def _existing(self) -> str:
        names = list(self.filters)
        if not names:
            return "there are none in the filters folder"
        # All of them might not fit the trailer that carries the sentence.
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        return f"there are {', '.join(names[:MOST_NAMED])}{more}"


class ChangeKind(Enum):
    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True)
class FilterChange:
    """A change of one filter. CHANGED means a new file with the same identifier; for REMOVED, ``filter`` is the one
    that is gone."""

    kind: ChangeKind
    filter: Filter


@dataclass(frozen=True)
class Rejection:
    """A file that cannot be served, and the sentence that says why; ``reason`` is None once the file is gone or is
    served."""

    file_name: str
    reason: str | None


def changes(old: Catalogue, new: Catalogue) -> Iterator[FilterChange | Rejection]:
    """Yields the changes from ``old`` to ``new``: first removed filters, then added and changed ones, then rejected
    files."""
    for identifier, gone in old.filters.items():
        if identifier not in new.filters:
            yield FilterChange(ChangeKind.REMOVED, gone)
    for identifier, found in new.filters.items():
        if identifier not in old.filters:
            yield FilterChange(ChangeKind.ADDED, found)
        elif found is not old.filters[identifier]:
            yield FilterChange(ChangeKind.CHANGED, found)
    for file_name in old.rejected:
        if file_name not in new.rejected:
            yield Rejection(file_name, None)
    for file_name, reason in new.rejected.items():
        if old.rejected.get(file_name) != reason:
            yield Rejection(file_name, reason)
