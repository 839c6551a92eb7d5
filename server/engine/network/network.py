"""A network as a list of layers, and the sizes that they have for a picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from server.engine.network.lengths import Equality
from server.engine.network.operations import (
    Normalisation,
    Operation,
    Quantity,
    Statistic,
    can_reflect,
    output_channels,
)


@dataclass(frozen=True)
class Layer:
    """An operation on the outputs of the layers that ``inputs`` names (or on the network's input); its own output goes
    by ``name``."""

    name: str
    inputs: tuple[str, ...]
    operation: Operation

    @property
    def sees(self) -> tuple[str, ...]:
        """Those of its inputs that it is computed from: none where its value is known for the whole picture by then."""
        return () if isinstance(self.operation, Statistic | Quantity) else self.inputs


@dataclass(frozen=True)
class Size:
    """The size of one layer's output, or of the picture. A point is one pixel that holds for the whole picture."""

    channels: int
    height: int
    width: int
    is_point: bool = False

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
    layer is the result. It holds for pictures of those sizes for which all ``equalities`` do, which are about the sizes
    of the layers in ``sized``."""

    input: str
    channels: int
    layers: tuple[Layer, ...]
    equalities: tuple[Equality, ...] = ()
    sized: tuple[Layer, ...] = ()

    @property
    def output(self) -> str:
        """The name of the layer that is the result."""
        return self.layers[-1].name

    def norms(self) -> Iterator[int]:
        """The indices of the layers before which something has to be measured over the whole picture, in order."""
        known: set[str] = set()
        for index, layer in enumerate(self.layers):
            is_statistic = isinstance(layer.operation, Statistic)
            if isinstance(layer.operation, Normalisation) or (is_statistic and layer.inputs[0] not in known):
                yield index
            known.update(layer.inputs if is_statistic else ())

    def points(self) -> frozenset[str]:
        """The names of the layers that are one pixel for the whole picture."""
        found: set[str] = set()
        for layer in self.layers:
            if found.issuperset(layer.sees):
                found.add(layer.name)
        return frozenset(found)

    def channel_counts(self) -> dict[str, int]:
        """How many channels the input and every layer's output have, by name."""
        counts = {self.input: self.channels}
        for layer in self.layers:
            counts[layer.name] = output_channels(layer.operation, [counts[name] for name in layer.inputs])
        return counts

    def sizes(self, height: int, width: int) -> dict[str, Size]:
        """The sizes of the input and of every layer's output, by name, for a picture of this height and width.

        Raises ValueError where the picture is too small for a layer, a layer's inputs would differ in size, or the
        network does something else to a picture of this size.
        """
        picture = {self.input: Size(self.channels, height, width)}
        sizes = _sizes(picture, self.layers)
        if self.equalities:
            shapes = {name: (size.height, size.width) for name, size in _sizes(picture, self.sized).items()}
            if not all(equality.holds(shapes) for equality in self.equalities):
                raise ValueError(f"The network's layers do not fit a picture of {height} x {width} pixels.")
        return sizes


def layer_size(layer: Layer, sizes: Mapping[str, Size]) -> Size:
    """The size of a layer's output, from those of its inputs, by name. Raises ValueError where these are too small or
    differ."""
    channels = output_channels(layer.operation, [sizes[name].channels for name in layer.inputs])
    seen = {(sizes[name].height, sizes[name].width) for name in layer.sees if not sizes[name].is_point}
    if not seen:
        return Size(channels, 1, 1, is_point=True)
    if len(seen) > 1:
        raise ValueError(f"The parts of a picture do not fit in layer {layer.name}.")
    (shape,) = seen
    rows, columns = (axis.length(length) for axis, length in zip(layer.operation.axes, shape, strict=True))
    if min(rows, columns) < 1 or not can_reflect(layer.operation, shape):
        raise ValueError(f"The picture is too small for layer {layer.name}.")
    return Size(channels, rows, columns)


def _sizes(picture: Mapping[str, Size], layers: Sequence[Layer]) -> dict[str, Size]:
    sizes = dict(picture)
    (size,) = picture.values()
    for layer in layers:
        try:
            sizes[layer.name] = layer_size(layer, sizes)
        except ValueError as error:
            raise ValueError(f"A picture of {size.height} x {size.width} pixels: {error}") from None
    return sizes
