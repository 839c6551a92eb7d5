"""``python -m server`` as its users run it: a process of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import numpy as np
import pytest
from pleinair.v1 import filters_pb2, training_pb2_grpc
from pleinair.v1 import translation_pb2 as pb

from server.client.translations import Client
from tests import factories
from tests.contract.connection import Connection, chunks_of, failing, frame_of
from tests.processes import ServerProcess, serving
from tests.trainings import start

# Runs the server where torch and training cannot be imported.
WITHOUT_TORCH = """
import runpy, sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "torchvision", "training"):
            raise ImportError(f"{name} was wanted")

sys.meta_path.insert(0, Blocker())
sys.argv[0] = "server"
runpy.run_module("server", run_name="__main__")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    factories.put(tmp_path, factories.identity())
    factories.put(tmp_path, factories.slow())
    return tmp_path


@contextmanager
def process(folder: Path, *options: str, command: tuple[str, ...] = ("-m", "server")) -> Iterator[ServerProcess]:
    """Killed at the end, however long it would still wait."""
    with serving(
        folder, "--provider", "cpu", "--threads", "1", *options, program=command, log=subprocess.PIPE
    ) as server:
        try:
            yield server
        finally:
            server.process.kill()


def ended(server: ServerProcess, *signals: signal.Signals) -> int:
    """The status with which it ends."""
    for number in signals:
        server.process.send_signal(number)
    return server.process.wait(60)


def outcome(*arguments: str) -> tuple[int, str]:
    done = subprocess.run([sys.executable, "-m", "server", *arguments], capture_output=True, text=True, timeout=60)
    assert done.stdout == ""
    return done.returncode, done.stderr


def translating(connection: Connection, size: int) -> Iterator[pb.TranslateResponse]:
    """A translation that has the device."""
    pixels = np.zeros((size, size, 3), np.uint8)
    call: Iterator[pb.TranslateResponse] = connection.translation.Translate(
        iter([frame_of("slow", pixels), *chunks_of(pixels)])
    )
    assert next(call).progress.stage == pb.Progress.STAGE_TRANSLATING
    return call


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_when_what_runs_is_finished(folder: Path, number: signal.Signals) -> None:
    with process(folder, "--grace", "60") as server, grpc.insecure_channel(server.address) as channel:
        running = translating(Connection(channel, folder), 128)
        server.process.send_signal(number)
        assert list(running)[-1].summary.filter_id == "slow"
        assert ended(server) == 0


def test_a_second_signal_does_not_wait(folder: Path) -> None:
    with process(folder, "--grace", "3600") as server, grpc.insecure_channel(server.address) as channel:
        connection = Connection(channel, folder)
        running = translating(connection, 1024)
        server.process.send_signal(signal.SIGTERM)
        with failing() as refused:
            while True:
                connection.is_well()
        assert refused[0].reason == "SHUTTING_DOWN"
        server.process.send_signal(signal.SIGTERM)
        with failing() as cut_off:
            list(running)
        assert cut_off[0].reason == "SHUTTING_DOWN"
        assert ended(server) == 0


def test_it_serves_without_torch_and_says_what_training_needs(folder: Path) -> None:
    pixels = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    with process(folder, command=("-c", WITHOUT_TORCH)) as server:
        with Client(server.address) as client:
            np.testing.assert_array_equal(client.translate("identity", pixels)[0], pixels)
        with grpc.insecure_channel(server.address) as channel, failing() as failures:
            start(training_pb2_grpc.TrainingServiceStub(channel))
        assert failures[0].reason == "TRAINING_UNAVAILABLE"
        assert "pip install 'pleinair[train]'" in failures[0].sentence
        assert ended(server, signal.SIGTERM) == 0


def test_it_starts_although_one_file_is_broken_and_says_why(folder: Path) -> None:
    factories.put_bytes(folder / "broken.onnx", factories.identity().SerializeToString()[:100])
    with process(folder) as server:
        assert "serves 2 filters (identity, slow)" in server.first_line
        assert server.process.stdout is not None
        assert server.process.stdout.readline().startswith("broken.onnx is not served: It is not an ONNX file")


def test_a_port_in_use_is_one_sentence_and_status_1(folder: Path) -> None:
    with process(folder) as server:
        status, said = outcome("--filters", str(folder), "--provider", "cpu", "--address", server.address)
    assert status == 1
    assert said.startswith(f"error: The server cannot listen on {server.address}: the port is in use")
    assert said.count("\n") == 1


def test_a_missing_folder_is_one_sentence_and_status_1(tmp_path: Path) -> None:
    status, said = outcome("--filters", str(tmp_path / "nowhere"), "--provider", "cpu")
    assert status == 1
    assert re.fullmatch(
        r"error: The filters folder .*nowhere cannot be read \(No such file or directory\); .*\.\n", said
    )


def test_a_wrong_option_is_one_sentence_and_status_2() -> None:
    assert outcome("--queue", "many") == (2, "error: --queue is 'many', but must be a whole number from 1 to 10000.\n")


def test_a_system_that_allows_too_few_open_files_is_answered_in_a_sentence(folder: Path) -> None:
    run = ["sh", "-c", 'ulimit -n 16; exec "$@"', "sh", sys.executable, "-m", "server", "--filters", str(folder)]
    done = subprocess.run(run, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: The system lets the server have 16 files and connections open at once")
    assert len(done.stderr.splitlines()) == 1


def test_a_wrong_option_cannot_write_lines_of_its_own() -> None:
    status, said = outcome("--address", "x\nerror: forged\x1b[2J")
    assert status == 2 and len(said.splitlines()) == 1 and "\x1b" not in said


def test_log_lines_are_json_when_the_operator_wants_it(folder: Path) -> None:
    with process(folder, "--log", "json") as server, grpc.insecure_channel(server.address) as channel:
        assert Connection(channel, folder).is_well()
        server.process.send_signal(signal.SIGTERM)
        assert server.process.stderr is not None
        (line,) = server.process.stderr.read().splitlines()
    told = json.loads(line)
    assert (told["status"], told["filter"], told["size"]) == ("OK", "identity", "2 x 2")
    assert told["request_id"] and told["seconds"] >= 0


def test_a_file_whose_name_is_no_text_is_named_and_harms_no_list(folder: Path) -> None:
    (folder / os.fsdecode(b"caf\xe9\n.onnx")).write_bytes(b"nonsense")
    with process(folder) as server, grpc.insecure_channel(server.address) as channel:
        assert server.process.stdout is not None
        said = server.process.stdout.readline()
        listed = Connection(channel, folder).filters.ListFilters(filters_pb2.ListFiltersRequest(), timeout=20)
    assert said.startswith(r"caf\udce9\n.onnx is not served: ")
    assert [file.file_name for file in listed.rejected_files] == [r"caf\udce9\n.onnx"]
    assert [found.title for found in listed.filters] == ["Identity", "Slow"]
