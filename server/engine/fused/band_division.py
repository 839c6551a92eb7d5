"""Which rows each step computes at a time when not every buffer is stored.

A buffer that is not stored is computed again by each step that reads it, one band of rows after the other. Two 3 x 3
convolutions, a and b, of a picture of 64 rows; a is not stored, and there is room for bands of about half of the rows:

>>> import numpy as np
>>> from server.engine.fused.steps import BufferPlace, FusedView, Receive
>>> from server.engine.network.operations import Pad
>>> from server.engine.network.spans import Margin, Window
>>> pad, weight = Pad("reflect", 0.0, (Margin(1, 1), Margin(1, 1))), np.zeros((8, 8, 3, 3))
>>> operation = Convolution(weight, None, (1, 1), (1, 1), 1, (Window(3), Window(3)))
>>> def convolve(source, name):
...     return Convolve(FusedView(source, BufferPlace(source), outer=pad), f"{name} padded", operation, name)
>>> sizes = {name: Size(8, 64, 64) for name in ("image", "a", "b")}
>>> sizes |= {name: Size(8, 66, 66) for name in ("a padded", "b padded")}
>>> steps = [Receive("image"), convolve("image", "a"), convolve("a", "b")]
>>> division = BandDivision(steps, sizes, itemsize=4, recomputed=frozenset("a"), band_bytes=80_000)

The step of b, number 2, has two bands. For each, the second level (a) is computed first: the 33 rows of it that show in
the 34 rows of ``b padded`` that the first level (b) sees.

>>> for level in division.bands(2).levels:
...     rows = [f"{span.start}-{span.stop - 1}" for span in (*level.spans, *level.seen)]
...     print(level.convolve.buffer, "computes {} and {}, sees {} and {}".format(*rows))
b computes 0-31 and 32-63, sees 0-33 and 32-65
a computes 0-32 and 31-63, sees 0-34 and 31-65
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server.engine.fused.kernel_operands import MOST_BLOCKS
from server.engine.fused.picture_layout import PictureLayout
from server.engine.fused.placement import Lifetime
from server.engine.fused.steps import Convolve, Materialise, Measure, Step, read_by, written_by
from server.engine.fused.view_rows import rows_read
from server.engine.network.network import Size
from server.engine.network.operations import Convolution
from server.engine.network.spans import Span

# cuDNN takes more, but not always.
MOST_VALUES = 1 << 30

GIVEN, RESULT = "given", "result"
"""The names of the caller's picture and of the result, in the layout that they come and go in."""

Sizes = Mapping[str, Size]
"""The sizes of a network's layers, by name."""


@dataclass(frozen=True)
class BandLevel:
    """One convolution for every band of a step: ``spans`` are the rows that it computes and ``seen`` those that it
    sees. All bands have the same number of rows, for cuDNN has one plan for them. ``number`` is the step's, and
    ``depth`` is how many convolutions follow this one in the step."""

    number: int
    depth: int
    convolve: Convolve
    spans: tuple[Span, ...]
    seen: tuple[Span, ...]

    @property
    def out_name(self) -> str:
        """The name of the memory for a band of what it computes, where the buffer is not stored."""
        return f"{self.number}/{self.depth}/out"

    @property
    def seen_name(self) -> str:
        """The name of the memory for a band of what it sees, where that is not stored."""
        return f"{self.number}/{self.depth}/seen"


@dataclass(frozen=True)
class StepBands:
    """The bands of a step: ``spans`` are the rows that it stores or measures. The first level is the step's own
    convolution, if it is one; every other one computes what the level before it sees."""

    spans: tuple[Span, ...]
    levels: tuple[BandLevel, ...]


