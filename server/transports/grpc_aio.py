"""Offers an Application over gRPC: listens, encrypts if there is a certificate, and answers health and reflection."""

from __future__ import annotations

import grpc

from server.admission import Admission
from server.application import Application
from server.errors import StartProblem
from server.metrics.calls import Observe, nobody
from server.options.addresses import split_address
from server.services.endpoint import Service
from server.transports.clients import Clients
from server.transports.connections import CONNECTION_OPTIONS
from server.transports.credentials import server_credentials
from server.transports.grpc_calls import TokenInterceptor, handlers_of
from server.transports.health import HealthService
from server.transports.observing import ObservingInterceptor
from server.transports.progress import Stalls
from server.transports.reflection import ReflectionService

LAST_WORDS_SECONDS = 0.5  # at most, for statuses that are on their way
MOST_HEALTH_WATCHERS = 100


class GrpcServer:
    """Serves an application in its event loop. Starting, draining and stopping the server does so to the application
    too; ``observe`` is told of each call that ends."""

    def __init__(self, application: Application, observe: Observe = nobody) -> None:
        self._application = application
        self._observe = observe
        self._health_watchers = Admission(places=MOST_HEALTH_WATCHERS, deadline_seconds=None)
        self._health = HealthService(self._health_watchers)
        self._grpc = self._server()

    async def start(self) -> str:
        """Starts to listen. Returns the address with the actual port. Raises StartProblem when the port is taken."""
        address = self._listen()
        self._application.start()
        await self._grpc.start()
        self._health.set({"": True} | self._application.availability())
        return address

    async def drain(self) -> None:
        """Reports that it is not healthy, drains the application, and stops."""
        self._health.enter_shutdown()
        await self._application.drain()
        await self.stop()

    async def stop(self) -> None:
        """Stops the application, delivers its refusals, and frees the port. Harmless before ``start``."""
        await self._application.stop()
        self._health_watchers.close()
        self._health_watchers.evict()
        await self._grpc.stop(LAST_WORDS_SECONDS)

    def _server(self) -> grpc.aio.Server:
        application, security = self._application, self._application.security
        clients = Clients(application.config.trusted_proxies or ())
        options = [*CONNECTION_OPTIONS, ("grpc.max_receive_message_length", application.config.max_message_mib << 20)]
        interceptors: list[grpc.aio.ServerInterceptor] = [ObservingInterceptor(self._observe)]
        interceptors += [TokenInterceptor(security, clients)] if security.protection.token else []
        server = grpc.aio.server(options=options, interceptors=interceptors)
        services: list[Service] = [*application.services, self._health]
        services.append(ReflectionService([service.descriptor.full_name for service in services]))
        stalls = Stalls(application.config.stall)
        server.add_generic_rpc_handlers([handlers_of(service, stalls, clients) for service in services])
        return server

    def _listen(self) -> str:
        address, credentials = self._application.config.address, server_credentials(self._application.security)
        try:
            if credentials:
                port = self._grpc.add_secure_port(address, credentials)
            else:
                port = self._grpc.add_insecure_port(address)
        except RuntimeError as error:
            raise StartProblem(
                f"The server cannot listen on {address}: the port is in use, or the address is not one of this machine;"
                " choose another --address."
            ) from error
        host, _ = split_address(address)
        return f"{host}:{port}"
