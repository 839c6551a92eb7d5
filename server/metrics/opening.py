"""The metrics of a server whose operator asked for them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from server.errors import StartProblem
from server.metrics.calls import Observe, nobody
from server.metrics.state import ReadState
from server.options.addresses import is_loopback


@dataclass(frozen=True)
class Metrics:
    """``observe`` wants to be told of each call that ends; ``start_lines`` are for the user who started the server."""

    observe: Observe = nobody
    start_lines: tuple[str, ...] = ()


@contextmanager
def open_metrics(
    address: str | None, methods: Iterable[str], read_state: ReadState, *, insecure: bool
) -> Iterator[Metrics]:
    """Serves metrics on ``address`` during the block, if there is one. Call it in the event loop whose state is read.
    Raises StartProblem when they cannot be served, or when other machines could read them and nobody insists."""
    if address is None:
        yield Metrics()
        return
    if not is_loopback(address) and not insecure:
        raise StartProblem(
            f"Metrics are neither encrypted nor protected by a token, and other machines may reach {address}; give"
            " --metrics an address of this machine alone, such as 127.0.0.1:9464, or insist with --insecure."
        )
    try:
        from server.metrics.exposition import Exposition
        from server.metrics.listening import from_loop, listening
    except ModuleNotFoundError as error:
        raise StartProblem(
            "--metrics needs the package prometheus-client; run pip install 'pleinair[prometheus]'."
        ) from error
    exposition = Exposition(methods, from_loop(asyncio.get_running_loop(), read_state))
    with listening(address, exposition.registry) as found:
        yield Metrics(exposition.observe, (f"Metrics are at http://{found}/metrics",))
