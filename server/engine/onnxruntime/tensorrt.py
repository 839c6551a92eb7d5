"""What TensorRT builds for a network, kept from one start to the next."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from pathlib import Path

from pleinair.common.caches import cache_folder

from server.errors import StartProblem

_OPTION = "--tensorrt-cache or PLEINAIR_TENSORRT_CACHE"


class EngineCache:
    """A folder of engines, those of each network in a folder of their own, and of the timings that make building the
    next one quicker. Engines are code that TensorRT runs, so nobody but this user may have access to it.

    Raises StartProblem for a folder that cannot be made, is somebody else's or is open to others.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = (folder or _default_folder()).absolute()
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            found = self._folder.stat()
        except OSError as error:
            raise StartProblem(
                f"TensorRT's cache {self._folder} cannot be made ({error.strerror}); name another folder with"
                f" {_OPTION}."
            ) from error
        if sys.platform != "win32" and (found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077):
            raise StartProblem(
                f"TensorRT's cache {self._folder} is open to others, and what lies there is run; make it yours alone"
                f" (chmod 700) after emptying it, or name another folder with {_OPTION}."
            )

    def options(self, model: bytes, *, half: bool) -> dict[str, str]:
        """The provider's options for one network; ``half`` lets it compute in float16."""
        # onnxruntime names an engine by the network's nodes, not by its weights.
        own = self._folder / hashlib.sha256(model).hexdigest()
        own.mkdir(mode=0o700, exist_ok=True)
        return {
            "trt_engine_cache_enable": "1",
            "trt_engine_cache_path": str(own),
            "trt_timing_cache_enable": "1",
            "trt_timing_cache_path": str(self._folder),
            "trt_fp16_enable": "1" if half else "0",
        }


def _default_folder() -> Path:
    try:
        return cache_folder() / "tensorrt"
    except OSError as error:
        raise StartProblem(f"There is no home folder for TensorRT's cache; name a folder with {_OPTION}.") from error
