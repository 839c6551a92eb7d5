"""python -m server --filters DIR --address 127.0.0.1:50051"""

from __future__ import annotations

import asyncio
import logging
import sys

from server.app import serve
from server.config import ConfigError, load_config


def main() -> int:
    """0 after an orderly shutdown, 1 when the server cannot start, 2 for a wrong option."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.INFO)
    try:
        config = load_config(sys.argv[1:])
    except ConfigError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    try:
        asyncio.run(serve(config, lambda line: print(line, flush=True)))
    except ConfigError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
