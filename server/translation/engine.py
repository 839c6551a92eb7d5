"""Everything needed to translate, assembled from the options."""

from __future__ import annotations

from server.config import ServerConfig
from server.engine.backend import open_backend
from server.engine.worker import Worker
from server.filters.folder import FilterFolder
from server.filters.scanner import FolderScanner
from server.filters.verdicts import Verdicts, verdicts_folder
from server.translation.handler import TranslationHandler


class TranslationEngine:
    """The backend, the filters loaded on it, and the handler that translates with them, for one event loop.

    Raises StartProblem when the filters folder cannot be read or TensorRT's cache cannot be used.
    """

    def __init__(self, config: ServerConfig) -> None:
        self.backend = open_backend(
            config.provider, threads=config.threads, tensorrt_cache=config.tensorrt_cache, warm_up=config.warm_up
        )
        self.filters = FilterFolder(FolderScanner(config.filters, self.backend, Verdicts(verdicts_folder())))
        self._worker = Worker(self.backend, memory=config.memory)
        self.handler = TranslationHandler(self.filters, self._worker, max_pixels=config.max_pixels)

    def close(self) -> None:
        """Waits for what the device is computing, and frees it."""
        self._worker.close()
