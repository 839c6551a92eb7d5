"""How much memory the machine has free for computations."""

from __future__ import annotations

import os
from pathlib import Path

SHARE = 0.7  # of what is free at the start: others live on the machine too

# Where the machine does not say how much is free: half of what it has, and where it does not say that either, this.
_ASSUMED_BYTES = 4 << 30


def free_memory(root: Path = Path("/")) -> int:
    """The bytes that are free: on Linux the least of what the kernel calls available and what the limits of this
    process's control groups leave; elsewhere half of the memory. ``root`` is where ``proc`` and ``sys`` are."""
    try:
        available = _available(root / "proc/meminfo")
    except (OSError, LookupError, ValueError):
        return _half_of_all()
    return min([available, *_left_by_groups(root)])


def _available(meminfo: Path) -> int:
    entries = dict(line.split(":", 1) for line in meminfo.read_text().splitlines())
    return int(entries["MemAvailable"].split()[0]) << 10


def _left_by_groups(root: Path) -> list[int]:
    """The bytes that each control group (version 2, from the process's own up to the outermost) has left."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    path = next((line.removeprefix("0::/") for line in lines if line.startswith("0::/")), None)
    if path is None:
        return []
    top = root / "sys/fs/cgroup"
    groups = [top / path, *(top / path).parents]
    return [left for group in groups if group.is_relative_to(top) and (left := _left_by(group)) is not None]


def _left_by(group: Path) -> int | None:
    """The bytes that a group has left; None where it has no limit. Files that the kernel would drop from memory are no
    loss."""
    try:
        limit, used = ((group / name).read_text().strip() for name in ("memory.max", "memory.current"))
        statistics = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        return max(int(limit) - int(used) + int(statistics["inactive_file"]), 0)
    except (OSError, LookupError, ValueError):  # a limit of "max" is none
        return None


def _half_of_all() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, OSError, ValueError):
        return _ASSUMED_BYTES
