"""Pictures of any size through a network: whole, or in pieces with the same result."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from server.engine.pieces.plan import PiecePlan
from server.engine.pieces.plan import TooLarge as PiecesTooLarge
from server.engine.pieces.reader import NotInPieces
from server.engine.pixels import Tensor
from server.engine.session import KEPT_PIXELS, Session

# Below it a network's own padding by reflection runs out of picture.
SMALLEST = 16

# What a full-size network in float32 takes for each pixel that it computes at once.
_BYTES_PER_PIXEL = 1126

# On a CPU pieces are faster than onnxruntime's way, but for the smallest pictures, and for networks so deep that making
# them ready takes minutes.
_LEAST_PIXELS = 128 * 128
_MOST_LAYERS = 500

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
    in_pieces: PiecePlan | None = None


class TooLarge(Exception):
    """No plan fits the memory; ``memory_bytes`` is the least that would do. ``operation`` is what keeps the network
    from being computed in pieces, if anything does."""

    def __init__(self, memory_bytes: int, operation: str | None = None) -> None:
        super().__init__(f"It takes {memory_bytes} bytes at least.")
        self.memory_bytes = memory_bytes
        self.operation = operation


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

    def plan(self, height: int, width: int, memory: int, *, exact: bool = False) -> Plan:
        """The best within ``memory`` bytes; ``exact``: nothing is kept at half precision. Raises TooLarge."""
        size = (height + _missing(height, self._multiple), width + _missing(width, self._multiple))
        whole = size[0] * size[1] * _BYTES_PER_PIXEL
        is_small = not self._session.prefers_pieces or size[0] * size[1] < _LEAST_PIXELS
        if whole <= memory and is_small:
            return Plan(1, whole)
        try:
            engine = self._session.in_pieces()
            if whole <= memory and (engine.layers > _MOST_LAYERS or not engine.has_norms):
                return Plan(1, whole)
            planned = engine.plan(*size, memory, exact)
        except (NotInPieces, ValueError) as error:  # the latter: too small for a layer
            if whole <= memory:
                return Plan(1, whole)
            raise TooLarge(whole, error.operation if isinstance(error, NotInPieces) else None) from error
        except PiecesTooLarge as error:
            raise TooLarge(error.least_bytes) from error
        return Plan(planned.pieces, planned.memory_bytes, planned)

    def translate(self, source: Source, emit: Emit, plan: Plan, options: Any) -> Generator[float, None, None]:
        """Each step computes one piece, gives out the rows that are ready, and says what share of the work is done:
        more than 0, and 1 at the end.

        ``options`` are onnxruntime.RunOptions for this picture alone. Raises what Session.run raises, Overflow where
        values are too large for a plan that is not exact, and OSError where a temporary file has no room.
        """
        if plan.in_pieces is None:
            yield from self._whole(source, emit, options)
        else:
            yield from self._pieces(source, emit, plan.in_pieces, options)

    def translate_batch(self, sources: Sequence[Source], emits: Sequence[Emit], options: Any) -> None:
        """Small pictures of one size in one run, where ``takes_batches``; each result is given out whole."""
        for result, emit in zip(self._run(sources, options), emits, strict=True):
            emit(result[None])

    def _whole(self, source: Source, emit: Emit, options: Any) -> Generator[float, None, None]:
        _give_out(self._run([source], options), emit)
        yield 1.0

    def _pieces(self, source: Source, emit: Emit, plan: PiecePlan, options: Any) -> Generator[float, None, None]:
        padded = _Padded(source, self._multiple)
        given = 0

        def rows(top: int, bottom: int) -> Tensor:
            return self._session.feed.rescale(padded.rows(top, bottom))

        def give(result: Tensor) -> None:
            nonlocal given
            wanted = result[:, :, : source.height - given, : source.width]
            given += wanted.shape[2]
            _give_out(self._session.feed.rescale_back(wanted), emit)

        steps = self._session.in_pieces().translate(rows, give, plan, options)
        for left in range(plan.pieces, 0, -1):
            if left == 1 and source.height * source.width > KEPT_PIXELS:
                self._session.give_memory_back(options)
            yield next(steps)
        steps.close()

    def _run(self, sources: Sequence[Source], options: Any) -> Tensor:
        pictures = [_Padded(source, self._multiple) for source in sources]
        tensors = [picture.rows(0, picture.height) for picture in pictures]
        tensor = tensors[0] if len(tensors) == 1 else np.concatenate(tensors)
        return self._session.run(tensor, options)[:, :, : sources[0].height, : sources[0].width]


def _give_out(result: Tensor, emit: Emit) -> None:
    """In bands, so that nobody has to convert them at once."""
    rows = max(_BAND_PIXELS // result.shape[3], 1)
    for top in range(0, result.shape[2], rows):
        emit(result[:, :, top : top + rows])


class _Padded:
    """A picture with what it lacks to the multiple."""

    def __init__(self, source: Source, multiple: int) -> None:
        self._source = source
        self._rows, self._columns = (
            np.pad(np.arange(length), (0, _missing(length, multiple)), mode="reflect")
            for length in (source.height, source.width)
        )

    @property
    def height(self) -> int:
        return len(self._rows)

    def rows(self, top: int, bottom: int) -> Tensor:
        wanted = self._rows[top:bottom]
        first, last = int(wanted.min()), int(wanted.max()) + 1
        rows = self._source.rows(first, last)
        if last - first != bottom - top or bottom > self._source.height:
            rows = rows[:, :, wanted - first]
        return rows if len(self._columns) == self._source.width else rows[..., self._columns]


def _missing(length: int, multiple: int) -> int:
    return -(-max(length, SMALLEST) // multiple) * multiple - length
