"""In which rows a picture's steps are computed when not everything is stored at once: of what is not, a step computes
anew as many rows as it needs at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from server.engine.fused.kernels import MOST_BLOCKS
from server.engine.fused.picture_layout import PictureLayout
from server.engine.fused.placement import Lifetime
from server.engine.fused.steps import Convolve, FusedView, Growth, Materialise, Measure, Step, Taps, read_by, written_by
from server.engine.network.network import Size
from server.engine.network.operations import Convolution
from server.engine.network.spans import Scale, Span, Window

# cuDNN takes more, but not always.
MOST_VALUES = 1 << 30

# The picture as it came, and the result as it goes.
GIVEN, RESULT = "given", "result"

Sizes = Mapping[str, Size]


@dataclass(frozen=True)
class BandLevel:
    """A convolution for every band of a step: ``spans`` are the rows that it computes and ``seen`` those that it sees.
    All bands have as many, for which cuDNN has one plan. ``number`` is the step's, ``depth`` how many others come after
    this one."""

    number: int
    depth: int
    convolve: Convolve
    spans: tuple[Span, ...]
    seen: tuple[Span, ...]

    @property
    def out_name(self) -> str:
        """Under which a band of what it computes is stored, where the whole is not."""
        return f"{self.number}/{self.depth}/out"

    @property
    def seen_name(self) -> str:
        """Likewise of what it sees."""
        return f"{self.number}/{self.depth}/seen"


@dataclass(frozen=True)
class StepBands:
    """A step in bands: ``spans`` are rows of what it stores or measures. The first of the levels is the step's own
    convolution, if it is one; every other is what the one before it sees."""

    spans: tuple[Span, ...]
    levels: tuple[BandLevel, ...]


class BandDivision:
    """Of a program for pictures of one size; ``recomputed`` are the buffers that are not stored, and bands have about
    ``band_bytes``, as have those of which they are computed."""

    def __init__(
        self, steps: Sequence[Step], sizes: Sizes, itemsize: int, *, recomputed: frozenset[str], band_bytes: int
    ) -> None:
        self._steps = steps
        self._sizes = sizes
        self._itemsize = itemsize
        self.recomputed = recomputed
        self._band_bytes = band_bytes
        self._convolves = {step.buffer: step for step in steps if isinstance(step, Convolve)}

    def work(self, number: int) -> StepBands:
        """Of the step with this number; the picture is received and delivered in no bands."""
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
                wanted = [self._needed(step.view, step.buffer, span) for span in spans]
                return StepBands(spans, self._levels(number, convolve, wanted))
            case Measure():
                return self._at_once(step.source)
            case Materialise():
                return self._at_once(step.buffer)
        return StepBands((), ())

    def lifetimes(self, layout: PictureLayout) -> dict[str, Lifetime]:
        """Of everything that lies in memory for a picture of this layout, by name."""
        last = len(self._steps) - 1
        found = {GIVEN: Lifetime(layout.size, 0, 0), RESULT: Lifetime(layout.size, last, last)}
        reads = [self._reads(step) for step in self._steps]
        for number, step in enumerate(self._steps):
            written = written_by(step)
            if written is not None and written not in self.recomputed:
                reading = [later for later in range(number, len(reads)) if written in reads[later]]
                found[written] = Lifetime(self._bytes(written), number, max(reading, default=number))
            if self.is_left_out(step):
                continue
            for level in self.work(number).levels:
                if level.convolve.buffer in self.recomputed:
                    size = level.spans[0].length * self._row_bytes(level.convolve.buffer)
                    found[level.out_name] = Lifetime(size, number, number)
                if not level.convolve.view.is_itself:
                    size = level.seen[0].length * self._row_bytes(level.convolve.seen)
                    found[level.seen_name] = Lifetime(size, number, number)
        return found

    def is_left_out(self, step: Step) -> bool:
        """Whether what it computes is computed by those who need it."""
        return isinstance(step, Convolve) and step.buffer in self.recomputed

    def _reads(self, step: Step) -> set[str]:
        """What is stored and must be there for it."""
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
            wanted = [self._needed(convolve.view, convolve.seen, span) for span in seen]
            convolve = self._convolves[source]

    def _seen(self, convolve: Convolve, span: Span) -> Span:
        operation = convolve.operation
        if not isinstance(operation, Convolution):  # never in bands
            return Span(0, self._sizes[convolve.seen].height)
        return operation.axes[0].needs(span)

    def _needed(self, view: FusedView, shown: str, span: Span) -> Span:
        """The rows of the view's value for these of what it shows, which has the size of the layer ``shown``."""
        height, sampled = self._sizes[view.value].height, self._sizes[shown].height
        if view.outer is not None:
            axis = view.outer.axes[0]
            sampled = sampled - axis.before - axis.after
            span = _shown(axis.needs(span), sampled, view.outer.mode)
        match view.sampling:
            case Taps():
                span = Window(view.sampling.weights.shape[0], view.sampling.strides[0]).needs(span)
                if view.inner is not None:
                    span = _shown(view.inner.axes[0].needs(span), height, view.inner.mode)
            case Growth():
                span = _shown(Scale(view.sampling.factors[0]).needs(span), height, "edge")
        return span

    def _count(self, convolve: Convolve) -> int:
        """Of bands, so that none of what is computed for them is too large."""
        involved = [convolve]
        while (source := involved[-1].view.place.buffer) in self.recomputed:
            involved.append(self._convolves[source])
        values = max(self._sizes[name].values for one in involved for name in (one.seen, one.buffer))
        # What a convolution sees is stored in bands also where all of it is stored already, and what it computes only
        # where that is not stored: convolutions of one kind shall have bands of one size.
        in_bands = {one.seen for one in involved} | {one.buffer for one in involved if one.buffer in self.recomputed}
        most = max(self._bytes(name) for name in in_bands)
        count = max(-(-values // MOST_VALUES), -(-most // self._band_bytes))
        return min(count, MOST_BLOCKS)  # each band has a block's sums at least

    def _even(self, height: int, convolve: Convolve) -> tuple[Span, ...]:
        """Bands of one height, for which the last one may begin before the one above it ends."""
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


def can_be_recomputed(steps: Sequence[Step]) -> Iterator[str]:
    """The buffers that need not be stored, for all who read them see them from the top."""
    for step in steps:
        if isinstance(step, Convolve) and isinstance(step.operation, Convolution):
            readers = [other for other in steps if step.buffer in read_by(other)]
            if readers and all(_goes_down(reader, step.buffer) for reader in readers):
                yield step.buffer


def _goes_down(reader: Step, buffer: str) -> bool:
    match reader:
        case Measure():
            return True
        case Convolve() if not isinstance(reader.operation, Convolution):
            return False
        case Materialise() | Convolve():
            return reader.view.value == buffer and not _is_residual(reader.view, buffer)
    return False


def _is_residual(view: FusedView, buffer: str) -> bool:
    return view.residual is not None and view.residual.buffer == buffer


def _of_one_length(spans: Sequence[Span], height: int) -> tuple[Span, ...]:
    """As long as the longest, each with what was wanted in it."""
    length = max(span.length for span in spans)
    starts = [min(span.start, height - length) for span in spans]
    return tuple(Span(start, start + length) for start in starts)


def _shown(span: Span, length: int, mode: str) -> Span:
    """The places of what is there that show in a padded picture's."""
    start, stop = min(max(span.start, 0), length - 1), max(min(span.stop, length), 1)
    if mode == "reflect":
        stop = max(stop, min(1 - span.start, length))
        start = min(start, max(2 * length - 1 - span.stop, 0))
    return Span(start, stop)
