"""One server without its transport: what it serves, how it starts, drains and stops."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from importlib.metadata import version

from server.admission import Admission
from server.config import ServerConfig
from server.metrics.state import Places, ServerState
from server.security.guard import Security
from server.services.endpoint import Service
from server.services.filters import FilterService
from server.services.inference_v2 import InferenceService
from server.services.training import TrainingService
from server.services.translation import TranslationService
from server.trainings.jobs.trainer import Trainer
from server.trainings.support import TrainingSupport
from server.translation.engine import TranslationEngine

START_SECONDS = 10.0  # for filters that were not tried before; the others follow while it serves
MOST_WATCHERS = 100
_MOST_NAMED = 50
MOST_TRAINING_CALLS = 8  # that send pictures or make filters at once


class Application:
    """All of a server but its transport, which calls ``services``. Belongs to the running event loop: ``start`` it,
    then ``drain`` it, ``stop`` it, or both.

    Loads the filters; raises StartProblem when their folder, the certificate or the token cannot be read, or when
    TensorRT's cache cannot be used.
    """

    def __init__(self, config: ServerConfig, trainer: Trainer | None = None) -> None:
        self.config = config
        self.security = Security(config)
        self._engine = TranslationEngine(config, START_SECONDS)
        self._trainings = TrainingSupport(config, self._engine.filters, self._engine.account, trainer or Trainer())
        self._translation_calls = Admission(places=config.queue, deadline_seconds=config.deadline)
        self._training_calls = Admission(places=MOST_TRAINING_CALLS, deadline_seconds=config.deadline)
        self._filter_watchers = Admission(places=MOST_WATCHERS, deadline_seconds=None)
        self._training_watchers = Admission(places=MOST_WATCHERS, deadline_seconds=None)
        self._watching: list[asyncio.Task[None]] = []
        self.services: tuple[Service, ...] = (
            TranslationService(self._engine.handler, self._translation_calls),
            FilterService(self._engine.filters, self._filter_watchers),
            TrainingService(self._trainings, self._training_calls, self._training_watchers),
            InferenceService(self._engine.handler, self._engine.filters, self._translation_calls),
        )

    @property
    def methods(self) -> list[str]:
        """PACKAGE.SERVICE/METHOD of each method that is served."""
        descriptors = [service.descriptor for service in self.services]
        return [f"{descriptor.full_name}/{name}" for descriptor in descriptors for name in descriptor.methods_by_name]

    def state(self) -> ServerState:
        """What the server holds at the moment."""
        catalogue = self._engine.filters.catalogue
        queues = {
            "translations": self._translation_calls,
            "training_calls": self._training_calls,
            "filter_watchers": self._filter_watchers,
            "training_watchers": self._training_watchers,
        }
        return ServerState(
            queues={name: Places(queue.taken, queue.places) for name, queue in queues.items()},
            memory_taken=self._engine.memory_taken,
            memory=self._engine.memory,
            filters=len(catalogue.filters),
            rejected_files=len(catalogue.rejected),
            trainings=self._trainings.count_by_state(),
        )

    def availability(self) -> dict[str, bool]:
        """Maps each service's full name to whether the service is available."""
        names = {service.descriptor.full_name: True for service in self.services}
        return names | {TrainingService.descriptor.full_name: self._trainings.unavailable is None}

    def start(self) -> None:
        """Resumes trainings that were under way and starts to follow the filters and the files that protect it."""
        self._trainings.start()
        self._watching += [
            asyncio.create_task(self._engine.filters.watch(poll_seconds=self.config.poll)),
            asyncio.create_task(self.security.follow(self.config.poll)),
            asyncio.create_task(self.security.remind()),
        ]

    def start_lines(self, address: str) -> list[str]:
        """Lines for the user who started the server: what is served on ``address``, what is not and why, and
        warnings."""
        backend, catalogue = self._engine.backend, self._engine.filters.catalogue
        names = list(catalogue.filters)
        named = ", ".join(names[:_MOST_NAMED]) + (", ..." if len(names) > _MOST_NAMED else "")
        filters = f"{len(names)} filter{'s' * (len(names) != 1)} ({named})" if names else "no filters yet"
        lines = [f"Pleinair {version('pleinair')} serves {filters} on {address} with {backend.name}"]
        lines += [f"{name} is still being tried, and served afterwards." for name in self._engine.filters.trying]
        lines += _rejections(catalogue.rejected)
        if not names:
            lines.append(f"Put filters (.onnx files) into {self.config.filters}; they are served within seconds.")
        if backend.warning:
            lines.append(f"Warning: {backend.warning}")
        return lines + self._trainings.start_lines() + self.security.start_lines()

    async def drain(self) -> None:
        """Refuses new calls. During the grace period running translations continue and trainings save a checkpoint."""
        self._translation_calls.close()
        self._training_calls.close()
        await asyncio.gather(self._translated(), self._trainings.close(self.config.grace))

    async def stop(self) -> None:
        """Ends running calls, each with a refusal, and trainings, and frees the device. Harmless before ``start``."""
        for admission in (
            self._translation_calls,
            self._training_calls,
            self._filter_watchers,
            self._training_watchers,
        ):
            admission.close()
            admission.evict()
        await self._translation_calls.empty()
        await self._trainings.close(0)
        for task in self._watching:
            task.cancel()
        # In a thread: the refusals are still on their way through this loop.
        await asyncio.to_thread(self._engine.close)

    async def _translated(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._translation_calls.empty(), self.config.grace)


def _rejections(rejected: Mapping[str, str]) -> list[str]:
    lines = [f"{file_name} is not served: {reason}" for file_name, reason in rejected.items()]
    more = len(lines) - _MOST_NAMED
    return lines[:_MOST_NAMED] + ([f"{more} more files are not served; --list tells which."] if more > 0 else [])
