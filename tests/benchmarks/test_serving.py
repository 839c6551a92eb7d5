from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import onnx
import pytest
from onnx import helper

from tests import factories
from tests.benchmarks.serving.__main__ import main
from tests.benchmarks.serving.ladder import Limit, climb
from tests.benchmarks.serving.machine import Neighbours, cores
from tests.benchmarks.serving.memory import peak_memory
from tests.benchmarks.serving.network import write_network
from tests.benchmarks.serving.operations import direct_operations, multiply_accumulates
from tests.benchmarks.serving.peer_process import Turn
from tests.benchmarks.serving.peers import AT_ONCE, BARE, EAGER, MATMULS, PLEINAIR, SERVER
from tests.benchmarks.serving.peers.base import to_picture, to_tensor
from tests.benchmarks.serving.report import Report
from tests.benchmarks.serving.setting import Setting
from tests.benchmarks.serving.size_plot import draw
from tests.benchmarks.serving.turns import Result, measure

SVG = "{http://www.w3.org/2000/svg}"
LIMIT = Limit(memory="4GiB", what="addresses", most=6 << 30)


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Setting:
    """A tiny generator, on one thread."""
    folder = str(tmp_path_factory.mktemp("bench"))
    tiny = Setting(folder=folder, width=2, blocks=1, device="cpu", precision="float32", threads=1)
    write_network(tiny)
    return tiny


@pytest.fixture(scope="module")
def results(setting: Setting) -> list[Result]:
    """Of real processes, in turns at one size and alone at the other."""
    together = measure([EAGER, BARE, PLEINAIR, AT_ONCE], setting, side=32, rounds=2, alone=False)
    return together + measure([BARE], setting, side=48, rounds=1, alone=True)


def test_every_peer_is_timed_in_every_round_and_answers_as_pytorch_does(results: list[Result]) -> None:
    named = [(result.name, result.side, len(result.turns)) for result in results]
    assert named == [(EAGER, 32, 2), (BARE, 32, 2), (PLEINAIR, 32, 2), (AT_ONCE, 32, 2), (BARE, 48, 1)]
    assert all(result.fastest > 0 and result.problem is None for result in results)
    assert [result.largest_difference for result in results] == [None, 0, 0, 0, None]
    assert all(result.memory is None or result.memory > 10 << 20 for result in results)


def test_a_peer_that_cannot_be_measured_here_says_why(setting: Setting) -> None:
    on_a_gpu = Setting(setting.folder, setting.width, setting.blocks, "cuda", "float32", 1)
    (found,) = measure([BARE], on_a_gpu, side=32, rounds=1, alone=False)
    if found.problem is None:
        pytest.skip("a GPU is there")
    assert "cannot use the GPU" in found.problem


def test_one_table_holds_every_ratio(setting: Setting) -> None:
    found = [
        Result(EAGER, 32, [Turn(6, 12)]),
        Result(BARE, 32, [Turn(5, 10)], 1 << 20, 0, 0.0),
        Result("openvino", 32, [Turn(1, 2)], 1 << 20, 40, 3.0),  # wrong, so it is not the fastest
        Result("compile", 32, problem="No compiler."),
        Result(PLEINAIR, 32, [Turn(4, 8)], 1 << 20, 0, 0.0),
        Result(SERVER, 32, [Turn(4.4, 8.8)], 1 << 20, 0, 0.0),
        Result(AT_ONCE, 32, [Turn(3, 6)], 1 << 20, 0, 0.0),
        Result(MATMULS[0], 32, [Turn(0.5, None), Turn(0.25, None)]),
    ]
    absent = Report("a machine.", "a command", setting, found[:2], [], {32: 1}).markdown()
    assert "callers at once" not in absent
    text = Report("a machine.", "a command", setting, found, [], {32: 2 * 2048**3}).markdown()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("|")]
    assert ["32", "onnxruntime, bare session", "5.000", "1.25", "10.00", "0.05", "1 MiB", "0, 0.0000"] in rows
    assert ["32", "torch.compile", "not available", "", "", "", "", ""] in rows
    assert "torch.compile, 32: No compiler." in text
    assert [
        "fastest other / Pleinair, engine",
        "1.25 (onnxruntime)",
        "CPU: 1 or more",
    ] in rows
    assert ["PyTorch eager / Pleinair, server", "1.36", ""] in rows
    assert ["PyTorch eager / Pleinair, server, 4 callers at once", "2.00", "GPU: 8 or more"] in rows
    assert ["Pleinair, server / bare session", "0.88", "GPU: 1.15 or less from 1024 on"] in rows


