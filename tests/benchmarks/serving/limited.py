"""The server with a limit on its memory that the operating system enforces:

python -m tests.benchmarks.serving.limited (addresses | data) BYTES --filters DIR ...
"""

from __future__ import annotations

import runpy
import sys

from tests.benchmarks.serving.memory import limit_memory

if __name__ == "__main__":
    limit_memory(sys.argv.pop(1), int(sys.argv.pop(1)))
    runpy.run_module("server", run_name="__main__", alter_sys=True)
