"""What one sweep does: which layers it computes, from which, and what it gives back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from server.engine.network.network import Layer, Network
from server.engine.network.operations import Normalisation
from server.engine.tiled.sweep_schedule import Sweep


@dataclass(frozen=True)
class SweepTask:
    """``layers`` are computed from the layers in ``loaded`` (or from the picture). Of them, those in ``stored`` are
    given back, and either the statistics of the ``measured`` one or the picture's result, ``output``."""

    layers: Sequence[Layer]
    loaded: Sequence[str]
    stored: Sequence[str]
    measured: str | None
    output: str | None

    @property
    def asked(self) -> tuple[str, ...]:
        """The names of the layers of which something is given back, each once."""
        return tuple(dict.fromkeys(name for name in (*self.stored, self.measured, self.output) if name))


def task_of(network: Network, sweep: Sweep) -> SweepTask:
    """What this sweep over the network does; layers that nothing asked for depends on are left out."""
    is_last = sweep.stop == len(network.layers)
    measured = None if is_last else _normalised(network, sweep)
    output = network.output if is_last else None
    stored = sorted(sweep.new)
    wanted, layers = {name for name in (*stored, measured, output) if name}, []
    for layer in reversed(network.layers[sweep.start.index : sweep.stop]):
        if layer.name in wanted:
            wanted.update(layer.inputs)
            layers.append(layer)
    loaded = sorted(wanted.difference(layer.name for layer in layers))
    return SweepTask(tuple(reversed(layers)), loaded, stored, measured, output)


def _normalised(network: Network, sweep: Sweep) -> str:
    layer = network.layers[sweep.stop]
    assert isinstance(layer.operation, Normalisation)
    return layer.inputs[0]
