"""A file in the filters folder harms nothing but itself, whatever is in it."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from server.client import Client
from tests import factories
from tests.processes import ServerProcess, serving
from tests.promises.usage import usage
from tests.server.filters.excessive import counting, endless, greedy, long
from tests.trainings import eventually

SECONDS = 6
OPTIONS = ("--provider", "cpu", "--training", "off", "--poll", "0.1", "--filter-seconds", str(SECONDS))
BAD_FILES = 300
PIXELS = np.random.default_rng(5).integers(0, 256, (40, 50, 3), np.uint8)


def with_sidecar(text: str) -> Callable[[Path, str], None]:
    def put(folder: Path, name: str) -> None:
        factories.put(folder, factories.foreign(), name=name)
        (folder / f"{name}.toml").write_text(text)

    return put


def filter_file(make: Callable[[], onnx.ModelProto]) -> Callable[[Path, str], None]:
    def put(folder: Path, name: str) -> None:
        factories.put(folder, make(), name=name)

    return put


def weights_at(location: str) -> onnx.ModelProto:
    made = factories.slow()
    tensor = made.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    return made


def of_nobody() -> onnx.ModelProto:
    made = factories.identity()
    made.opset_import.append(helper.make_opsetid("com.example", 1))
    made.graph.node[0].domain = "com.example"
    return made


def linked(folder: Path, name: str) -> None:
    outside = folder.parent / "outside"
    outside.mkdir(exist_ok=True)
    (folder / f"{name}.onnx").symlink_to(factories.put(outside, factories.identity()))


def piped(folder: Path, name: str) -> None:
    os.mkfifo(folder / f"{name}.onnx")


def too_large(folder: Path, name: str) -> None:
    os.truncate(factories.put(folder, factories.identity(), name=name), 600 << 20)


FILES: dict[str, tuple[Callable[[Path, str], None], str]] = {
    "endless": (filter_file(endless), f"It was not loaded and tried on small pictures within {SECONDS} s"),
    "greedy": (filter_file(lambda: greedy(1 << 30)), "memory"),
    "counting": (filter_file(counting), "has the operation 'Loop', so that nobody can tell how long a picture takes"),
    "long": (filter_file(lambda: long(100_000)), "has 100000 operations"),
    "up": (filter_file(lambda: weights_at("../outside")), "keeps weights in another file, '../outside'"),
    "absolute": (filter_file(lambda: weights_at("/etc/passwd")), "keeps weights in another file, '/etc/passwd'"),
    "unknown": (filter_file(of_nobody), "has the operation 'com.example.Identity'"),
    "linked": (linked, "is a link that leads out of the folder"),
    "piped": (piped, "is no file"),
    "large": (too_large, "has 600 MiB, and at most 512 MiB are read"),
    "wordy": (with_sidecar(f'{"k" * (5 << 20)} = "v"'), "has more than 64 KiB"),
    "key": (with_sidecar(f'{"k" * 60_000} = "v"'), "has the unknown key"),
    "value": (with_sidecar(factories.SIDECAR.replace("multiple = 8", f'multiple = "{"v" * 60_000}"')), "'multiple'"),
    "digits": (with_sidecar(factories.SIDECAR.replace("multiple = 8", f"multiple = 0x{'f' * 60_000}")), "multiple"),
    "deep": (with_sidecar(f"inputs = {'[' * 30_000}"), "cannot be read as TOML"),
}


@pytest.mark.slow
def test_a_filter_file_harms_nothing_but_itself(tmp_path: Path) -> None:
    """While they are tried, good filters serve and come; then each is refused by name in words, in answers that every
    client takes, and the server has taken little memory for them."""
    folder = tmp_path / "filters"
    folder.mkdir()
    factories.put(folder, factories.identity())
    for name, (put, _) in FILES.items():
        put(folder, name)
    for number in range(BAD_FILES):
        (folder / f"bad{number:03}.onnx").write_bytes(b"nonsense")
    with serving(folder, *OPTIONS, log=subprocess.DEVNULL) as server, Client(server.address) as client:
        np.testing.assert_array_equal(client.translate("identity", PIXELS)[0], PIXELS)
        factories.put(folder, factories.inverting())
        eventually(lambda: {found.id for found in client.filters()} == {"identity", "inverting"}, 40)
        eventually(lambda: len(client.rejected_files()) == len(FILES) + BAD_FILES, 40)
        told = {file.file_name: file.reason for file in client.rejected_files()}
        for name, (_, words) in FILES.items():
            assert words in told[f"{name}.onnx"]
        assert max(map(len, told.values())) <= 1000
        assert usage(server.process.pid).peak < 600 << 20
        ends_at_once(server)


def ends_at_once(server: ServerProcess) -> None:
    began = time.monotonic()
    server.process.terminate()
    assert server.process.wait(10) == 0
    assert time.monotonic() - began < 5
