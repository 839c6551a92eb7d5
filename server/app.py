"""Puts the parts together on grpc.aio: starts, drains, stops."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from importlib.metadata import version

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import SERVICE_NAME as HEALTH
from grpc_health.v1.health import aio as health
from grpc_reflection.v1alpha import reflection
from pleinair.inference import open_inference_pb2, open_inference_pb2_grpc
from pleinair.v1 import (
    filters_pb2,
    filters_pb2_grpc,
    training_pb2,
    training_pb2_grpc,
    translation_pb2,
    translation_pb2_grpc,
)

from server.admission import Admission
from server.config import ServerConfig, split_address
from server.engine.backend import open_backend
from server.engine.worker import Worker
from server.errors import StartProblem
from server.filters.folder import FilterFolder
from server.filters.scanner import FolderScanner
from server.security import Security
from server.services.filters import FilterService
from server.services.inference_v2 import InferenceService
from server.services.training import TrainingService
from server.services.translation import TranslationService
from server.trainings.jobs.trainer import Trainer
from server.trainings.trainings import Trainings
from server.translation.handler import TranslationHandler

TRAINING = training_pb2.DESCRIPTOR.services_by_name["TrainingService"].full_name
SERVICES = (
    translation_pb2.DESCRIPTOR.services_by_name["TranslationService"].full_name,
    filters_pb2.DESCRIPTOR.services_by_name["FilterService"].full_name,
    TRAINING,
    open_inference_pb2.DESCRIPTOR.services_by_name["GRPCInferenceService"].full_name,
)
MOST_WATCHERS = 100
MOST_TRAINING_CALLS = 8  # that send pictures or make filters at once
_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
LAST_WORDS_SECONDS = 5.0  # at most, for statuses that are on their way


class Server:
    """One server in the running event loop: ``start``, then ``drain`` or ``stop``.

    Loads the filters; raises StartProblem when their folder, the certificate or the token cannot be read, or when
    TensorRT's cache cannot be used.
    """

    def __init__(self, config: ServerConfig, trainer: Trainer | None = None) -> None:
        self._config = config
        self._security = Security.of(config)
        self._backend = open_backend(
            config.provider, threads=config.threads, tensorrt_cache=config.tensorrt_cache, warm_up=config.warm_up
        )
        self._folder = FilterFolder(FolderScanner(config.filters, self._backend))
        self._worker = Worker(self._backend, memory=config.memory)
        self._translations = Admission(places=config.queue, deadline_seconds=config.deadline)
        self._watchers = Admission(places=MOST_WATCHERS, deadline_seconds=None)
        self._trainings = Trainings(config, self._folder, trainer or Trainer())
        self._training_calls = Admission(places=MOST_TRAINING_CALLS, deadline_seconds=config.deadline)
        self._training_watchers = Admission(places=MOST_WATCHERS, deadline_seconds=None)
        self._health = health.HealthServicer()

    async def start(self) -> str:
        """Listens. Returns the address with the real port; raises StartProblem when it is taken."""
        self._grpc = self._grpc_server()
        address = self._listen()
        self._trainings.start()
        await self._grpc.start()
        for service in ("", *SERVICES):
            absent = service == TRAINING and self._trainings.unavailable
            await self._health.set(service, _NOT_SERVING if absent else _SERVING)
        self._watching = asyncio.create_task(self._folder.watch(poll_seconds=self._config.poll))
        return address

    def start_lines(self, address: str) -> list[str]:
        """What to tell the user who started it: what is served where, what is not and why, what to look out for."""
        catalogue = self._folder.catalogue
        names = list(catalogue.filters)
        filters = f"{len(names)} filter{'s' * (len(names) != 1)} ({', '.join(names)})" if names else "no filters yet"
        lines = [f"Pleinair {version('pleinair')} serves {filters} on {address} with {self._backend.name}"]
        lines += [f"{file_name} is not served: {reason}" for file_name, reason in catalogue.rejected.items()]
        if not names:
            lines.append(f"Put filters (.onnx files) into {self._config.filters} and they are served within seconds.")
        if self._backend.warning:
            lines.append(f"Warning: {self._backend.warning}")
        return lines + self._trainings.start_lines() + self._security_lines(address)

    def _security_lines(self, address: str) -> list[str]:
        fingerprint, lines = self._security.fingerprint, []
        if fingerprint:
            lines.append(f"The certificate's SHA-256 fingerprint, for the editors to pin, is {fingerprint}")
        if self._config.is_loopback:
            return lines
        if not self._security.token:
            lines.append(
                f"Warning: {address} can be reached from other machines, and whoever reaches it can use this server;"
                " give it a --token-file."
            )
        if not fingerprint:
            lines.append(
                f"Warning: what other machines send to {address} travels unencrypted; give it a --tls-certificate and"
                " --tls-key."
            )
        return lines

    async def drain(self) -> None:
        """Refuses new calls, lets running translations go on and trainings save a checkpoint for the grace period, then
        stops."""
        await self._health.enter_graceful_shutdown()
        self._translations.close()
        self._training_calls.close()
        await asyncio.gather(self._translated(), self._trainings.close(self._config.grace))
        await self.stop()

    async def _translated(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._translations.empty(), self._config.grace)

    async def stop(self) -> None:
        """Ends running calls, each with a status, and frees the device and the port."""
        calls = (self._translations, self._training_calls, self._watchers, self._training_watchers)
        for admission in calls:
            admission.close()
            admission.evict()
        await self._translations.empty()
        await self._trainings.close(0)
        await self._grpc.stop(LAST_WORDS_SECONDS)
        self._watching.cancel()
        self._worker.close()

    def _grpc_server(self) -> grpc.aio.Server:
        options = [
            ("grpc.so_reuseport", 0),  # a port in use is an error, not a second server behind it
            ("grpc.max_receive_message_length", self._config.max_message_mib << 20),
            ("grpc.max_send_message_length", -1),  # a PNG may be larger than the JPEG that it comes from
        ]
        server = grpc.aio.server(options=options, interceptors=self._security.interceptors())
        handler = TranslationHandler(self._folder, self._worker, max_pixels=self._config.max_pixels)
        translation_pb2_grpc.add_TranslationServiceServicer_to_server(
            TranslationService(handler, self._translations), server
        )
        filters_pb2_grpc.add_FilterServiceServicer_to_server(FilterService(self._folder, self._watchers), server)
        training_pb2_grpc.add_TrainingServiceServicer_to_server(
            TrainingService(self._trainings, self._training_calls, self._training_watchers), server
        )
        open_inference_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(
            InferenceService(handler, self._folder, self._translations), server
        )
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        reflection.enable_server_reflection((*SERVICES, HEALTH, reflection.SERVICE_NAME), server)
        return server

    def _listen(self) -> str:
        host, _ = split_address(self._config.address)
        try:
            if self._security.credentials:
                port = self._grpc.add_secure_port(self._config.address, self._security.credentials)
            else:
                port = self._grpc.add_insecure_port(self._config.address)
        except RuntimeError as error:
            raise StartProblem(
                f"It is not possible to listen on {self._config.address}: the port is in use or the address is not of"
                " this machine; choose another --address."
            ) from error
        return f"{host}:{port}"


async def serve(config: ServerConfig) -> None:
    """Runs a server until SIGTERM or SIGINT, then drains it; a second signal stops it at once. Raises StartProblem."""
    signals: asyncio.Queue[int] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: loop.call_soon_threadsafe(signals.put_nowait, number))
    server = Server(config)
    print("\n".join(server.start_lines(await server.start())), flush=True)
    await signals.get()
    draining, second = asyncio.create_task(server.drain()), asyncio.create_task(signals.get())
    done, _ = await asyncio.wait([draining, second], return_when=asyncio.FIRST_COMPLETED)
    if draining in done:
        second.cancel()
        await draining
    else:
        draining.cancel()
        await server.stop()
