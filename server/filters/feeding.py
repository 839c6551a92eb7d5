"""How a network wants to be fed: as this project's filters do, or as a sidecar says."""

from __future__ import annotations

import re
from collections.abc import Iterable

from server.engine.feed import Feed, Precision, Samples
from server.engine.pixels import ChannelOrder, Channels
from server.errors import FilterProblem
from server.filters.onnx_model import OnnxModel
from server.filters.sidecar import Sidecar

_BY_NAME = {
    "GREY": (Channels.GREY, ChannelOrder.RGB),
    "RGB": (Channels.RGB, ChannelOrder.RGB),
    "BGR": (Channels.RGB, ChannelOrder.BGR),
    "RGBA": (Channels.RGBA, ChannelOrder.RGB),
    "BGRA": (Channels.RGBA, ChannelOrder.BGR),
}
_BY_COUNT = {1: "GREY", 3: "RGB"}


def own_feed(model: OnnxModel, sidecar_name: str) -> Feed:
    """The feed of a filter of this project's own format. Raises FilterProblem where the network does not keep to it."""
    for ends, expected, kind in ((model.inputs, "image", "input"), (model.outputs, "translated", "output")):
        if list(ends) != [expected]:
            raise FilterProblem(
                f"Its {kind} is called {_quoted(ends)} and a filter has one {kind} '{expected}'; export it with"
                f" python -m training.export, or describe it in {sidecar_name} beside it."
            )
    batch, channels, height, width = model.shape("image")
    if channels != 3:
        raise FilterProblem(f"Its input 'image' has {channels or 'any number of'} channels; expected 3 (RGB).")
    if batch is not None:
        raise FilterProblem(f"Its input 'image' has a fixed batch of {batch}; export it with a dynamic batch.")
    _check_size_is_free(height, width, "image", advice="export it with dynamic height and width")
    return Feed(precision=model.precision("image"))


def foreign_feed(model: OnnxModel, sidecar: Sidecar, sidecar_name: str) -> Feed:
    """The feed of a network from elsewhere. Raises FilterProblem where the network is not what the sidecar says, or
    none that pictures can be given to."""
    _check_names(model, sidecar, sidecar_name)
    number_type = model.number_type(sidecar.input)
    shape = model.shape(sidecar.input)
    batch = shape[0]
    given, height, width = (shape[axis] for axis in ((3, 1, 2) if sidecar.channels_last else (1, 2, 3)))
    if batch not in (None, 1):
        raise FilterProblem(
            f"Its input '{sidecar.input}' has a fixed batch of {batch}, and pictures come one by one; export it with a"
            " batch of 1 or a dynamic one."
        )
    advice = f"correct its layout in {sidecar_name}, or export it with dynamic height and width"
    _check_size_is_free(height, width, sidecar.input, advice=advice)
    channels, order = _channels(sidecar, given, sidecar_name)
    for key in ("mean", "std"):
        _check_count(key, getattr(sidecar, key), channels, sidecar_name)
    is_float16 = number_type == Precision.FLOAT16.value
    return Feed(
        input=sidecar.input,
        output=sidecar.output,
        precision=Precision.FLOAT16 if is_float16 else Precision.FLOAT32,
        channels_last=sidecar.channels_last,
        input_range=sidecar.range,
        output_range=sidecar.output_range or sidecar.range,
        batches=False,  # nothing guarantees that a picture's result does not depend on the others in its batch
        input_type="" if number_type in ("float16", "float32") else number_type,
        channels=channels,
        order=order,
        output_order=ChannelOrder[sidecar.output_channels] if sidecar.output_channels else order,
        mean=sidecar.mean,
        std=sidecar.std,
        output_mean=sidecar.output_mean,
        output_std=sidecar.output_std,
    )


def _check_names(model: OnnxModel, sidecar: Sidecar, sidecar_name: str) -> None:
    if sidecar.input not in model.inputs:
        raise FilterProblem(
            f"Its input is called {_quoted(model.inputs)}, and {sidecar_name} names '{sidecar.input}'; correct it."
        )
    others = [name for name in model.inputs if name != sidecar.input]
    if others:
        kinds = " and ".join(f"'{name[:100]}' ({model.type_name(name)})" for name in others)
        key = others[0] if re.fullmatch(r"[A-Za-z0-9_-]+", others[0]) else f'"{others[0]}"'  # as TOML wants it
        raise FilterProblem(
            f"It has another input besides '{sidecar.input}': {kinds}; give it a value in {sidecar_name}, below a line"
            f" [inputs], such as {key[:100]} = 1.0."
        )
    if sidecar.output not in model.outputs:
        raise FilterProblem(
            f"Its output is called {_quoted(model.outputs)}, and {sidecar_name} names '{sidecar.output}'; correct it."
        )


def _channels(sidecar: Sidecar, given: int | None, sidecar_name: str) -> tuple[Channels, ChannelOrder]:
    """The channels and their order, for an input of as many channels as ``given``, None where that is not fixed."""
    name = sidecar.channels or _BY_COUNT.get(3 if given is None else given, "")
    if name and given in (None, _BY_NAME[name][0].value):
        return _BY_NAME[name]
    fits = ' or "BGRA"' if given == 4 else ""
    names = {1: '"GREY"', 3: '"RGB" or "BGR"', 4: f'"RGBA"{fits}'}.get(given or 0)
    layout = f"; its layout may be {'NCHW' if sidecar.channels_last else 'NHWC'}" if names is None else ""
    says = f', and {sidecar_name} says channels = "{sidecar.channels}"' if sidecar.channels else ""
    advice = f"write channels = {names} there" if says else f"write channels = {names} in {sidecar_name}"
    raise FilterProblem(
        f"Its input '{sidecar.input}' has {given} channels{says}; "
        + (f"{advice}, if it is that." if names else f"expected 3 (RGB), 1 (grey) or 4 (RGB and alpha){layout}.")
    )


def _check_count(key: str, numbers: Samples, channels: Channels, sidecar_name: str) -> None:
    if len(numbers) not in (0, 1, channels):
        raise FilterProblem(
            f"{sidecar_name} beside it has {len(numbers)} numbers in '{key}', and its input {int(channels)} channels;"
            " write one number, or one for each channel."
        )


def _check_size_is_free(height: int | None, width: int | None, name: str, *, advice: str) -> None:
    """Raises FilterProblem, whose sentence ends in ``advice``, when the height or width of the input ``name`` is
    fixed."""
    if height is not None or width is not None:
        raise FilterProblem(
            f"Its input '{name}' takes pictures of {height or 'any'} x {width or 'any'} pixels only (height x width);"
            f" {advice}."
        )


def _quoted(names: Iterable[str]) -> str:
    return " and ".join(repr(name[:100]) for name in names) or "nothing"
