"""Offers an Application over gRPC: listens, encrypts if there is a certificate, and answers health and reflection."""

from __future__ import annotations

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import SERVICE_NAME as HEALTH
from grpc_health.v1.health import aio as health
from grpc_reflection.v1alpha import reflection

from server.application import Application
from server.errors import StartProblem
from server.options.addresses import split_address
from server.transports.credentials import server_credentials
from server.transports.grpc_calls import TokenInterceptor, handlers_of

LAST_WORDS_SECONDS = 5.0  # at most, for statuses that are on their way
_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


class GrpcServer:
    """Serves an application in its event loop. Starting, draining and stopping the server does so to the application
    too."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._health = health.HealthServicer()
        self._grpc = self._server()

    async def start(self) -> str:
        """Starts to listen. Returns the address with the actual port. Raises StartProblem when the port is taken."""
        address = self._listen()
        self._application.start()
        await self._grpc.start()
        for service, is_available in ({"": True} | self._application.availability()).items():
            await self._health.set(service, _SERVING if is_available else _NOT_SERVING)
        return address

    async def drain(self) -> None:
        """Reports that it is not healthy, drains the application, and stops."""
        await self._health.enter_graceful_shutdown()
        await self._application.drain()
        await self.stop()

    async def stop(self) -> None:
        """Stops the application, delivers its refusals, and frees the port. Harmless before ``start``."""
        await self._application.stop()
        await self._grpc.stop(LAST_WORDS_SECONDS)

    def _server(self) -> grpc.aio.Server:
        options = [
            ("grpc.so_reuseport", 0),  # a port in use is an error, not a second server behind it
            ("grpc.max_receive_message_length", self._application.config.max_message_mib << 20),
            ("grpc.max_send_message_length", -1),  # a PNG may be larger than the JPEG that it comes from
        ]
        security, services = self._application.security, self._application.services
        server = grpc.aio.server(
            options=options, interceptors=[TokenInterceptor(security)] if security.protection.token else []
        )
        server.add_generic_rpc_handlers([handlers_of(service) for service in services])
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        names = [service.descriptor.full_name for service in services]
        reflection.enable_server_reflection((*names, HEALTH, reflection.SERVICE_NAME), server)
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
