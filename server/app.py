"""Runs an Application behind gRPC until it is asked to stop."""

from __future__ import annotations

import asyncio
import signal

from server.application import Application
from server.config import ServerConfig
from server.logs.escaping import printable
from server.transports.grpc_aio import GrpcServer


async def serve(config: ServerConfig) -> None:
    """Runs a server until SIGTERM or SIGINT, then drains it; a second signal stops it at once. Raises StartProblem."""
    signals: asyncio.Queue[int] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: loop.call_soon_threadsafe(signals.put_nowait, number))
    application = Application(config)
    server = GrpcServer(application)
    print("\n".join(map(printable, application.start_lines(await server.start()))), flush=True)
    await signals.get()
    draining, second = asyncio.create_task(server.drain()), asyncio.create_task(signals.get())
    done, _ = await asyncio.wait([draining, second], return_when=asyncio.FIRST_COMPLETED)
    if draining in done:
        second.cancel()
        await draining
    else:
        draining.cancel()
        await server.stop()
