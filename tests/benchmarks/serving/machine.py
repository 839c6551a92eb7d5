"""What a table was measured on."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
from pathlib import Path

import torch

from tests.benchmarks.serving.setting import Setting

_LIBRARIES = ("torch", "onnxruntime-gpu", "onnxruntime", "openvino")


def cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def gpu_is_there() -> bool:
    return torch.cuda.is_available()


def describe(setting: Setting) -> str:
    """One sentence: processor, threads, GPU if it computes, versions, and how busy the machine was before."""
    parts = [f"{_processor()}, {setting.threads} threads"]
    if setting.device == "cuda":
        parts.append(torch.cuda.get_device_name())
    parts.append(f"Python {platform.python_version()}")
    parts += [f"{name} {version}" for name in _LIBRARIES if (version := _version(name))]
    parts.append(f"load average at the start {os.getloadavg()[0]:.1f}")
    return ", ".join(parts) + "."


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
