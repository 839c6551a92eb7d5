"""How much memory a process took, and how much it may take; on Linux."""

from __future__ import annotations

import argparse
import re
import resource
from pathlib import Path

# Addresses are the stricter: files that are mapped, libraries, and what is reserved and never touched count too.
LIMITS = {"addresses": resource.RLIMIT_AS, "data": resource.RLIMIT_DATA}
UNITS = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


def peak_memory(process_id: int) -> int | None:
    """The most bytes of real memory that the process has ever had; None where the system does not tell."""
    try:
        status = Path(f"/proc/{process_id}/status").read_text("ascii")
    except OSError:
        return None
    found = re.search(r"^VmHWM:\s*(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) * 1024 if found else None


def limit_memory(what: str, most: int) -> None:
    """From now on the system refuses this process, and those that it starts, more than ``most`` bytes of ``what``,
    which is one of LIMITS."""
    resource.setrlimit(LIMITS[what], (most, most))


def read_bytes(text: str) -> int:
    """``6GiB`` as bytes. Raises argparse's error."""
    found = re.fullmatch(r"(\d+)(KiB|MiB|GiB)", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no amount of memory; write it as 512MiB or 6GiB.")
    return int(found[1]) * UNITS[found[2]]
