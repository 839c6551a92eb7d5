"""How many files and connections the system lets the server have open at once."""

from __future__ import annotations

import sys

from server.errors import StartProblem

if sys.platform != "win32":
    import resource

LEAST_DESCRIPTORS = 32  # with fewer, libraries end the process without a word before it listens


def check_descriptors() -> None:
    """Raises StartProblem when they are too few to serve with."""
    if sys.platform == "win32":
        return
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most < LEAST_DESCRIPTORS and most != resource.RLIM_INFINITY:
        raise StartProblem(
            f"The system lets the server have {most} files and connections open at once, and it needs at least"
            f" {LEAST_DESCRIPTORS}; raise the limit (ulimit -n, or LimitNOFILE= in a systemd unit)."
        )
