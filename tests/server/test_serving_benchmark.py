from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import onnx
import pytest
from onnx import helper

from tests import factories
from tests.benchmarks.serving.__main__ import main
from tests.benchmarks.serving.ladder import Limit, Rung, climb
from tests.benchmarks.serving.memory import peak_memory
from tests.benchmarks.serving.network import write_network
from tests.benchmarks.serving.operations import direct_operations, multiply_accumulates
from tests.benchmarks.serving.peers import BARE, EAGER, PLEINAIR, SERVER
from tests.benchmarks.serving.peers.base import to_picture, to_tensor
from tests.benchmarks.serving.report import Report
from tests.benchmarks.serving.setting import Setting
from tests.benchmarks.serving.size_plot import draw
from tests.benchmarks.serving.turns import Result, measure

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Setting:
    """A tiny generator on one thread of the CPU."""
    folder = str(tmp_path_factory.mktemp("bench"))
    tiny = Setting(folder=folder, width=2, blocks=1, device="cpu", precision="float32", threads=1)
    write_network(tiny)
    return tiny


@pytest.fixture(scope="module")
def results(setting: Setting) -> list[Result]:
    """Real processes, in turns at one size and alone at the other."""
    names = [EAGER, BARE, PLEINAIR]
    return [r for side in (32, 48) for r in measure(names, setting, side=side, rounds=2, alone=side == 48)]


def test_every_peer_is_timed_in_every_round_and_answers_as_pytorch_does(results: list[Result]) -> None:
    assert [(result.name, result.side) for result in results] == [
        (name, side) for side in (32, 48) for name in (EAGER, BARE, PLEINAIR)
    ]
    for result in results:
        assert result.problem is None
        assert len(result.seconds) == 2
        assert min(result.seconds) > 0
        assert result.largest_difference == (None if result.name == EAGER else 0)
