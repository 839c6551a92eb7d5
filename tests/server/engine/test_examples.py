"""The worked examples in the engine's docstrings show what really happens."""

from __future__ import annotations

import doctest
import pkgutil
from importlib import import_module

import pytest

from server import engine

MODULES = [module.name for module in pkgutil.walk_packages(engine.__path__, "server.engine.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples_show_what_happens(name: str) -> None:
    assert doctest.testmod(import_module(name)).failed == 0


def test_the_scheduler_has_one() -> None:
    assert doctest.testmod(import_module("server.engine.scheduler")).attempted > 0
