"""Says which code made a filter."""

from __future__ import annotations

import importlib.metadata
import subprocess
from pathlib import Path


def package_version() -> str:
    return importlib.metadata.version("pleinair")


def commit() -> str:
    """Returns the commit of the checkout that this code runs from, or ``unknown`` for an installed package."""
    here = Path(__file__).resolve().parents[1]
    command = ["git", "-C", str(here), "rev-parse", "--verify", "HEAD"]
    try:
        if not (here.parent / ".git").exists():
            return "unknown"
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
