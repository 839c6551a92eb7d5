"""How much disk the trainings take, and whether another may begin."""

from __future__ import annotations

import contextlib
from pathlib import Path

from server.errors import Reason, Refusal


def check_disk(folder: Path, most: int | None) -> None:
    """Raises Refusal when the files in ``folder`` take ``most`` bytes or more; None allows as many as the disk has."""
    if most is None or (taken := _bytes_in(folder)) < most:
        return
    raise Refusal(
        Reason.DISK_FULL,
        f"The files of all trainings take {_in_mib(taken)}, and the server keeps at most {_in_mib(most)}; delete"
        " trainings that have ended (their filters stay) and try again, or start the server with a larger"
        " --training-disk.",
    )


def _bytes_in(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):  # it has gone meanwhile
            total += path.lstat().st_size
    return total


def _in_mib(count: int) -> str:
    return f"{count / (1 << 20):,.1f} MiB"
