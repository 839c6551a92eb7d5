"""Runs an Application behind gRPC until it is asked to stop."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable

from server.application import Application
from server.config import ServerConfig
from server.logs.escaping import printable
from server.metrics.opening import open_metrics
from server.transports.grpc_aio import GrpcServer

_LAST_SECONDS = 0.5  # for threads to end by themselves


async def serve(config: ServerConfig) -> None:
    """Runs a server until SIGTERM, SIGINT or SIGHUP, then drains it; a second one stops it at once. Raises
    StartProblem."""
    signals: asyncio.Queue[int] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    _on_signals(lambda number: sys.exit(0))  # filters may be waited for
    application = Application(config)
    _on_signals(lambda number: loop.call_soon_threadsafe(signals.put_nowait, number))
    with open_metrics(config.metrics, application.methods, application.state, insecure=config.insecure) as metrics:
        server = GrpcServer(application, metrics.observe)
        lines = [*application.start_lines(await server.start()), *metrics.start_lines]
        print("\n".join(map(printable, lines)), flush=True)
        await _until_drained(server, signals)
    _end_soon()


async def _until_drained(server: GrpcServer, signals: asyncio.Queue[int]) -> None:
    await signals.get()
    draining, second = asyncio.create_task(server.drain()), asyncio.create_task(signals.get())
    done, _ = await asyncio.wait([draining, second], return_when=asyncio.FIRST_COMPLETED)
    if draining in done:
        second.cancel()
        await draining
    else:
        draining.cancel()
        await server.stop()


def _on_signals(do: Callable[[int], object]) -> None:
    for number in _ends():
        signal.signal(number, lambda number, frame: do(number))


def _ends() -> list[signal.Signals]:
    """The signals that ask the server to end. A terminal that closes is one (SIGHUP), unless nohup had it ignored."""
    hang_up = getattr(signal, "SIGHUP", None)  # not on Windows
    heeded = hang_up is not None and signal.getsignal(hang_up) is not signal.SIG_IGN
    return [signal.SIGTERM, signal.SIGINT, *([hang_up] if hang_up and heeded else [])]


def _end_soon() -> None:
    """Whatever some thread still does: all that matters has ended."""

    def end() -> None:
        logging.shutdown()
        os._exit(0)

    timer = threading.Timer(_LAST_SECONDS, end)
    timer.daemon = True
    timer.start()
