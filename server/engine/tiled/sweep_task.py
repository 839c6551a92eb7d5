"""What one sweep does: which layers it computes, from which, and what it gives back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from server.engine.network.network import Layer, Network
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
    measured = None if is_last else network.layers[sweep.stop].inputs[0]
    output = network.output if is_last else None
    stored = sorted(sweep.new)
    wanted, layers, points = {name for name in (*stored, measured, output) if name}, [], network.points()
    for index, layer in reversed(list(enumerate(network.layers[: sweep.stop]))):
        # Points are never stored: it costs nothing to compute them again.
        if layer.name in wanted and (index >= sweep.start.index or layer.name in points):
            wanted.update(layer.sees)
            layers.append(layer)
    loaded = sorted(wanted.difference(layer.name for layer in layers))
    return SweepTask(tuple(reversed(layers)), loaded, stored, measured, output)
