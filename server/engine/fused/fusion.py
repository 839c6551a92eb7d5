"""From a network's layers to steps on a GPU: what lies between two convolutions is fused into one view.

Nothing is stored until it has to be. Take the beginning of a residual block, with a blur behind it:

    layers  convolution a, norm, ReLU, pad, convolution b, norm, add the block's input, pad, blur, ...

    steps   Convolve a
            Measure a
            Convolve b, which sees a view of a: norm, ReLU, outer border
            Measure b
            whatever comes next sees a view of b: norm, residual, inner border, taps

So what lies between two convolutions is written once, by one kernel, as what the second convolution sees.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from server.engine.fused.steps import (
    Activation,
    BufferPlace,
    Convolve,
    Deliver,
    FusedView,
    Materialise,
    Measure,
    Receive,
    Step,
    Taps,
    Upsampling,
)
from server.engine.network.network import Layer, Network
from server.engine.network.operations import (
    Convolution,
    Normalisation,
    Pad,
    Pointwise,
    Pool,
    Resize,
    TransposedConvolution,
)

# Larger depthwise convolutions are better left to cuDNN.
_MOST_TAPS = 25

_RELU_SLOPES = {"Relu": 0.0, "LeakyRelu": 0.01}  # ONNX's default for the latter


class NotFused(Exception):
    """The network has a layer that no step computes; the text names it."""


def fuse(network: Network) -> tuple[Step, ...]:
    """The steps that compute the network. Raises NotFused."""
    return _Fusion(network).steps()


class _Fusion:
    """Goes through the layers in order. A layer's value is a view until another layer needs it stored."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._channels = network.channel_counts()
        self._users = Counter(name for layer in network.layers for name in layer.inputs)
        self._views = {network.input: FusedView(network.input, BufferPlace(network.input))}
        self._unpadded: dict[str, str] = {}  # a padding's input, by its own name
        self._steps: list[Step] = [Receive(network.input)]

    def steps(self) -> tuple[Step, ...]:
        for layer in self._network.layers:
            self._read(layer)
        output = self._network.output
        view = self._views[output]
        if view.residual or view.sampling or view.outer:
            self._stored(output)
        self._steps.append(Deliver(self._views[output]))
        return tuple(self._steps)

    def _read(self, layer: Layer) -> None:
        first, operation = layer.inputs[0], layer.operation
        match operation:
            case Convolution():
                taps = _as_taps(operation)
                if taps is None:
                    self._convolve(layer, operation)
                else:
                    self._sample(layer.name, first, taps)
            case TransposedConvolution():
                self._convolve(layer, operation)
            case Pool() if operation.operation == "AveragePool":
                weights = np.full(operation.kernel, 1 / np.prod(operation.kernel), np.float32)
                self._sample(layer.name, first, Taps(weights, operation.strides))
            case Resize():
                self._sample(layer.name, first, _upsampling(operation))
            case Pad():
                self._pad(layer.name, first, operation)
            case Normalisation(groups=None):
                self._measure(layer.name, first, operation)
            case Pointwise():
                self._pointwise(layer, operation)
            case Normalisation():
                raise NotFused("normalisation of groups of channels")
            case _:
                raise NotFused(operation.operation if isinstance(operation, Pool) else type(operation).__name__)

    def _pointwise(self, layer: Layer, operation: Pointwise) -> None:
        first, kind = layer.inputs[0], operation.operation
        if kind == "Identity":
            self._views[layer.name] = self._views[first]
        elif kind in _RELU_SLOPES:
            slope = float(operation.attributes.get("alpha", _RELU_SLOPES[kind]))
            self._activate(layer.name, first, Activation.LEAKY, slope)
        elif kind == "Tanh":
            self._activate(layer.name, first, Activation.TANH, 0.0)
        elif kind == "Add" and sorted(map(str, operation.operands)) == ["0", "1"]:
            self._add(layer)
        else:
            raise NotFused(kind)

    def _activate(self, name: str, source: str, activation: Activation, slope: float) -> None:
        view = self._views[source]
        if view.activation or view.residual or view.sampling or view.outer:
            view = self._stored(source)
        self._views[name] = replace(view, activation=activation, slope=slope)

    def _add(self, layer: Layer) -> None:
        """Adds two layers: one becomes the residual of a view of the other; a view that is not stored yet is preferred,
        for it will be computed anyway."""
        if len({self._channels[name] for name in layer.inputs}) > 1:
            raise NotFused("Add of one channel to several")
        views = {name: self._views[name] for name in layer.inputs}
        free = [name for name, view in views.items() if not (view.residual or view.sampling or view.outer)]
        pending = [name for name in free if not views[name].is_plain]
        taking = (pending or free or list(layer.inputs))[0]
        (other,) = (name for name in layer.inputs if name != taking)
        view = views[taking] if taking in free else self._stored(taking)
        self._views[layer.name] = replace(view, residual=self._stored(other).place)

    def _pad(self, name: str, source: str, pad: Pad) -> None:
        view = self._views[source] if self._views[source].outer is None else self._stored(source)
        self._views[name] = replace(view, outer=pad)
        self._unpadded[name] = source

    def _sample(self, name: str, source: str, sampling: Taps | Upsampling) -> None:
        view = self._views[source]
        if view.sampling or (view.outer and isinstance(sampling, Upsampling)):
            view = self._stored(source)
        self._views[name] = replace(view, inner=view.outer, sampling=sampling, outer=None)

    def _measure(self, name: str, source: str, operation: Normalisation) -> None:
        if not self._views[source].is_itself:
            self._store(source)
        self._steps.append(Measure(name, self._views[source].place.buffer, operation))
        self._views[name] = replace(self._views[source], norm=name)

    def _convolve(self, layer: Layer, operation: Convolution | TransposedConvolution) -> None:
        (source,) = layer.inputs
        view = self._views[source]
        others = self._users[source] > 1 or self._users[self._unpadded.get(source, source)] > 1
        if not view.is_itself and (others or isinstance(operation, TransposedConvolution)):
            self._store(source)
        self._steps.append(Convolve(self._views[source], source, operation, layer.name))
        self._views[layer.name] = FusedView(layer.name, BufferPlace(layer.name))

    def _stored(self, name: str) -> FusedView:
        if not self._views[name].is_plain:
            self._store(name)
        return self._views[name]

    def _store(self, name: str) -> None:
        """Stores a layer in a buffer of its own. If it is a padding, its input is now a part of that buffer."""
        view = self._views[name]
        self._steps.append(Materialise(view, name))
        self._views[name] = FusedView(name, BufferPlace(name))
        unpadded = self._unpadded.get(name)
        if unpadded is not None and view.outer is not None and not self._views[unpadded].is_plain:
            rows, columns = view.outer.axes
            self._views[unpadded] = FusedView(unpadded, BufferPlace(name, rows.before, columns.before))


