"""What a process takes of the machine, as the system counts it (Linux)."""

from __future__ import annotations

import mmap
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Usage:
    """At one moment. ``peak`` is the most of ``resident`` so far; both in bytes."""

    resident: int
    peak: int
    descriptors: int
    threads: int


def usage(pid: int) -> Usage:
    """Of the process, without its children."""
    of_process = Path(f"/proc/{pid}")
    status = dict(line.split(":", 1) for line in (of_process / "status").read_text().splitlines())
    return Usage(
        resident=int((of_process / "statm").read_text().split()[1]) * mmap.PAGESIZE,
        peak=int(status["VmHWM"].split()[0]) << 10,
        descriptors=sum(1 for _ in (of_process / "fd").iterdir()),
        threads=int(status["Threads"]),
    )


def processor_seconds(pid: int) -> float:
    """What the process has computed so far, in its own code and in the system's."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def forget_peak(pid: int) -> None:
    """Makes ``Usage.peak`` start anew from what is resident now."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")
