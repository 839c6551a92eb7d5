"""A network as a list of layers, and the sizes that they have for a picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from server.engine.network.operations import Normalisation, Operation, can_reflect, output_channels


@dataclass(frozen=True)
class Layer:
    """An operation on the outputs of the layers that ``inputs`` names (or on the network's input); its own output goes
    by ``name``."""

    name: str
    inputs: tuple[str, ...]
    operation: Operation


@dataclass(frozen=True)
class Size:
    """The size of one layer's output, or of the picture."""

    channels: int
    height: int
    width: int

    @property
    def pixels(self) -> int:
        """Height times width."""
        return self.height * self.width

    @property
    def values(self) -> int:
        """Pixels times channels."""
        return self.channels * self.pixels


@dataclass(frozen=True)
class Network:
    """Layers in an order in which they can be computed. The picture is called ``input`` and has ``channels``; the last
    layer is the result."""

    input: str
    channels: int
    layers: tuple[Layer, ...]

    @property
    def output(self) -> str:
        """The name of the layer that is the result."""
        return self.layers[-1].name

    def norms(self) -> Iterator[int]:
        """The indices of the normalisations among the layers, in order."""
        for index, layer in enumerate(self.layers):
            if isinstance(layer.operation, Normalisation):
                yield index

    def channel_counts(self) -> dict[str, int]:
        """How many channels the input and every layer's output have, by name."""
        counts = {self.input: self.channels}
        for layer in self.layers:
            counts[layer.name] = output_channels(layer.operation, [counts[name] for name in layer.inputs])
        return counts

    def sizes(self, height: int, width: int) -> dict[str, Size]:
        """The sizes of the input and of every layer's output, by name, for a picture of this height and width.

        Raises ValueError where the picture is too small for a layer, or a layer's inputs would differ in size.
        """
        counts = self.channel_counts()
        sizes = {self.input: Size(self.channels, height, width)}
        for layer in self.layers:
            seen = {(sizes[name].height, sizes[name].width) for name in layer.inputs}
            if len(seen) > 1:
                raise ValueError(
                    f"The parts of a picture of {height} x {width} pixels do not fit in layer {layer.name}."
                )
            (shape,) = seen
            rows, columns = (axis.length(length) for axis, length in zip(layer.operation.axes, shape, strict=True))
            if min(rows, columns) < 1 or not can_reflect(layer.operation, shape):
                raise ValueError(f"A picture of {height} x {width} pixels is too small for layer {layer.name}.")
            sizes[layer.name] = Size(counts[layer.name], rows, columns)
        return sizes