def _as_taps(operation: Convolution) -> Taps | None:
    """A depthwise convolution with the same small kernel for every channel, as taps; None for any other."""
    weight = operation.weight
    if operation.groups == 1 or weight.shape[:2] != (operation.groups, 1) or weight[0].size > _MOST_TAPS:
        return None
    if operation.bias is not None or operation.dilations != (1, 1) or (weight != weight[:1]).any():
        return None
    return Taps(np.ascontiguousarray(weight[0, 0], np.float32), operation.strides)


def _upsampling(operation: Resize) -> Upsampling:
    attributes = {
        name: value.decode() if isinstance(value, bytes) else value for name, value in operation.attributes.items()
    }
    mode = attributes.get("mode", "nearest")
    coordinates = attributes.get("coordinate_transformation_mode", "half_pixel")
    if mode == "linear" and coordinates in ("half_pixel", "pytorch_half_pixel"):
        return Upsampling(operation.factors, is_smooth=True)
    rounding = attributes.get("nearest_mode", "round_prefer_floor")
    # Between pixels only halves occur where the factor is two, and these round down too.
    rounds_down = rounding == "floor" or (rounding == "round_prefer_floor" and max(operation.factors) <= 2)
    if mode == "nearest" and coordinates == "asymmetric" and rounds_down:
        return Upsampling(operation.factors, is_smooth=False)
    raise NotFused(f"Resize ({mode}, {coordinates})")
