"""Lists that come in pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeVar

from server.client.channel import CallError

MOST_PAGES = 500  # more than any server of ours has


class _Page(Protocol):
    @property
    def next_page_token(self) -> Any: ...


Page = TypeVar("Page", bound=_Page)


def pages(ask: Callable[[str], Page], kind: type[CallError]) -> Iterator[Page]:
    """Yields a list's pages; ``ask`` gets each by its token. Raises an error of this kind when they do not end."""
    token, asked = "", set[str]()
    while token not in asked and len(asked) < MOST_PAGES:
        asked.add(token)
        page = ask(token)
        yield page
        token = str(page.next_page_token)
        if not token:
            return
    raise kind(
        "The server's list does not end; check whether the address is a Pleinair server's.", code="UNIMPLEMENTED"
    )
