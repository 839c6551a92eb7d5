"""A program for pictures of one size: what lies where, and what is to be recorded to the GPU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from server.engine.fused.band_division import GIVEN, RESULT, BandDivision, BandLevel, Sizes, StepBands
from server.engine.fused.cudnn_convolutions import ConvolutionKind, ConvolutionSessions, GpuTensor
from server.engine.fused.kernels import BoundView, Kernels, Launch, Measurement, Norm, StoredPicture
from server.engine.fused.parameters import IS_WRONG, REFERENCE, SUMS, Parameters, names_of, taps_name
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
    """Makes them, with ``addresses`` of what ``lifetimes`` names."""

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
        """Raises whatever onnxruntime raises when it opens a session."""
        return [
            launch
            for number, step in enumerate(steps)
            if not self._division.is_left_out(step)
            for launch in self._of(number, step)
        ]

    def _of(self, number: int, step: Step) -> list[Launch]:
        work = self._division.work(number)
        match step:
            case Receive():
                is_wrong = self._parameters.address(IS_WRONG)
                given, out = self._addresses[GIVEN], self._addresses[step.buffer]
                return [self._kernels.receive(self._layout, given, out, is_wrong)]
            case Measure():
                return self._measure(step, work)
            case Materialise():
                return self._store(step, work)
            case Convolve():
                return [launch for band in range(len(work.spans)) for launch in self._convolve(work.levels, band)]
            case Deliver():
                is_wrong = self._parameters.address(IS_WRONG)
                seen = self._seen(step.view, step.view.value, self._stored(step.view.place))
                return [self._kernels.deliver(seen, self._layout, self._addresses[RESULT], is_wrong)]

    def _measure(self, step: Measure, work: StepBands) -> list[Launch]:
        size = self._sizes[step.source]
        launches: list[Launch] = []
        bands = [
            self._row(self._source(work.levels, band, BufferPlace(step.source)), size, span.start)
            for band, span in enumerate(work.spans)
        ]
        sums, first = self._parameters.address(SUMS), bands[0]
        if len(bands) > 1:  # of which the first will not stay
            first = self._parameters.address(REFERENCE)
        measurement = Measurement(self._norm(step.norm), sums, first, size.channels, size.pixels, len(bands))
        for band, (source, span) in enumerate(zip(bands, work.spans, strict=True)):
            launches += self._convolve(work.levels, band)
            if band == 0 and first != source:
                launches.append(self._kernels.copy(source, first, size.channels))
            launches.append(self._kernels.sum(source, span.length * size.width, measurement, band))
        scale, shift = (self._parameters.address(name) for name in names_of(step.norm)[:2])
        return [*launches, self._kernels.finish(measurement, scale=scale, shift=shift, epsilon=step.operation.epsilon)]

    def _store(self, step: Materialise, work: StepBands) -> list[Launch]:
        launches: list[Launch] = []
        out = self._sizes[step.buffer]
        for band, span in enumerate(work.spans):
            launches += self._convolve(work.levels, band)
            seen = self._seen(step.view, step.buffer, self._source(work.levels, band, step.view.place))
            address = self._row(StoredPicture(self._addresses[step.buffer], out.width), out, span.start)
            launches.append(self._kernels.store(seen, address, first_row=span.start, rows=span.length))
        return launches

    def _convolve(self, levels: Sequence[BandLevel], band: int) -> list[Launch]:
        """All levels, the last one first."""
        launches: list[Launch] = []
        for level in reversed(levels):
            convolve, seen_rows, rows = level.convolve, level.seen[band], level.spans[band]
            size, out = self._sizes[convolve.seen], self._sizes[convolve.buffer]
            source = self._source(levels[level.depth + 1 :], band, convolve.view.place)
            if convolve.view.is_itself:
                address = self._row(source, size, seen_rows.start)
            else:
                address = self._addresses[level.seen_name]
                seen = self._seen(convolve.view, convolve.seen, source)
                launches.append(self._kernels.store(seen, address, first_row=seen_rows.start, rows=seen_rows.length))
            given = GpuTensor(address, (1, seen_rows.length, size.width, size.channels))
            to = self._row(self._source(levels[level.depth :], band, BufferPlace(convolve.buffer)), out, rows.start)
            result = GpuTensor(to, (1, rows.length, out.width, out.channels))
            kind, learned = self._kinds[convolve.buffer], self._learned(convolve)
            launches.append(self._convolutions.launch(kind, given, *learned, result))
        return launches

    def _source(self, levels: Sequence[BandLevel], band: int, place: BufferPlace) -> StoredPicture:
        """Where a value lies: stored, or in the band that the first of the levels computes."""
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
        """The address of a row."""
        return stored.address + (stored.first + row * stored.pitch) * size.channels * self._kernels.itemsize

    def _seen(self, view: FusedView, shown: str, source: StoredPicture) -> BoundView:
        """``shown`` names the layer whose size the view has in the end."""
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
