"""What a process has computed, which other programs on the machine disturb less than the clock's time."""

from __future__ import annotations

import os
from pathlib import Path


def core_seconds(process_id: int) -> float | None:
    """Of a process and its threads, as Linux tells it; None where the system does not."""
    try:
        fields = Path(f"/proc/{process_id}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