def test_the_ladder_measures_a_server_whose_memory_the_system_limits(setting: Setting, results: list[Result]) -> None:
    rung = climb(setting, 64, LIMIT)
    assert rung.problem is None
    assert rung.seconds
    assert rung.pieces
    assert rung.declared_memory
    assert rung.memory is None or 10 << 20 < rung.memory < LIMIT.most
    strangled = climb(setting, 64, Limit(memory="4GiB", what="addresses", most=64 << 20))
    assert strangled.problem is not None
    report = Report("a machine.", "a command", setting, [], [rung, strangled], {}).markdown()
    assert "a limit of 6 GiB of addresses" in report
    assert strangled.problem in report
    picture = ElementTree.fromstring(draw(results, [rung, strangled]))
    points = len([result for result in results if result.memory]) + (1 if rung.memory else 0)
    assert len(list(picture.iter(f"{SVG}circle"))) == 2 * points + 5  # in two panels, and the legend


def test_multiply_accumulates_are_those_counted_by_hand(tmp_path: Path) -> None:
    constants = {"wide": np.zeros((8, 3, 3, 3), np.float32), "grouped": np.zeros((8, 2, 5, 5), np.float32)}
    nodes = [
        helper.make_node("Conv", ["image", "wide"], ["halved"], strides=[2, 2], pads=[1] * 4),
        helper.make_node("Conv", ["halved", "grouped"], ["translated"], group=4),
    ]
    network = factories.model(nodes, constants=constants)
    onnx.save(network, tmp_path / "a.onnx")
    by_hand = 8 * 10 * 20 * 27 + 8 * 6 * 16 * 50  # results of 10 x 20 and, without padding, 6 x 16
    assert multiply_accumulates(tmp_path / "a.onnx", height=20, width=40) == by_hand


def test_a_generators_operations_are_those_of_its_layers(setting: Setting) -> None:
    width, pixels = setting.width, 64 * 64
    ends = 2 * (3 * width * 49 * pixels)
    down = 2 * width * width * 9 * pixels + 4 * width * 2 * width * 9 * pixels / 4
    blurs = 2 * width * 9 * pixels / 4 + 4 * width * 9 * pixels / 16
    block = 2 * (4 * width) ** 2 * 9 * pixels / 16
    assert direct_operations(setting.filter_path, 64) == 2 * (ends + 2 * down + blurs + block)  # up is as down


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process's peak")
def test_memory_is_the_most_that_the_process_ever_had() -> None:
    code = "import sys; bytearray(b'x' * (96 << 20)); print(flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        measured = peak_memory(child.pid)
        child.communicate()
    assert measured is not None
    assert 96 << 20 < measured < 300 << 20
    assert peak_memory(child.pid) is None
    assert peak_memory(os.getpid()) is not None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what all programs compute")
def test_what_was_started_here_is_not_laid_to_other_programs() -> None:
    begun, before, neighbours = time.monotonic(), os.times(), Neighbours()
    code = "import time\nwhile time.process_time() < 0.5: pass"
    children = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(cores())]
    assert not any(child.wait() for child in children)
    own = (os.times().children_user - before.children_user) / (time.monotonic() - begun)
    others = neighbours.cores()
    assert others is not None
    assert others + own < 1.1 * (os.cpu_count() or 1)


def test_pixels_survive_the_way_to_a_tensor_and_back() -> None:
    pixels = np.arange(256, dtype=np.uint8).reshape(8, 32)[..., None].repeat(3, axis=2)
    assert (to_picture(to_tensor(pixels)) == pixels).all()


def test_a_wrong_option_is_answered_with_what_was_expected(capsys: pytest.CaptureFixture[str]) -> None:
    for option, expected in (
        (["--sizes", "50"], "50 must be a multiple of 4"),
        (["--rounds", "0"], "0 must be a whole number, 1 or more"),
        (["--limit", "6 GB"], "write it as 512MiB or 6GiB"),
    ):
        with pytest.raises(SystemExit):
            main(option)
        assert expected in capsys.readouterr().err
