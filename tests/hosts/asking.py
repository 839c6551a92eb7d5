"""Runs inside an editor: whether its interfaces have the names that are promised of them."""

from __future__ import annotations

import importlib
from typing import Any


def missing(promised: dict[str, list[str]], versions: dict[str, str] | None = None) -> list[str]:
    """Of the names by module, as tests.hosts.interfaces gives them, those that the editor does not have. ``versions``
    are those of GObject's namespaces, where it matters."""
    for namespace, version in (versions or {}).items():
        importlib.import_module("gi").require_version(namespace, version)
    modules = {module: importlib.import_module(module) for module in promised}
    return [
        f"{module}.{name}" for module, names in promised.items() for name in names if not _has(modules[module], name)
    ]


def _has(module: Any, name: str) -> bool:
    path, _, given = name.rstrip(")").partition("(")
    found = module
    for part in path.split("."):
        if not hasattr(found, part):
            return False
        found = getattr(found, part)
    return not given or found.find_property(given.replace("_", "-")) is not None
