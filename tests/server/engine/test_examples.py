"""The worked examples in the docstrings of the engine give what they say."""

from __future__ import annotations

import doctest
import importlib

import pytest

MODULES = (
    "server.engine.fused.band_division",
    "server.engine.network.spans",
    "server.engine.padding",
    "server.engine.scheduler",
    "server.engine.tiled.pooled_statistics",
    "server.engine.tiled.sweep_schedule",
    "server.engine.tiled.winograd",
)


@pytest.mark.parametrize("module", MODULES)
def test_examples_give_what_they_say(module: str) -> None:
    failed, attempted = doctest.testmod(importlib.import_module(module))
    assert attempted > 0
    assert failed == 0