class BandDivision:
    """Divides steps into bands, for pictures of one size. The buffers in ``recomputed`` are not stored; a band of them,
    or of what a convolution sees, has about ``band_bytes``, with ``itemsize`` bytes for each value."""

    def __init__(
        self, steps: Sequence[Step], sizes: Sizes, itemsize: int, *, recomputed: frozenset[str], band_bytes: int
    ) -> None:
        self._steps = steps
        self._sizes = sizes
        self._itemsize = itemsize
        self.recomputed = recomputed
        self._band_bytes = band_bytes
        self._convolves = {step.buffer: step for step in steps if isinstance(step, Convolve)}

    def bands(self, number: int) -> StepBands:
        """The bands of the step with this number. Pictures are received and delivered as a whole, in no bands."""
        step = self._steps[number]
        match step:
            case Convolve():
                spans = self._even(self._sizes[step.buffer].height, step)
                return StepBands(spans, self._levels(number, step, spans))
            case Measure() if step.source in self.recomputed:
                convolve = self._convolves[step.source]
                spans = self._split(self._sizes[step.source].height, convolve)
                return StepBands(spans, self._levels(number, convolve, spans))
            case Materialise() if step.view.place.buffer in self.recomputed:
                convolve = self._convolves[step.view.place.buffer]
                spans = self._split(self._sizes[step.buffer].height, convolve)
                wanted = [rows_read(step.view, step.buffer, span, self._sizes) for span in spans]
                return StepBands(spans, self._levels(number, convolve, wanted))
            case Measure():
                return self._at_once(step.source)
            case Materialise():
                return self._at_once(step.buffer)
        return StepBands((), ())

    def lifetimes(self, layout: PictureLayout) -> dict[str, Lifetime]:
        """Everything that lies in memory for a picture of this layout, by name, with the steps that need it."""
        last = len(self._steps) - 1
        found = {GIVEN: Lifetime(layout.size, 0, 0), RESULT: Lifetime(layout.size, last, last)}
        reads = [self._reads(step) for step in self._steps]
        for number, step in enumerate(self._steps):
            written = written_by(step)
            if written is not None and written not in self.recomputed:
                reading = [later for later in range(number, len(reads)) if written in reads[later]]
                found[written] = Lifetime(self._bytes(written), number, max(reading, default=number))
            if not self.is_left_out(step):
                found |= self._band_lifetimes(number)
        return found

    def is_left_out(self, step: Step) -> bool:
        """Whether the step is not computed on its own but by those that read its buffer."""
        return isinstance(step, Convolve) and step.buffer in self.recomputed

    def _band_lifetimes(self, number: int) -> dict[str, Lifetime]:
        found = {}
        for level in self.bands(number).levels:
            if level.convolve.buffer in self.recomputed:
                size = level.spans[0].length * self._row_bytes(level.convolve.buffer)
                found[level.out_name] = Lifetime(size, number, number)
            if not level.convolve.view.is_itself:
                size = level.seen[0].length * self._row_bytes(level.convolve.seen)
                found[level.seen_name] = Lifetime(size, number, number)
        return found

    def _reads(self, step: Step) -> set[str]:
        """The stored buffers that the step reads, also for the buffers that it computes again."""
        if self.is_left_out(step):
            return set()
        stored: set[str] = set()
        open_ = list(read_by(step))
        while open_:
            buffer = open_.pop()
            if buffer in self.recomputed:
                open_ += read_by(self._convolves[buffer])
            else:
                stored.add(buffer)
        return stored

    def _at_once(self, buffer: str) -> StepBands:
        return StepBands((Span(0, self._sizes[buffer].height),), ())

    def _levels(self, number: int, convolve: Convolve, wanted: Sequence[Span]) -> tuple[BandLevel, ...]:
        levels: list[BandLevel] = []
        while True:
            spans = _of_one_length(wanted, self._sizes[convolve.buffer].height)
            seen = tuple(self._seen(convolve, span) for span in spans)
            levels.append(BandLevel(number, len(levels), convolve, spans, seen))
            source = convolve.view.place.buffer
            if source not in self.recomputed:
                return tuple(levels)
            wanted = [rows_read(convolve.view, convolve.seen, span, self._sizes) for span in seen]
            convolve = self._convolves[source]

    def _seen(self, convolve: Convolve, span: Span) -> Span:
        operation = convolve.operation
        if not isinstance(operation, Convolution):  # never in bands
            return Span(0, self._sizes[convolve.seen].height)
        return operation.axes[0].needs(span)

    def _count(self, convolve: Convolve) -> int:
        """How many bands it takes so that nothing that is computed for one of them is too large."""
        involved = [convolve]
        while (source := involved[-1].view.place.buffer) in self.recomputed:
            involved.append(self._convolves[source])
        values = max(self._sizes[name].values for one in involved for name in (one.seen, one.buffer))
        # What a convolution sees is stored in bands even where all of it is stored already, and what it computes only
        # where that is not stored: so convolutions of one kind have bands of one size.
        in_bands = {one.seen for one in involved} | {one.buffer for one in involved if one.buffer in self.recomputed}
        most = max(self._bytes(name) for name in in_bands)
        count = max(-(-values // MOST_VALUES), -(-most // self._band_bytes))
        return min(count, MOST_BLOCKS)  # statistics need a block for each band at least

    def _even(self, height: int, convolve: Convolve) -> tuple[Span, ...]:
        """Bands of one height; the last one may begin before the one above it ends."""
        if not isinstance(convolve.operation, Convolution):
            return (Span(0, height),)
        return _of_one_length(self._split(height, convolve), height)

    def _split(self, height: int, convolve: Convolve) -> tuple[Span, ...]:
        rows = -(-height // self._count(convolve))
        return tuple(Span(top, min(top + rows, height)) for top in range(0, height, rows))

    def _bytes(self, buffer: str) -> int:
        return self._sizes[buffer].values * self._itemsize

    def _row_bytes(self, buffer: str) -> int:
        size = self._sizes[buffer]
        return size.width * size.channels * self._itemsize


def _of_one_length(spans: Sequence[Span], height: int) -> tuple[Span, ...]:
    """Spans as long as the longest of these, each with all of the one that it stands for."""
    length = max(span.length for span in spans)
    starts = [min(span.start, height - length) for span in spans]
    return tuple(Span(start, start + length) for start in starts)
