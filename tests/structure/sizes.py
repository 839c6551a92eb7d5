"""How long files and functions are, of those that people write."""

from __future__ import annotations

import ast
import math
from collections.abc import Collection, Iterator

from tests.structure.sources import Source

Sizes = list[tuple[int, str]]


def file_sizes(sources: Collection[Source]) -> Sizes:
    """Lines and path of each file that is not generated, shortest first."""
    return sorted((source.lines, source.path.as_posix()) for source in sources if not source.is_generated)


def function_sizes(sources: Collection[Source]) -> Sizes:
    """Lines and place of each function in such files, from ``def`` to its end, shortest first."""
    return sorted(size for source in sources if not source.is_generated for size in _functions(source))


def quantile(sizes: Sizes, share: float) -> int:
    """The least number of lines that ``share`` of them, 0 to 1, do not exceed.

    >>> quantile([(1, "a"), (2, "b"), (3, "c"), (40, "d")], 0.75)
    3
    """
    return sizes[max(0, math.ceil(share * len(sizes)) - 1)][0]


def _functions(source: Source) -> Iterator[tuple[int, str]]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            yield node.end_lineno - node.lineno + 1, f"{source.path.as_posix()}:{node.lineno} {node.name}"
