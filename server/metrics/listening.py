"""Answers Prometheus over HTTP, from a thread of its own."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import CollectorRegistry, make_wsgi_app

from server.errors import StartProblem
from server.metrics.state import ReadState, ServerState
from server.options.addresses import split_address

STATE_SECONDS = 5.0  # for the event loop to say what it holds; a server that cannot is not well, and the answer is 500
MOST_AT_ONCE = 8

_Request = socket.socket | tuple[bytes, socket.socket]


@contextmanager
def listening(address: str, registry: CollectorRegistry) -> Iterator[str]:
    """Serves the registry on ``address`` during the block, which gets the address with the actual port. Raises
    StartProblem when it cannot be listened on."""
    host, port = split_address(address)
    server = _open(address, host.strip("[]"), port)
    server.set_app(make_wsgi_app(registry))
    thread = threading.Thread(target=server.serve_forever, name="metrics", kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield f"{host}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def from_loop(loop: asyncio.AbstractEventLoop, read_state: ReadState) -> ReadState:
    """Reads the state in its event loop, for other threads; waits STATE_SECONDS at most, else raises TimeoutError."""

    async def read() -> ServerState:
        return read_state()

    return lambda: asyncio.run_coroutine_threadsafe(read(), loop).result(STATE_SECONDS)


def _open(address: str, host: str, port: int) -> _Server:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return _server_of(family)((host, port), _Handler)
    except OSError as error:
        raise StartProblem(
            f"Metrics cannot be served on {address} ({error.strerror}); choose another address for --metrics."
        ) from error


def _server_of(family: int) -> Callable[[tuple[str, int], type[WSGIRequestHandler]], _Server]:
    return type("_ServerOfFamily", (_Server,), {"address_family": family})


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], handler: type[WSGIRequestHandler]) -> None:
        self._places = threading.BoundedSemaphore(MOST_AT_ONCE)
        super().__init__(address, handler)

    def server_bind(self) -> None:
        """Without WSGIServer's search for the host's name, which can take seconds."""
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "metrics", self.server_address[1]
        self.setup_environ()

    def process_request(self, request: _Request, client_address: object) -> None:
        """Hangs up where all places are taken."""
        if self._places.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: _Request, client_address: object) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: _Request, client_address: object) -> None:
        """Whoever asks may go at any time."""


class _Handler(WSGIRequestHandler):
    timeout = 5  # seconds of silence

    def log_message(self, format: str, *arguments: object) -> None:
        """Not a line for each time that somebody asks."""
