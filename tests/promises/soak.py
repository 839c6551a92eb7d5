"""The promises for as long as one likes: ``make soak MINUTES=60``.

    python -m tests.promises.soak MINUTES

Mixed traffic through filters of every kind, cancelled, refused, failing and dropped calls among it, fills half of the
time; the long forms of all promises' tests run after it. Ends with another status than 0 when memory grew, or a
promise did not hold.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.processes import serving
from tests.promises.kinds import put_kinds
from tests.promises.length import MINUTES
from tests.promises.slopes import Slopes
from tests.promises.traffic import send_mixed

MOST_A_MINUTE = 1 << 20  # bytes, over the last two thirds


def main(minutes: float) -> int:
    """Prints slopes, then what the tests say. Returns the exit status."""
    grew = _traffic(minutes * 60 / 2)
    environment = os.environ | {MINUTES: str(minutes)}
    tests = subprocess.run([sys.executable, "-m", "pytest", "-q", "--timeout=0", "tests/promises"], env=environment)
    return int(grew) or tests.returncode


def _traffic(seconds: float) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        filters = put_kinds(Path(folder))
        with (
            (Path(folder) / "log").open("w") as log,
            serving(Path(folder), "--training", "off", log=log.fileno()) as server,
        ):
            slopes = Slopes(server.process.pid)
            came = send_mixed(server.address, filters, seconds=seconds, sample=slopes.sample)
    print(f"{came.total()} calls in {seconds / 60:.1f} minutes: {dict(came.most_common())}")
    print(slopes.told(), flush=True)
    return slopes.memory > MOST_A_MINUTE


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1])))
