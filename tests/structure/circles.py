"""Modules that cannot be understood one after the other, because each imports the others."""

from __future__ import annotations

from collections.abc import Iterator

from tests.structure.imports import Graph


def circles(graph: Graph) -> list[list[str]]:
    """The groups of two or more modules each of which reaches all others of its group; sorted.

    >>> circles({"a": {"b"}, "b": {"c"}, "c": {"b"}})
    [['b', 'c']]
    """
    reached = {module: set(_reached(graph, module)) for module in graph}
    groups = {
        frozenset(other for other in reached[module] if module in reached[other])
        for module in graph
        if module in reached[module]
    }
    return sorted(map(sorted, groups))


def _reached(graph: Graph, start: str) -> Iterator[str]:
    """The modules that ``start`` imports, directly or through others; itself only when a way leads back to it."""
    seen: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        module = waiting.pop()
        if module in graph and module not in seen:
            seen.add(module)
            yield module
            waiting += graph[module]
