"""What the engine asks of a library that runs networks: a backend, and the networks that it has loaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from numpy.typing import NDArray

from server.engine.cancel import RunControl
from server.engine.feed import Feed
from server.engine.plan import Executor
from server.engine.provider import Provider


class Loaded(Protocol):
    """A network on its device, and the ways in which it can be computed there."""

    @property
    def name(self) -> str:
        """What computes it, as summaries tell it, such as CPUExecutionProvider."""

    @property
    def executors(self) -> Sequence[Executor]:
        """The best first; the last one has a plan for every picture or raises DoesNotFit."""

    def is_lack_of_memory(self, error: BaseException) -> bool:
        """Whether this is how a run says that the device's memory did not suffice."""


class Trial(Protocol):
    """A network that is opened for a few small pictures, to find out what it computes."""

    def run(self, values: NDArray[Any], control: RunControl) -> NDArray[Any]:
        """The network's answer, both as the network has them. Raises whatever the library raises."""


class Backend(Protocol):
    """One device, by means of one library."""

    @property
    def name(self) -> str:
        """What really computes, as summaries tell it, such as CPUExecutionProvider."""

    @property
    def library(self) -> str:
        """The library's own name, for sentences about it, such as onnxruntime."""

    @property
    def version(self) -> str:
        """The library's version: another one may compute other networks."""

    @property
    def warning(self) -> str | None:
        """Why this is not what was asked for, and what to do about it; None where it is."""

    @property
    def warm_up(self) -> Sequence[int]:
        """Sides of the squares to be computed before a network is offered, the largest first; none where the first
        picture of a size takes no longer than later ones."""

    def default_budget(self) -> int:
        """The bytes that computations may take together, by what is free now."""

    def is_lack_of_memory(self, error: BaseException) -> bool:
        """Whether this is how the library says that the memory did not suffice."""

    def open_for_trial(self, model: bytes, feed: Feed) -> Trial:
        """Loads a serialised ONNX model as quickly as can be, on the CPU, in any thread. Raises whatever the library
        raises."""

    def open(self, model: bytes, feed: Feed) -> Loaded:
        """Loads a serialised ONNX model, which is fed as ``feed`` says, perhaps only when it is first run. Raises
        whatever the library raises."""


@dataclass(frozen=True)
class Settings:
    """What a backend may be told: ``threads`` of a computation on the CPU (0: as many as the library likes), a folder
    for TensorRT's engines (None: one in the user's cache), and sides of squares that a GPU computes beforehand."""

    threads: int = 0
    tensorrt_cache: Path | None = None
    warm_up: tuple[int, ...] = ()


def open_backend(
    provider: Provider = Provider.AUTO,
    *,
    threads: int = Settings.threads,
    tensorrt_cache: Path | None = Settings.tensorrt_cache,
    warm_up: Sequence[int] = Settings.warm_up,
) -> Backend:
    """The backend that answers for ``provider``, told what Settings describe. Imports its library now. Raises
    StartProblem where TensorRT's cache cannot be used."""
    backend: Backend = import_module(provider.module).open_backend(
        provider, Settings(threads, tensorrt_cache, tuple(warm_up))
    )
    return backend
