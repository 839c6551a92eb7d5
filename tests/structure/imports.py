"""What each module imports: at its top, inside functions and for type checkers alike."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping

from tests.structure.sources import Source

Graph = Mapping[str, frozenset[str]]


def imports_of(sources: Collection[Source]) -> Graph:
    """For each module, the full names of the modules that it imports; of packages that are not ours as written."""
    ours = {source.module for source in sources}
    return {source.module: frozenset(_imports(source, ours)) - {source.module} for source in sources}


def own_imports(sources: Collection[Source]) -> Graph:
    """For each module, those of our modules that run when it is imported: what it names, and the packages around it."""
    ours = {source.module for source in sources}
    return {
        module: frozenset(run for name in names for run in _with_packages(name, module) if run in ours)
        for module, names in imports_of(sources).items()
    }


def _with_packages(name: str, importer: str) -> Iterator[str]:
    """Python runs ``a`` and ``a.b`` before ``a.b.c``; the packages around the importer itself are running already."""
    yield name
    while "." in name:
        name = name.rpartition(".")[0]
        if not f"{importer}.".startswith(f"{name}."):
            yield name


def _imports(source: Source, ours: Collection[str]) -> Iterator[str]:
    for statement in _statements(source.tree):
        if isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            origin = _origin(statement, source)
            for alias in statement.names:
                submodule = f"{origin}.{alias.name}"
                yield submodule if submodule in ours else origin


def _origin(statement: ast.ImportFrom, source: Source) -> str:
    """The full name of what a ``from`` names, also where it begins with dots."""
    if not statement.level:
        return statement.module or ""
    package = source.module.split(".")
    package = package[: len(package) - statement.level + source.is_package]
    return ".".join([*package, *filter(None, [statement.module])])


def _statements(node: ast.AST) -> Iterator[ast.stmt]:
    """All statements, inside others too; expressions hold none, and leaving them out halves the time."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.expr):
            if isinstance(child, ast.stmt):
                yield child
            yield from _statements(child)
