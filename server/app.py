"""Puts the parts together on grpc.aio: starts, drains, stops."""

from __future__ import annotations

import asyncio
import importlib.metadata
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from pleinair.v1 import filters_pb2, filters_pb2_grpc, translation_pb2, translation_pb2_grpc

from server.admission import Admission
from server.config import ConfigError, ServerConfig
from server.engine.device import Device, choose_device
from server.engine.worker import Worker
from server.filters import FilterFolder, FolderScanner
from server.handlers import TranslationHandler
from server.services.filters import FilterService
from server.services.translation import TranslationService

SERVICES = (
    translation_pb2.DESCRIPTOR.services_by_name["TranslationService"].full_name,
    filters_pb2.DESCRIPTOR.services_by_name["FilterService"].full_name,
)


@dataclass(frozen=True)
class RunningServer:
    """A server that answers, at ``address``."""

    address: str
    device: Device
    folder: FilterFolder
    health: health.aio.HealthServicer
    admission: Admission
    server: grpc.aio.Server

    async def drain(self, grace: float) -> None:
        """Says that it is going, takes nothing new, and lets what runs finish for up to ``grace`` seconds."""
        await self.health.enter_graceful_shutdown()
        self.admission.close()
        await self.folder.close()
        await self.server.stop(grace)


@asynccontextmanager
async def running(config: ServerConfig) -> AsyncIterator[RunningServer]:
    """Raises ConfigError when the folder is missing or the port is taken. Stops at once on leaving."""
    folder_path = Path(config.filters)
    if not folder_path.is_dir():
        raise ConfigError(f"There is no filters folder {folder_path}; make it, or name another with --filters.")
    device = choose_device(config.provider)
    folder = FilterFolder(FolderScanner(folder_path, device))
    worker, admission = Worker(), Admission(config.queue)
    handler = TranslationHandler(folder, worker, admission, max_pixels=config.max_pixels)
    server = grpc.aio.server(options=_options(config))
    health_servicer = await _add_services(server, handler, folder, config)
    running_server = RunningServer(_bind(server, config.address), device, folder, health_servicer, admission, server)
    await server.start()
    follower = asyncio.create_task(folder.follow())
    try:
        yield running_server
    finally:
        follower.cancel()
        await folder.close()
        await server.stop(None)
        worker.close()


async def serve(config: ServerConfig, say: Callable[[str], None]) -> None:
    """Runs until SIGINT or SIGTERM, then drains; a second signal stops at once. Raises ConfigError."""
    async with running(config) as server:
        for line in start_lines(config, server):
            say(line)
        stop, stop_now = _signals()
        await stop.wait()
        say("Shutting down: running requests finish, new ones are refused.")
        drain = asyncio.create_task(server.drain(config.grace))
        impatience = asyncio.create_task(stop_now.wait())
        await asyncio.wait({drain, impatience}, return_when=asyncio.FIRST_COMPLETED)
        for task in (drain, impatience):
            task.cancel()


def start_lines(config: ServerConfig, server: RunningServer) -> list[str]:
    """What a person wants to know at the start: what is served, where, by what, and what is wrong."""
    snapshot = server.folder.snapshot
    count = len(snapshot.filters)
    names = f" ({', '.join(snapshot.filters)})" if count else ""
    lines = [
        f"Pleinair {importlib.metadata.version('pleinair')} serves {count} filter{'' if count == 1 else 's'}{names} "
        f"on {server.address} with {server.device.name}"
    ]
    lines += [f"{name} is not served: {reason}" for name, reason in snapshot.rejected.items()]
    if not count:
        lines.append(f"No filter is in {config.filters} yet; put one there and it will be served.")
    if server.device.warning:
        lines.append(f"Warning: {server.device.warning}")
    if not config.loopback:
        lines.append("Warning: whoever reaches this address over the network can use the server, and reads pictures.")
    return lines


def _options(config: ServerConfig) -> list[tuple[str, int]]:
    message_bytes = config.max_message_mib << 20
    return [
        ("grpc.max_receive_message_length", message_bytes),
        ("grpc.max_send_message_length", -1),  # a PNG may come back larger than it went
        ("grpc.so_reuseport", 0),  # two servers on one port would share its calls in silence
    ]


async def _add_services(
    server: grpc.aio.Server, handler: TranslationHandler, folder: FilterFolder, config: ServerConfig
) -> health.aio.HealthServicer:
    translation = TranslationService(handler, deadline=config.deadline)
    translation_pb2_grpc.add_TranslationServiceServicer_to_server(translation, server)
    filters_pb2_grpc.add_FilterServiceServicer_to_server(FilterService(folder, deadline=config.deadline), server)
    health_servicer = health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(health_servicer, server)
    for name in (health.OVERALL_HEALTH, *SERVICES):
        await health_servicer.set(name, health_pb2.HealthCheckResponse.SERVING)
    reflection.enable_server_reflection((*SERVICES, health.SERVICE_NAME, reflection.SERVICE_NAME), server)
    return health_servicer


def _bind(server: grpc.aio.Server, address: str) -> str:
    host = address.rpartition(":")[0]
    try:
        return f"{host}:{server.add_insecure_port(address)}"
    except RuntimeError:
        raise ConfigError(
            f"--address {address} cannot be used; perhaps another program has the port; stop it or name another."
        ) from None


def _signals() -> tuple[asyncio.Event, asyncio.Event]:
    """Set by the first and by the second SIGINT or SIGTERM."""
    first, second = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        (second if first.is_set() else first).set()

    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, on_signal)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(on_signal))
    return first, second
