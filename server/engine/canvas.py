"""Pictures of any size through a network that wants multiples."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from server.engine.pixels import Tensor
from server.engine.session import Session

# Below it a network's own padding by reflection runs out of picture.
SMALLEST = 16

# What a full-size network in float32 takes for each pixel that it computes at once.
_BYTES_PER_PIXEL = 1126

# Rows of a whole run are given out in bands of about so many pixels, so that nobody has to convert them at once.
_BAND_PIXELS = 1 << 18


class Source(Protocol):
    """A picture that can be asked for rows, again and again, in any order."""

    @property
    def height(self) -> int: ...

    @property
    def width(self) -> int: ...

    def rows(self, top: int, bottom: int) -> Tensor:
        """1 x 3 x (bottom - top) x W, -1 to 1; the caller's own, to change as it likes."""


@dataclass(frozen=True)
class TensorSource:
    """A picture that is a tensor already: 1 x 3 x H x W."""

    tensor: Tensor

    @property
    def height(self) -> int:
        return int(self.tensor.shape[2])

    @property
    def width(self) -> int:
        return int(self.tensor.shape[3])

    def rows(self, top: int, bottom: int) -> Tensor:
        return self.tensor[:, :, top:bottom].copy()


Emit = Callable[[Tensor], None]
"""Takes a result's next rows, from the top: 1 x 3 x h x W, -1 to 1. It keeps them: nobody may write to them again."""


@dataclass(frozen=True)
class Plan:
    """How a picture will be computed: in how many pieces (1: whole, in one run), and how much memory that takes at
    most, beside the caller's own pixels."""

    pieces: int
    memory_bytes: int


class TooLarge(Exception):
    """No plan fits the memory; ``memory_bytes`` is the least that would do."""

    def __init__(self, memory_bytes: int) -> None:
        super().__init__(f"It takes {memory_bytes} bytes at least.")
        self.memory_bytes = memory_bytes


class Canvas:
    """One filter's network, for pictures of any size: padded at the right and bottom to ``multiple`` and cropped again.

    Padding is by reflection, again and again where the picture is smaller than it, and never more than is needed:
    instance normalisation sees it.
    """

    def __init__(self, session: Session, *, multiple: int) -> None:
        self._session = session
        self._multiple = multiple
        self.execution_provider = session.execution_provider
        self.takes_batches = session.takes_batches

    def plan(self, height: int, width: int, memory: int) -> Plan:
        """The best within ``memory`` bytes. Raises TooLarge."""
        pixels = (height + _missing(height, self._multiple)) * (width + _missing(width, self._multiple))
        if pixels * _BYTES_PER_PIXEL > memory:
            raise TooLarge(pixels * _BYTES_PER_PIXEL)
        return Plan(pieces=1, memory_bytes=pixels * _BYTES_PER_PIXEL)

    def translate(self, source: Source, emit: Emit, plan: Plan, options: Any) -> Generator[float, None, None]:
        """Each step computes one piece, gives out the rows that are ready, and says what share of the work is done:
        more than 0, and 1 at the end.

        ``options`` are onnxruntime.RunOptions for this picture alone. Raises what Session.run raises.
        """
        result = self._run([source], options)
        rows = max(_BAND_PIXELS // source.width, 1)
        for top in range(0, source.height, rows):
            emit(result[:, :, top : top + rows])
        yield 1.0

    def translate_batch(self, sources: Sequence[Source], emits: Sequence[Emit], options: Any) -> None:
        """Small pictures of one size in one run, where ``takes_batches``; each result is given out whole."""
        for result, emit in zip(self._run(sources, options), emits, strict=True):
            emit(result[None])

    def _run(self, sources: Sequence[Source], options: Any) -> Tensor:
        height, width = sources[0].height, sources[0].width
        pictures = [source.rows(0, height) for source in sources]
        tensor = pictures[0] if len(pictures) == 1 else np.concatenate(pictures)
        padding = ((0, 0), (0, 0), (0, _missing(height, self._multiple)), (0, _missing(width, self._multiple)))
        padded = np.pad(tensor, padding, mode="reflect") if padding[2:] != ((0, 0), (0, 0)) else tensor
        return self._session.run(padded, options)[:, :, :height, :width]


def _missing(length: int, multiple: int) -> int:
    return -(-max(length, SMALLEST) // multiple) * multiple - length
