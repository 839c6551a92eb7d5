"""Files that take too much are refused, and everything else goes on meanwhile."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from server.engine.backend import Backend
from server.engine.provider import Provider
from server.filters.limits import FilterLimits
from server.filters.scanner import FolderScanner
from server.filters.trial_process import TrialProcesses
from server.filters.verdicts import Verdicts
from tests import factories
from tests.processes import serving
from tests.server.filters.excessive import endless, greedy

Scan = Callable[..., FolderScanner]


@pytest.fixture
def scan(tmp_path: Path, device: Backend) -> Iterator[Scan]:
    """A scanner of the folder with limits."""
    made: list[tuple[FolderScanner, TrialProcesses]] = []

    def scan(**limits: float) -> FolderScanner:
        given = FilterLimits(**limits)  # type: ignore[arg-type]
        trials = TrialProcesses(Provider.CPU, given)
        scanner = FolderScanner(tmp_path, device, Verdicts(tmp_path / "kept"), trials, given)
        made.append((scanner, trials))
        return scanner

    yield scan
    for scanner, trials in made:
        scanner.close()
        trials.close()


def test_what_was_tried_elsewhere_is_served_here(tmp_path: Path, scan: Scan) -> None:
    factories.put(tmp_path, factories.identity())
    factories.put(tmp_path, factories.foreign(), name="silent")
    found = scan().load()
    assert list(found.filters) == ["identity"]
    assert found.rejected["silent.onnx"].startswith("It does not say how to use it")


def test_what_tried_a_file_ends_when_there_is_nothing_to_try(tmp_path: Path, device: Backend) -> None:
    """And one that has ended by itself is not asked again."""
    trials = TrialProcesses(Provider.CPU, FilterLimits())
    scanner = FolderScanner(tmp_path, device, trials=trials)
    try:
        factories.put(tmp_path, factories.identity())
        others = set(children(os.getpid()))  # of other tests
        assert list(scanner.load().filters) == ["identity"]
        (first,) = set(children(os.getpid())) - others
        os.kill(first, signal.SIGKILL)
        factories.put(tmp_path, factories.inverting())
        scanner.scan()
        assert list(scanner.scan().filters) == ["identity", "inverting"]
        trials.rest(0)
        assert not set(children(os.getpid())) - others
    finally:
        scanner.close()
        trials.close()


@pytest.mark.slow
def test_nobody_waits_for_a_file_that_takes_too_long(tmp_path: Path, scan: Scan) -> None:
    """Others come and go while it is tried, and it is refused when its time is over."""
    factories.put(tmp_path, endless())
    factories.put(tmp_path, factories.identity())
    scanner = scan(seconds=10.0)
    found = scanner.load(0)
    while not found.filters and scanner.trying == ["endless.onnx", "identity.onnx"]:
        found = scanner.scan(0.2)
    assert list(found.filters) == ["identity"]
    assert scanner.trying == ["endless.onnx"]
    (tmp_path / "identity.onnx").unlink()
    assert list(scanner.scan(0.1).filters) == []
    said = scanner.scan(30).rejected["endless.onnx"]
    assert said.startswith("It was not loaded and tried on small pictures within 10 s")
    assert scanner.trying == []


@pytest.mark.slow
def test_a_file_that_takes_too_much_memory_is_refused(tmp_path: Path, scan: Scan) -> None:
    factories.put(tmp_path, greedy(400_000_000))
    factories.put(tmp_path, factories.identity())
    found = scan(memory=1 << 30).load()
    assert list(found.filters) == ["identity"]
    assert "memory" in found.rejected["greedy.onnx"]


def test_a_file_that_is_too_large_is_not_looked_at(tmp_path: Path, scan: Scan) -> None:
    with factories.put(tmp_path, factories.identity()).open("ab") as file:
        file.truncate(3 << 20)
    said = scan(file_bytes=2 << 20).load().rejected["identity.onnx"]
    assert said.startswith("It has 3 MiB, and at most 2 MiB are read")


@pytest.mark.slow
def test_a_trial_ends_at_once_when_nobody_wants_it_any_more(tmp_path: Path, device: Backend) -> None:
    factories.put(tmp_path, endless())
    trials = TrialProcesses(Provider.CPU, FilterLimits())
    scanner = FolderScanner(tmp_path, device, trials=trials)
    scanner.load(3)
    began = time.monotonic()
    scanner.close()
    trials.close()
    scanner.scan(20)
    assert scanner.trying == []
    assert time.monotonic() - began < 5


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_server_ends_whatever_is_being_tried(tmp_path: Path, number: signal.Signals) -> None:
    """It listens all the same, says so, and nothing of the trial stays."""
    factories.put(tmp_path, endless())
    with serving(tmp_path, "--provider", "cpu", "--training", "off", "--filter-seconds", "100") as server:
        assert "no filters yet" in server.first_line
        assert server.process.stdout is not None
        assert server.process.stdout.readline() == "endless.onnx is still being tried, and served afterwards.\n"
        (trial,) = children(server.process.pid)
        server.process.send_signal(number)
        assert server.process.wait(6) == (0 if number is signal.SIGTERM else -number)
        threading.Event().wait(1)
        assert not runs(trial)


def children(parent: int) -> list[int]:
    """Whichever thread started them."""
    lists = Path(f"/proc/{parent}/task").glob("*/children")
    return [int(pid) for one in lists for pid in one.read_text().split()]


def runs(pid: int) -> bool:
    """Whether it has not ended; who should have waited for it may be gone."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
