"""python -m server --filters DIR --address HOST:PORT"""

from __future__ import annotations

import asyncio
import logging
import os
import sys

# Without it gRPC's core writes its own lines beside our sentence. It is read when grpc is imported.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

from server.app import serve
from server.errors import StartProblem
from server.options.loading import ConfigError, load_config


def main() -> int:
    """The exit status: 0 when it was asked to stop, 1 when it cannot start, 2 for a wrong option."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        asyncio.run(serve(load_config(None)))
    except ConfigError as error:
        return _complain(error, 2)
    except StartProblem as error:
        return _complain(error, 1)
    return 0


def _complain(error: Exception, status: int) -> int:
    print(f"error: {error}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
