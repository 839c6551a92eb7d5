"""Pictures of any size through a network: whole, or in pieces with the same result."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from server.engine.fused.form import Form
from server.engine.fused.plans import FusedPlan
from server.engine.network.reader import NotInPieces
from server.engine.onnxruntime.loaded import BYTES_PER_PIXEL, KEPT_PIXELS, Session
from server.engine.pixels import Tensor
from server.engine.tiled.plan import PiecePlan
from server.engine.tiled.plan import TooLarge as PiecesTooLarge

Values = TypeVar("Values", bound=np.generic)

# Below it a network's own padding by reflection runs out of picture.
SMALLEST = 16

# Making pieces of networks so deep takes minutes.
_MOST_LAYERS = 500

# Rows of a whole run are given out in bands of about so many pixels, so that nobody has to convert them at once.
_BAND_PIXELS = 1 << 18


@dataclass(frozen=True)
class EightBit:
    """A picture's sRGB-encoded bytes: ``rows`` gives those from the first number up to the second, h x W x ``samples``,
    of which the ones at ``places`` are red, green and blue. They are the picture's own, to be read only."""

    rows: Callable[[int, int], NDArray[np.uint8]]
    samples: int
    places: tuple[int, int, int]


class Source(Protocol):
    """A picture that can be asked for rows, again and again, in any order."""

    @property
    def height(self) -> int: ...

    @property
    def width(self) -> int: ...

    def rows(self, top: int, bottom: int) -> Tensor:
        """1 x 3 x (bottom - top) x W, -1 to 1; the caller's own, to change as it likes."""

    @property
    def eight_bit(self) -> EightBit | None:
        """The same values as bytes, if they are that."""


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

    @property
    def eight_bit(self) -> None:
        return None


Rows = NDArray[Any]
"""Of a result: 1 x 3 x h x W, float32, -1 to 1. For an eight-bit source perhaps its bytes, 1 x samples x h x W, in the
order that they have there; those that are no colours have no meaning."""

Emit = Callable[[Rows], None]
"""Takes a result's next rows, from the top. It keeps them: nobody else may write to them again."""


@dataclass(frozen=True)
class Plan:
    """How a picture will be computed: in how many pieces (1: whole, in one run), and how much memory that takes at
    most, beside the caller's own pixels."""

    pieces: int
    memory_bytes: int
    in_pieces: PiecePlan | None = None
    fused: FusedPlan | None = None


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
        fused = self._plan_fused(*size, memory)
        if fused is not None:
            return Plan(1, fused.memory_bytes, fused=fused)
        whole = size[0] * size[1] * BYTES_PER_PIXEL
        if whole <= memory and not self._session.prefers_pieces(*size):
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

    def _plan_fused(self, height: int, width: int, memory: int) -> FusedPlan | None:
        if self._session.fused is None:
            return None
        with contextlib.suppress(ValueError):  # too small for a layer, as computing it will say
            return self._session.fused.plan(height, width, memory)
        return None

    def translate(self, source: Source, emit: Emit, plan: Plan, options: Any) -> Generator[float, None, None]:
        """Each step computes one piece, gives out the rows that are ready, and says what share of the work is done:
        more than 0, and 1 at the end.

        ``options`` are onnxruntime.RunOptions for this picture alone. Raises what Session.run raises, Overflow where
        values are too large for a plan that is not exact, and OSError where a temporary file has no room.
        """
        if plan.in_pieces is not None:
            yield from self._pieces(source, emit, plan.in_pieces, options)
        elif plan.fused is not None:
            self._fused(source, emit, plan.fused)
            yield 1.0
        else:
            _give_out(self._run([source], options), emit)
            yield 1.0

    def translate_batch(self, sources: Sequence[Source], emits: Sequence[Emit], plan: Plan, options: Any) -> None:
        """Small pictures of one size, all by one plan, where ``takes_batches``; each result is given out whole."""
        if plan.fused is not None:
            for source, emit in zip(sources, emits, strict=True):
                self._fused(source, emit, plan.fused)
        else:
            for result, emit in zip(self._run(sources, options), emits, strict=True):
                emit(result[None])

    def _fused(self, source: Source, emit: Emit, plan: FusedPlan) -> None:
        network = self._session.fused
        assert network is not None, "whoever made the plan"
        padded, eight_bit = _Padded(source, self._multiple), source.eight_bit
        if eight_bit is None or not self._session.feed.is_usual:
            network.run(*self._ends(source, emit), Form(3, padded.height, padded.width), plan)
            return
        crop = _Crop(source, emit)  # there is little to convert
        form = Form(eight_bit.samples, padded.height, padded.width, eight_bit.places)
        network.run(
            lambda top, bottom: padded.samples(eight_bit, top, bottom),
            lambda rows: crop(rows.transpose(2, 0, 1)[None]),
            form,
            plan,
        )

    def _pieces(self, source: Source, emit: Emit, plan: PiecePlan, options: Any) -> Generator[float, None, None]:
        steps = self._session.in_pieces().translate(*self._ends(source, emit), plan, options)
        for left in range(plan.pieces, 0, -1):
            if left == 1 and source.height * source.width > KEPT_PIXELS:
                self._session.give_memory_back(options)
            yield next(steps)
        steps.close()

    def _ends(self, source: Source, emit: Emit) -> tuple[Callable[[int, int], Tensor], Emit]:
        """What gives the padded picture's rows as the network wants them, and what takes the result's."""
        padded, feed = _Padded(source, self._multiple), self._session.feed
        crop = _Crop(source, lambda rows: _give_out(feed.rescale_back(rows), emit))
        return lambda top, bottom: feed.rescale(padded.rows(top, bottom)), crop

    def _run(self, sources: Sequence[Source], options: Any) -> Tensor:
        pictures = [_Padded(source, self._multiple) for source in sources]
        tensors = [picture.rows(0, picture.height) for picture in pictures]
        tensor = tensors[0] if len(tensors) == 1 else np.concatenate(tensors)
        return self._session.run(tensor, options)[:, :, : sources[0].height, : sources[0].width]


class _Crop:
    """Gives on the rows of a padded result, without what was padded."""

    def __init__(self, source: Source, emit: Emit) -> None:
        self._source = source
        self._emit = emit
        self._given = 0

    def __call__(self, rows: Rows) -> None:
        wanted = rows[:, :, : self._source.height - self._given, : self._source.width]
        self._given += wanted.shape[2]
        self._emit(wanted)


def _give_out(result: Rows, emit: Emit) -> None:
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

    @property
    def width(self) -> int:
        return len(self._columns)

    def rows(self, top: int, bottom: int) -> Tensor:
        return self._padded(self._source.rows, 2, top, bottom)

    def samples(self, eight_bit: EightBit, top: int, bottom: int) -> NDArray[np.uint8]:
        """The same as the picture's bytes: (bottom - top) x W x samples."""
        return self._padded(eight_bit.rows, 0, top, bottom)

    def _padded(self, read: Callable[[int, int], NDArray[Values]], axis: int, top: int, bottom: int) -> NDArray[Values]:
        """Rows are the given axis of what is read, and columns the next."""
        wanted = self._rows[top:bottom]
        first, last = int(wanted.min()), int(wanted.max()) + 1
        rows = read(first, last)
        if last - first != bottom - top or bottom > self._source.height:
            rows = rows.take(wanted - first, axis)
        return rows if len(self._columns) == self._source.width else rows.take(self._columns, axis + 1)


def _missing(length: int, multiple: int) -> int:
    return -(-max(length, SMALLEST) // multiple) * multiple - length
