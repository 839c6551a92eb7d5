"""The folder may change at any time: each answer is that of one version, and a bad new file keeps the old one."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from server.client import Client, TranslationError
from tests import factories
from tests.processes import serving
from tests.promises.length import counted
from tests.promises.usage import usage
from tests.trainings import eventually

CHANGES = counted(short=70, long=1000)
CLIENTS = 3
OPTIONS = ("--provider", "cpu", "--training", "off", "--poll", "0.02", "--queue", "100")
PIXELS = np.random.default_rng(12).integers(0, 256, (150, 170, 3), np.uint8)
VERSIONS = {"as it is": PIXELS.tobytes(), "inverted": (255 - PIXELS).tobytes()}


@pytest.mark.slow
def test_a_folder_that_changes_gives_no_mixed_answer(tmp_path: Path) -> None:
    """Replaced, truncated in place, deleted, with other sidecars, while clients translate."""
    factories.put(tmp_path, factories.identity(identifier="switching"))
    with serving(tmp_path, *OPTIONS, log=subprocess.DEVNULL) as server:
        before = usage(server.process.pid)
        with Client(server.address) as client, translating(server.address) as outcomes:
            for number in range(CHANGES):
                _ACTS[number % len(_ACTS)](tmp_path, number)
                time.sleep(0.03)
                if number % len(_ACTS) == 0:
                    await_version(version_of(number), client)
        assert outcomes.keys() <= {*VERSIONS, "FILTER_NOT_FOUND"}
        assert outcomes["as it is"]
        assert outcomes["inverted"]
        after = usage(server.process.pid)
        assert after.resident - before.resident < 150 << 20
        assert after.descriptors - before.descriptors < 20


def version_of(number: int) -> str:
    return list(VERSIONS)[number % 2]


def replace(folder: Path, number: int) -> None:
    make = factories.inverting if number % 2 else factories.identity
    factories.put(folder, make(identifier="switching", images_seen=str(number)))


def truncate(folder: Path, number: int) -> None:
    path = folder / "switching.onnx"
    if path.exists():
        os.truncate(path, path.stat().st_size // 2)


def delete(folder: Path, number: int) -> None:
    (folder / "switching.onnx").unlink(missing_ok=True)


def describe(folder: Path, number: int) -> None:
    text = factories.SIDECAR if number % 3 else 'input = "nonsense'
    (folder / "other.toml").write_text(text)
    factories.put(folder, factories.foreign(), name="other")


_ACTS = (replace, replace, truncate, replace, describe, delete, replace, truncate, describe, replace, replace)


@contextmanager
def translating(address: str) -> Iterator[Counter[str]]:
    """How the calls of some clients end that translate until the block ends."""
    outcomes: Counter[str] = Counter()
    is_over = threading.Event()

    def translate() -> None:
        with Client(address) as client:
            while not is_over.is_set():
                outcomes[outcome(client)] += 1
                time.sleep(0.01)

    with ThreadPoolExecutor(CLIENTS) as pool:
        calls = [pool.submit(translate) for _ in range(CLIENTS)]
        try:
            yield outcomes
        finally:
            is_over.set()
    for call in calls:
        call.result()


def outcome(client: Client) -> str:
    """The version that answered, or the reason why none did."""
    try:
        answer = client.translate("switching", PIXELS)[0].tobytes()
    except TranslationError as error:
        return error.reason or error.code or str(error)
    return next((name for name, right in VERSIONS.items() if answer == right), "mixed")


def await_version(version: str, client: Client) -> None:
    eventually(lambda: outcome(client) == version)
