"""Labels of which there are never many, whatever callers and files are named."""

from __future__ import annotations

from collections.abc import Iterable

OTHER = "other"
MEGAPIXELS = (0.1, 0.5, 1, 4, 16, 64)


class Labels:
    """Those that are ``known``, and the first ones that come until there are ``most``; all else is "other"."""

    def __init__(self, known: Iterable[str] = (), most: int = 0) -> None:
        self._known = set(known)
        self._most = most

    def of(self, name: str) -> str:
        """The label for a name."""
        if name not in self._known and len(self._known) < self._most:
            self._known.add(name)
        return name if name in self._known else OTHER


def size_class(size: str) -> str:
    """The least of MEGAPIXELS that WIDTH x HEIGHT does not exceed, such as "0.5"; "inf" for more, and for what is no
    size."""
    width, _, height = size.partition(" x ")
    if not (width.isdecimal() and height.isdecimal()):
        return "inf"
    return next((f"{most:g}" for most in MEGAPIXELS if int(width) * int(height) <= most * 1e6), "inf")
