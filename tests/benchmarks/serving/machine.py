"""What a table was measured on."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import time
from pathlib import Path

import torch

from tests.benchmarks.serving.setting import Setting

_LIBRARIES = ("torch", "onnxruntime-gpu", "onnxruntime", "openvino")


def cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def gpu_is_there() -> bool:
    return torch.cuda.is_available()


class Neighbours:
    """What other programs compute from now on."""

    def __init__(self) -> None:
        self._begun, self._busy, self._own = time.monotonic(), _busy_seconds(), _own_seconds()

    def cores(self) -> float | None:
        """How many cores they had on average; None where the system does not tell."""
        if (busy := _busy_seconds()) is None or self._busy is None:
            return None
        others = (busy - self._busy) - (_own_seconds() - self._own)
        return max(0.0, others) / (time.monotonic() - self._begun)


def describe(setting: Setting, neighbours: Neighbours) -> str:
    """One sentence: processor, threads, GPU if it computes, versions, and how busy others were."""
    parts = [f"{_processor()}, {setting.threads} threads"]
    if setting.device == "cuda":
        parts.append(torch.cuda.get_device_name())
    parts.append(f"Python {platform.python_version()}")
    parts += [f"{name} {version}" for name in _LIBRARIES if (version := _version(name))]
    if (others := neighbours.cores()) is not None:
        parts.append(f"other programs computing on {others:.1f} cores meanwhile")
    return ", ".join(parts) + "."


def _busy_seconds() -> float | None:
    """Of all cores together since the machine started, as Linux tells it: all but idle and waiting."""
    try:
        first = Path("/proc/stat").read_text("ascii").splitlines()[0].split()
    except OSError:
        return None
    user, nice, system, _, _, *interrupts_and_steal = map(int, first[1:9])
    return float(user + nice + system + sum(interrupts_and_steal)) / os.sysconf("SC_CLK_TCK")


def _own_seconds() -> float:
    """Of this process and of all that it started and that have ended."""
    return sum(os.times()[:4])


def _processor() -> str:
    try:
        names = re.findall(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text("utf-8"), re.MULTILINE)
    except OSError:
        names = []
    return f"{cores()} cores of {names[0].strip() if names else platform.processor() or platform.machine()}"


def _version(library: str) -> str | None:
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return None
