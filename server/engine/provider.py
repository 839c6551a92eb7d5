"""Where to compute: the names that a person may ask for, and which module answers to each."""

from __future__ import annotations

from enum import StrEnum


class Provider(StrEnum):
    """What may be asked for. AUTO is CUDA where an NVIDIA driver is installed, else the CPU. Where TENSORRT cannot be
    used, CUDA is, and where that cannot, the CPU."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"
    TENSORRT = "tensorrt"

    @property
    def module(self) -> str:
        """The module whose ``open_backend`` makes the backend; it is imported when it is first asked for."""
        return _MODULES.get(self, "server.engine.onnxruntime.backend")

    @property
    def for_trials(self) -> Provider:
        """What leads to the same library and leaves a GPU alone, where that can be."""
        return Provider.CPU if Provider.CPU.module == self.module else self


# Those that are not onnxruntime's.
_MODULES: dict[Provider, str] = {}
