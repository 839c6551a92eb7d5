"""Prints the figures by which the size of our files and functions is judged: ``python -m tests.structure``."""

from __future__ import annotations

from collections.abc import Iterator

from tests.structure.sizes import Sizes, file_sizes, function_sizes, quantile
from tests.structure.sources import read_sources

_LARGEST = 5


def main() -> None:
    sources = read_sources()
    for line in (*_table("files", file_sizes(sources)), *_table("functions", function_sizes(sources))):
        print(line)


def _table(what: str, sizes: Sizes) -> Iterator[str]:
    yield f"{len(sizes)} {what}: median {quantile(sizes, 0.5)} lines, 95th percentile {quantile(sizes, 0.95)}; largest:"
    yield from (f"{lines:6} {place}" for lines, place in reversed(sizes[-_LARGEST:]))


if __name__ == "__main__":
    main()
