"""Servers with metrics, and what they tell."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.processes import ServerProcess, serving


@contextmanager
def metered(folder: Path, *options: str) -> Iterator[tuple[ServerProcess, str]]:
    """A server process, and the address of its metrics."""
    with serving(folder, "--metrics", "127.0.0.1:0", "--provider", "cpu", *options) as server:
        assert server.process.stdout is not None
        for line in server.process.stdout:
            if line.startswith("Metrics are at "):
                break
        yield server, line.split()[-1]


def told(url: str, name: str, **labels: str) -> float:
    """The value of the one sample of this name that has these labels; 0 without one."""
    text = urllib.request.urlopen(url, timeout=10).read().decode()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    found = [one.value for one in samples if one.name == name and labels.items() <= one.labels.items()]
    assert len(found) < 2, (name, labels, found)
    return found[0] if found else 0.0
