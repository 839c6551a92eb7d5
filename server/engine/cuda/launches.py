"""A program for pictures of one size: what lies where, and what is to be said to the GPU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server.engine.cuda.convolutions import Convolutions, Kind, Tensor
from server.engine.cuda.form import Form
from server.engine.cuda.kernels import Kernels, Launch, Norm, Seen, Stored
from server.engine.cuda.parameters import Parameters
from server.engine.cuda.placing import Lifetime
from server.engine.cuda.program import (
    Convolve,
    Deliver,
    Measure,
    Place,
    Receive,
    Step,
    Store,
    Taps,
    View,
    read_by,
    written_by,
)
from server.engine.pieces.network import Convolution, Size

# What is stored for one convolution only is stored in bands of about so many bytes.
_BAND_BYTES = 256 << 20

# cuDNN takes more, but not always.
_MOST_VALUES = 1 << 30

# The picture as it came, and the result as it goes.
GIVEN, RESULT = "given", "result"

Sizes = Mapping[str, Size]


@dataclass(frozen=True)
class Band:
    """Of a convolution's output ``rows`` from ``top`` on, for which it sees ``seen_rows`` from ``seen_top`` on."""

    top: int
    rows: int
    seen_top: int
    seen_rows: int


def bands(step: Convolve, sizes: Sizes, itemsize: int) -> list[Band]:
    """All of one size, for which cuDNN has one plan; so the last one may begin before the one above it ends."""
    seen, out = sizes[step.seen], sizes[step.buffer]
    if not isinstance(step.operation, Convolution):
        return [Band(0, out.height, 0, seen.height)]
    # Also where everything is stored already, for convolutions of one kind shall have bands of one size.
    count = max(-(-max(seen.values, out.values) // _MOST_VALUES), -(-seen.values * itemsize // _BAND_BYTES))
    rows = -(-out.height // count)
    step_down, reach = step.operation.strides[0], step.operation.dilations[0] * (step.operation.weight.shape[2] - 1) + 1
    tops = [min(top, out.height - rows) for top in range(0, out.height, rows)]
    return [Band(top, rows, top * step_down, (rows - 1) * step_down + reach) for top in tops]


def lifetimes(steps: Sequence[Step], sizes: Sizes, itemsize: int, form: Form) -> dict[str, Lifetime]:
    """Of everything that is stored for a picture of this form, by name."""
    last = len(steps) - 1
    found = {GIVEN: Lifetime(form.size, 0, 0), RESULT: Lifetime(form.size, last, last)}
    for number, step in enumerate(steps):
        written = written_by(step)
        if written is not None:
            reading = [later for later in range(number, len(steps)) if written in read_by(steps[later])]
            found[written] = Lifetime(sizes[written].values * itemsize, number, max(reading, default=number))
        if isinstance(step, Convolve) and not step.view.is_itself:
            size = sizes[step.seen]
            seen_rows = bands(step, sizes, itemsize)[0].seen_rows
            found[_seen_name(step)] = Lifetime(seen_rows * size.width * size.channels * itemsize, number, number)
    return found


class Launches:
    """Makes them, with ``addresses`` of what ``lifetimes`` names."""

    def __init__(
        self,
        kernels: Kernels,
        convolutions: Convolutions,
        parameters: Parameters,
        kinds: Mapping[str, Kind],
        sizes: Sizes,
        addresses: Mapping[str, int],
        form: Form,
    ) -> None:
        self._kernels = kernels
        self._convolutions = convolutions
        self._parameters = parameters
        self._kinds = kinds
        self._sizes = sizes
        self._addresses = addresses
        self._form = form

    def all(self, steps: Sequence[Step]) -> list[Launch]:
        """Raises whatever onnxruntime raises when it opens a session."""
        return [launch for step in steps for launch in self._of(step)]

    def _of(self, step: Step) -> list[Launch]:
        match step:
            case Receive():
                is_wrong = self._parameters.address(IS_WRONG)
                given, out = self._addresses[GIVEN], self._addresses[step.buffer]
                return [self._kernels.receive(self._form, given, out, is_wrong)]
            case Measure():
                return self._measure(step)
            case Store():
                seen = self._seen(step.view, step.buffer)
                rows = self._sizes[step.buffer].height
                return [self._kernels.store(seen, self._addresses[step.buffer], first_row=0, rows=rows)]
            case Convolve():
                return self._convolve(step)
            case Deliver():
                seen, is_wrong = self._seen(step.view, step.view.value), self._parameters.address(IS_WRONG)
                return [self._kernels.deliver(seen, self._form, self._addresses[RESULT], is_wrong)]

    def _measure(self, step: Measure) -> list[Launch]:
        scale, shift, sums = (self._parameters.address(name) for name in (*names_of(step.norm)[:2], SUMS))
        epsilon = step.operation.epsilon
        source, size = self._addresses[step.source], self._sizes[step.source]
        return self._kernels.measure(
            source, size, self._norm(step.norm), sums=sums, scale=scale, shift=shift, epsilon=epsilon
        )

    def _convolve(self, step: Convolve) -> list[Launch]:
        launches = []
        for band in bands(step, self._sizes, self._kernels.itemsize):
            size, out = self._sizes[step.seen], self._sizes[step.buffer]
            if step.view.is_itself:
                address = self._row(step.seen, band.seen_top)
            else:
                address = self._addresses[_seen_name(step)]
                seen = self._seen(step.view, step.seen)
                launches.append(self._kernels.store(seen, address, first_row=band.seen_top, rows=band.seen_rows))
            source = Tensor(address, (1, band.seen_rows, size.width, size.channels))
            result = Tensor(self._row(step.buffer, band.top), (1, band.rows, out.width, out.channels))
            launches.append(self._convolutions.launch(self._kinds[step.buffer], source, *self._learned(step), result))
        return launches

    def _learned(self, step: Convolve) -> tuple[Tensor, Tensor | None]:
        weight, bias = names_of(step.buffer)[:2]
        shape, channels = step.operation.weight.shape, self._sizes[step.buffer].channels
        has_bias = step.operation.bias is not None
        return (
            Tensor(self._parameters.address(weight), tuple(shape)),
            Tensor(self._parameters.address(bias), (channels,)) if has_bias else None,
        )

    def _row(self, buffer: str, row: int) -> int:
        size = self._sizes[buffer]
        return self._addresses[buffer] + row * size.width * size.channels * self._kernels.itemsize

    def _seen(self, view: View, shown: str) -> Seen:
        """``shown`` names the layer whose size the view has in the end."""
        sampled, outer = self._sizes[shown], self._sizes[shown]
        if view.outer:
            rows, columns = view.outer.axes
            height, width = outer.height - rows.before - rows.after, outer.width - columns.before - columns.after
            sampled = Size(outer.channels, height, width)
        return Seen(
            view,
            source=self._stored(view.place),
            residual=self._stored(view.residual) if view.residual else None,
            norm=self._norm(view.norm) if view.norm else None,
            size=self._sizes[view.value],
            sampled=sampled,
            width=outer.width,
            taps=self._parameters.address(taps_name(view)) if isinstance(view.sampling, Taps) else 0,
        )

    def _stored(self, place: Place) -> Stored:
        pitch = self._sizes[place.buffer].width
        return Stored(self._addresses[place.buffer], pitch, place.top * pitch + place.left)

    def _norm(self, name: str) -> Norm:
        factor, offset = (self._parameters.address(name) for name in names_of(name)[2:])
        return Norm(factor, offset)


# Of parameters that all norms share, and of what says that values are not finite.
SUMS, IS_WRONG = "sums", "is wrong"


def names_of(layer: str) -> tuple[str, str, str, str]:
    """Of a layer's parameters: a convolution's weight and bias, or a norm's scale and shift; what is measured for a
    norm, factor and offset."""
    return f"{layer}/weight", f"{layer}/bias", f"{layer}/factor", f"{layer}/offset"


def taps_name(view: View) -> str:
    """Of its weights; alike taps have one name."""
    assert isinstance(view.sampling, Taps)
    return f"taps {view.sampling.weights.shape} {view.sampling.weights.tobytes().hex()}"


def _seen_name(step: Convolve) -> str:
    return f"{step.buffer}/seen"
