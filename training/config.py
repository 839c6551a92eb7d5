"""The options of a training run: typed, checked once, saved in the run's folder.

``FitConfig`` holds the options of every run; those of a single method are in its own ``MethodOptions``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

from pleinair.common.identifiers import is_identifier

from training.data.reading import CHANNELS, STRATEGIES, parse_colour, parse_scale
from training.errors import InputError
from training.rules import BELOW_ONE, COUNT, POSITIVE, Rule, check, check_each, one_of, option

_EVERY = Rule(lambda value: value >= 1, "a number of pictures of at least 1")
_SECONDS = Rule(lambda value: value >= 0, "a number of seconds, or 0 for off")
_PRECISION = one_of(("auto", "fp32", "bf16"))
_SWITCH = one_of(("auto", "on", "off"))
_CHANNELS = ", ".join(f"{value} {text}" for value, text in CHANNELS.items())

_pictures = partial(option, group="pictures")
_learning = partial(option, group="length and optimiser")
_speed = partial(option, group="speed")
_writing = partial(option, group="what is written")
_filter = partial(option, group="what the filter says of itself")


@dataclass(frozen=True, kw_only=True)
class MethodOptions:
    """Options of one method only: it declares a frozen subclass, each field by ``training.rules.option``."""

    def __post_init__(self) -> None:
        """Raises InputError for the first value that breaks its rule."""
        check_each(self)

    @classmethod
    def of(cls, config: FitConfig) -> Self:
        """Returns the run's method options as this class. Raises TypeError when they are another method's."""
        if not isinstance(config.options, cls):
            raise TypeError(f"the options are {type(config.options).__name__}, not {cls.__name__}")
        return config.options

    def check(self, config: FitConfig) -> None:
        """Raises InputError when these options do not fit those that every run has."""

    @property
    def sizes(self) -> Mapping[str, int]:
        """Besides batch and crop size, the numbers that decide how much memory a step takes, by a word for people."""
        return {}


@dataclass(frozen=True, kw_only=True)
class FitConfig:
    """Everything that decides what a run computes. The defaults are CUT's, from the paper and its published code."""

    method: str  # as config.json and filters record it
    options: MethodOptions

    source: str = _pictures("", "folder with pictures to translate from (or one picture)")
    target: str = _pictures("", "folder with pictures to translate to (or one picture)")
    strategy: str = _pictures(
        "resize",
        "how pictures are read before the crop: " + "; ".join(f"{k} ({v})" for k, v in STRATEGIES.items()),
        one_of(STRATEGIES),
    )
    load_size: int = _pictures(286, "size for resize (width and height) and fit (shorter side); otherwise unused")
    crop_size: int = _pictures(
        256,
        "size of the random crop that the networks see; a multiple of 4, at least 32",
        Rule(lambda value: value >= 32 and value % 4 == 0, "a multiple of 4 from 32"),
    )
    mirror: bool = _pictures(True, "mirror pictures left to right at random")
    zoom_min: float = _pictures(
        1 / 3,
        "patch: smallest zoom; each axis is zoomed at random from it to 1",
        Rule(lambda value: 0 < value <= 1, "a number above 0, at most 1"),
    )
    zoom_per: str = _pictures(
        "patch",
        "patch: a new zoom for each patch (as published) or batch (as in the paper)",
        one_of(("patch", "batch")),
    )
    source_channels: int = _pictures(
        3, f"channels of source pictures: {_CHANNELS}", Rule(lambda value: value in CHANNELS, f"one of {_CHANNELS}")
    )
    target_channels: int = _pictures(
        3, f"channels of target pictures: {_CHANNELS}", Rule(lambda value: value in CHANNELS, f"one of {_CHANNELS}")
    )
    background: str = _pictures("white", "colour behind transparent parts where alpha is not a channel: '#rrggbb'")

    black: float | None = _pictures(None, "value that is black in files of more than 8 bits (default: 0)")
    white: float | None = _pictures(
        None, "value that is white in files of more than 8 bits (default: 65535, in floating point 1)"
    )

    batch: int = _learning(1, "pictures per step", COUNT)
    learning_rate: float = _learning(2e-4, "learning rate of Adam at the start", POSITIVE)
    beta1: float = _learning(0.5, "first momentum of Adam", BELOW_ONE)
    beta2: float = _learning(0.999, "second momentum of Adam", BELOW_ONE)
    epochs: int = _learning(400, "length in passes over the larger folder (patch: 100,000 patches)", COUNT)
    images: int | None = _learning(
        None, "length in pictures seen, instead of epochs", Rule(lambda v: v is None or v >= 1, COUNT.expected)
    )
    decay_share: float = _learning(
        0.5,
        "last part of the run, 0 to 1, over which the learning rate falls to zero",
        Rule(lambda value: 0 <= value <= 1, "a number from 0 to 1"),
    )
    ema: float = _learning(
        0.0, "average the generator's weights, keeping this share per picture seen; 0 is off", BELOW_ONE
    )
    seed: int = _learning(
        0,
        "seed of everything random",
        Rule(lambda value: 0 <= value < 2**63, "a whole number from 0 to below 2 to the power of 63"),
    )

    precision: str = _speed(
        "auto",
        "fp32, bf16 (autocast) or auto: bf16 where the device has it in hardware",
        _PRECISION,
    )
    tf32: bool = _speed(True, "TensorFloat-32 in what stays float32 (CUDA)")
    channels_last: str = _speed(
        "auto", "channels-last memory layout: on, off or auto: on for CUDA and with bf16", _SWITCH
    )
    compile: str = _speed("auto", "torch.compile: on, off or auto: on for CUDA where it can compile", _SWITCH)

    checkpoint_every: int = _writing(5000, "pictures between checkpoints; the last two are kept", _EVERY)
    checkpoint_seconds: float = _writing(
        0.0, "seconds between checkpoints, by the clock instead of by pictures; 0 is off", _SECONDS
    )
    preview_every: int = _writing(1000, "pictures between preview pictures", _EVERY)
    preview_seconds: float = _writing(
        0.0,
        "seconds between preview pictures, at first; later more. By the clock instead of by pictures; 0 is off",
        _SECONDS,
    )
    evaluate_every: int = _writing(
        0,
        "pictures between scores; the best checkpoint is kept as best.pt; 0 is never",
        Rule(lambda value: value >= 0, "a number of pictures, or 0 for never"),
    )
    export_best: bool = _writing(False, "export the checkpoint with the best score instead of the last one")
    tensorboard: bool = _writing(False, "write TensorBoard's events into the run's folder too")

    identifier: str = _filter(
        "",
        "the filter's identifier (default: from the run folder's name)",
        Rule(
            lambda value: not value or is_identifier(value),
            "1 to 64 lower-case letters, digits, dots, dashes and underscores, the first a letter or digit",
        ),
    )
    title: str = _filter("", "the filter's title in menus (default: from the identifier)")
    description: str = _filter("", "a sentence about the filter")
    source_domain: str = _filter("", "what it turns, for example painting (default: the source folder's name)")
    target_domain: str = _filter("", "into what, for example photo (default: the target folder's name)")
    licence: str = _filter("", "the filter's licence, for example CC-BY-4.0")

    def __post_init__(self) -> None:
        """Raises InputError for the first value that cannot work."""
        check_each(self)
        if self.strategy in ("resize", "fit"):
            at_least = f"at least the crop size, {self.crop_size}"
            check(self.load_size >= self.crop_size, "load_size", self.load_size, at_least)
        if self.export_best and not self.evaluate_every:
            raise InputError("--export-best needs scores; say how often, for example --evaluate-every 5000.")
        parse_colour(self.background)
        parse_scale(self.black, self.white)
        self.options.check(self)

    def values(self) -> dict[str, Any]:
        """Returns every option's value by name, with the method's own, as config.json and checkpoints hold them."""
        return {name: value for name, value in vars(self).items() if name != "options"} | vars(self.options)

    def to_json(self) -> str:
        """Returns the options as JSON that ``training.methods.registry.config_from_json`` reads."""
        return json.dumps(self.values(), indent=2, ensure_ascii=False) + "\n"
