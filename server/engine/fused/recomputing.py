"""Which buffers need not be stored, because what reads them can do so band by band, from the top."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from server.engine.fused.steps import Convolve, FusedView, Materialise, Measure, Step, read_by
from server.engine.network.operations import Convolution


def can_be_recomputed(steps: Sequence[Step]) -> Iterator[str]:
    """The names of those buffers of convolutions that every reader reads from the top to the bottom."""
    for step in steps:
        if isinstance(step, Convolve) and isinstance(step.operation, Convolution):
            readers = [other for other in steps if step.buffer in read_by(other)]
            if readers and all(_reads_downwards(reader, step.buffer) for reader in readers):
                yield step.buffer


def _reads_downwards(reader: Step, buffer: str) -> bool:
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
