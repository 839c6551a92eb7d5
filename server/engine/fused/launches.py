"""From steps to launches: what the GPU is to do for every picture of one size, and at which addresses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from server.engine.fused.band_division import GIVEN, RESULT, BandDivision, BandLevel, Sizes, StepBands
from server.engine.fused.convolution_kind import ConvolutionKind
from server.engine.fused.cuda_driver import Launch
from server.engine.fused.cudnn_convolutions import ConvolutionSessions, GpuTensor
from server.engine.fused.kernel_operands import BoundView, Measurement, Norm, StoredPicture
from server.engine.fused.kernels import Kernels
from server.engine.fused.parameters import IS_WRONG, PARTS, Parameters, names_of, taps_name
from server.engine.fused.picture_layout import PictureLayout
from server.engine.fused.steps import (
    BufferPlace,
    Convolve,
    Deliver,
    FusedView,
    Materialise,
    Measure,
    Receive,
    Step,
    Taps,
)
from server.engine.network.network import Size


class LaunchBuilder:
    """Makes the launches for pictures of one layout; ``addresses`` are those of what the division's ``lifetimes``
    names, and ``kinds`` those of the convolutions, by the names of their buffers."""

    def __init__(
        self,
        kernels: Kernels,
        convolutions: ConvolutionSessions,
        parameters: Parameters,
        kinds: Mapping[str, ConvolutionKind],
        sizes: Sizes,
        addresses: Mapping[str, int],
        division: BandDivision,
        layout: PictureLayout,
    ) -> None:
        self._kernels = kernels
        self._convolutions = convolutions
        self._parameters = parameters
        self._kinds = kinds
        self._sizes = sizes
        self._addresses = addresses
        self._division = division
        self._layout = layout

    def all(self, steps: Sequence[Step]) -> list[Launch]:
        """The launches of all steps, in order. Raises whatever onnxruntime raises when it opens a session."""
        return [
            launch
            for number, step in enumerate(steps)
            if not self._division.is_left_out(step)
            for launch in self._of(number, step)
        ]

    def _of(self, number: int, step: Step) -> list[Launch]:
        bands = self._division.bands(number)
        match step:
            case Receive():
                is_wrong = self._parameters.address(IS_WRONG)
                given, out = self._addresses[GIVEN], self._addresses[step.buffer]
                return [self._kernels.receive(self._layout, given, out, is_wrong)]
            case Measure():
                return self._measure(step, bands)
            case Materialise():
                return self._materialise(step, bands)
            case Convolve():
                return [launch for band in range(len(bands.spans)) for launch in self._convolve(bands.levels, band)]
            case Deliver():
                is_wrong = self._parameters.address(IS_WRONG)
                seen = self._seen(step.view, step.view.value, self._stored(step.view.place))
                return [self._kernels.deliver(seen, self._layout, self._addresses[RESULT], is_wrong)]

    def _measure(self, step: Measure, bands: StepBands) -> list[Launch]:
        size = self._sizes[step.source]
        launches: list[Launch] = []
        sources = [
            self._row(self._source(bands.levels, band, BufferPlace(step.source)), size, span.start)
            for band, span in enumerate(bands.spans)
        ]
        parts = self._parameters.address(PARTS)
        measurement = Measurement(self._norm(step.norm), parts, size.channels, size.pixels, len(sources))
        for band, (source, span) in enumerate(zip(sources, bands.spans, strict=True)):
            launches += self._convolve(bands.levels, band)
            launches.append(self._kernels.sum(source, span.length * size.width, measurement, band))
        scale, shift = (self._parameters.address(name) for name in names_of(step.norm)[:2])
        return [*launches, self._kernels.finish(measurement, scale=scale, shift=shift, epsilon=step.operation.epsilon)]

    def _materialise(self, step: Materialise, bands: StepBands) -> list[Launch]:
        launches: list[Launch] = []
        out = self._sizes[step.buffer]
        for band, span in enumerate(bands.spans):
            launches += self._convolve(bands.levels, band)
            seen = self._seen(step.view, step.buffer, self._source(bands.levels, band, step.view.place))
            address = self._row(StoredPicture(self._addresses[step.buffer], out.width), out, span.start)
            launches.append(self._kernels.materialise(seen, address, first_row=span.start, rows=span.length))
        return launches

    def _convolve(self, levels: Sequence[BandLevel], band: int) -> list[Launch]:
        """Computes one band of all levels, the last level first."""
        launches: list[Launch] = []
        for level in reversed(levels):
            convolve, seen_rows, rows = level.convolve, level.seen[band], level.spans[band]
            size, out = self._sizes[convolve.seen], self._sizes[convolve.buffer]
            source = self._source(levels[level.depth + 1 :], band, convolve.view.place)
            if convolve.view.is_itself:
                address = self._row(source, size, seen_rows.start)
            else:
                address, seen = self._addresses[level.seen_name], self._seen(convolve.view, convolve.seen, source)
                first, count = seen_rows.start, seen_rows.length
                launches.append(self._kernels.materialise(seen, address, first_row=first, rows=count))
            given = GpuTensor(address, (1, seen_rows.length, size.width, size.channels))
            to = self._row(self._source(levels[level.depth :], band, BufferPlace(convolve.buffer)), out, rows.start)
            result = GpuTensor(to, (1, rows.length, out.width, out.channels))
            kind, learned = self._kinds[convolve.buffer], self._learned(convolve)
            launches.append(self._convolutions.launch(kind, given, *learned, result))
        return launches

    def _source(self, levels: Sequence[BandLevel], band: int, place: BufferPlace) -> StoredPicture:
        """Where a value lies: in a stored buffer, or in the band that the first of the levels computes."""
        if place.buffer not in self._division.recomputed:
            return self._stored(place)
        pitch, level = self._sizes[place.buffer].width, levels[0]
        return StoredPicture(self._addresses[level.out_name], pitch, -level.spans[band].start * pitch)

    def _learned(self, step: Convolve) -> tuple[GpuTensor, GpuTensor | None]:
        weight, bias = names_of(step.buffer)[:2]
        shape, channels = step.operation.weight.shape, self._sizes[step.buffer].channels
        has_bias = step.operation.bias is not None
        return (
            GpuTensor(self._parameters.address(weight), tuple(shape)),
            GpuTensor(self._parameters.address(bias), (channels,)) if has_bias else None,
        )

    def _row(self, stored: StoredPicture, size: Size, row: int) -> int:
        """The address of a row of a stored picture."""
        return stored.address + (stored.first + row * stored.pitch) * size.channels * self._kernels.itemsize

    def _seen(self, view: FusedView, shown: str, source: StoredPicture) -> BoundView:
        """The view with its addresses; ``shown`` names the layer whose size it has."""
        sampled, outer = self._sizes[shown], self._sizes[shown]
        if view.outer:
            rows, columns = view.outer.axes
            height, width = outer.height - rows.before - rows.after, outer.width - columns.before - columns.after
            sampled = Size(outer.channels, height, width)
        return BoundView(
            view,
            source=source,
            residual=self._stored(view.residual) if view.residual else None,
            norm=self._norm(view.norm) if view.norm else None,
            size=self._sizes[view.value],
            sampled=sampled,
            width=outer.width,
            taps=self._parameters.address(taps_name(view)) if isinstance(view.sampling, Taps) else 0,
        )

    def _stored(self, place: BufferPlace) -> StoredPicture:
        pitch = self._sizes[place.buffer].width
        return StoredPicture(self._addresses[place.buffer], pitch, place.top * pitch + place.left)

    def _norm(self, name: str) -> Norm:
        factor, offset = (self._parameters.address(name) for name in names_of(name)[2:])
        return Norm(factor, offset)
