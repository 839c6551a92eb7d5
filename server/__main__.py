"""python -m server --filters DIR --address HOST:PORT"""

from __future__ import annotations

import asyncio
import logging
import os
import sys

# Without it gRPC's core writes its own lines beside our sentence. It is read when grpc is imported.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

from server.app import serve
from server.config import ServerConfig
from server.descriptors import check_descriptors
from server.errors import StartProblem
from server.logs.escaping import printable
from server.logs.setup import logging_to
from server.options.loading import ConfigError, load_config

_log = logging.getLogger("server")


def main() -> int:
    """The exit status: 0 when it was asked to stop, 1 when it cannot start, 2 for a wrong option."""
    try:
        return _run(load_config(None))
    except ConfigError as error:
        return _complain(error, 2)


def _run(config: ServerConfig) -> int:
    with logging_to(sys.stderr, config.log):
        try:
            check_descriptors()
            asyncio.run(serve(config))
        except StartProblem as error:
            return _complain(error, 1)
        except Exception:  # else Python would write it, whatever a name in it says
            _log.exception("The server ended by a fault of its own; please report it.")
            return 1
    return 0


def _complain(error: Exception, status: int) -> int:
    print(f"error: {printable(str(error))}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
