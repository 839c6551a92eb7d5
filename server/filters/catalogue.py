"""The filters of one moment, and what changed from one moment to the next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from server.errors import Reason, Refusal
from server.filters.filter_file import Filter

MOST_NAMED = 20


@dataclass(frozen=True)
class Catalogue:
    """Filters by identifier, and the sentence for every file that cannot be served, by name; both in order."""

    filters: Mapping[str, Filter] = field(default_factory=dict)
    rejected: Mapping[str, str] = field(default_factory=dict)

    def find(self, identifier: str) -> Filter:
        """Raises Refusal, which names the filters that exist."""
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
    """CHANGED is the same identifier with another file behind it; of REMOVED this is the filter that is gone."""

    kind: ChangeKind
    filter: Filter


@dataclass(frozen=True)
class Rejection:
    """A file that cannot be served, and the sentence why; without one, a file that could not and is gone or served."""

    file_name: str
    reason: str | None


def changes(old: Catalogue, new: Catalogue) -> Iterator[FilterChange | Rejection]:
    """What leads from one to the other: first what is gone, then what is there, then what is rejected."""
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
