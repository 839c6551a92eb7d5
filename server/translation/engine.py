"""Everything needed to translate, assembled from the options."""

from __future__ import annotations

from server.config import ServerConfig
from server.engine.account import MemoryAccount
from server.engine.backend import open_backend
from server.engine.worker import Worker
from server.filters.folder import FilterFolder
from server.filters.limits import FilterLimits
from server.filters.scanner import FolderScanner
from server.filters.trial_process import TrialProcesses
from server.filters.verdicts import Verdicts, verdicts_folder
from server.translation.handler import TranslationHandler


class TranslationEngine:
    """The backend, the filters loaded on it, and the handler that translates with them, for one event loop. Files that
    take longer than ``filter_seconds`` come when the folder is watched; None waits for all.

    Raises StartProblem when the filters folder cannot be read or TensorRT's cache cannot be used.
    """

    def __init__(self, config: ServerConfig, filter_seconds: float | None = None) -> None:
        self.backend = open_backend(
            config.provider, threads=config.threads, tensorrt_cache=config.tensorrt_cache, warm_up=config.warm_up
        )
        limits = FilterLimits(config.filter_seconds, config.filter_memory, config.filter_mib << 20)
        trials = TrialProcesses(config.provider, limits)
        scanner = FolderScanner(config.filters, self.backend, Verdicts(verdicts_folder()), trials, limits)
        self.filters = FilterFolder(scanner, trials, filter_seconds)
        self._worker = Worker(self.backend, memory=config.memory)
        self.handler = TranslationHandler(self.filters, self._worker, max_pixels=config.max_pixels)

    @property
    def account(self) -> MemoryAccount:
        """Of the memory that pictures on their way take, beside what is computed."""
        return self._worker.account

    @property
    def memory(self) -> int:
        """The bytes that all computations, and pictures on their way, may take together."""
        return self._worker.memory

    @property
    def memory_taken(self) -> int:
        """The bytes that they take at the moment."""
        return self._worker.memory_taken

    def close(self) -> None:
        """Waits for what the device is computing, and frees it; what is being tried is not waited for."""
        self.filters.close()
        self.handler.close()
        self._worker.close()
