"""The options of a training run: typed, checked once, saved beside the run."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pleinair.common.identifiers import is_identifier

from training.data.reading import CHANNELS, STRATEGIES, parse_colour
from training.errors import InputError
from training.losses import ADVERSARIAL

ARCHITECTURES = ("resnet", "stylegan2")
NEGATIVES = ("image", "minibatch", "bank", "image+bank")
CHOICES = {
    "strategy": tuple(STRATEGIES),
    "zoom_per": ("patch", "batch"),
    "architecture": ARCHITECTURES,
    "encoder": ("shared", "separate"),
    "negatives": NEGATIVES,
    "adversarial": tuple(ADVERSARIAL),
    "precision": ("auto", "fp32", "bf16"),
    "channels_last": ("auto", "on", "off"),
    "compile": ("auto", "on", "off"),
}


def _listed(choices: Mapping[int, str]) -> str:
    return ", ".join(f"{value} {text}" for value, text in choices.items())


def _option(default: Any, text: str) -> Any:
    return field(default=default, metadata={"help": text})


@dataclass(frozen=True, kw_only=True)
class FitConfig:
    """Everything that decides what a run computes. The defaults are CUT's, from the paper and its published code."""

    method: str = "cut"
    # Data
    source: str = _option("", "folder with pictures to translate from (or one picture)")
    target: str = _option("", "folder with pictures to translate to (or one picture)")
    strategy: str = _option(
        "resize", "how pictures are read before the crop: " + "; ".join(f"{k} ({v})" for k, v in STRATEGIES.items())
    )
    load_size: int = _option(286, "size for resize (width and height) and fit (shorter side); else without effect")
    crop_size: int = _option(256, "size of the random crop that the networks see; a multiple of 4, at least 32")
    mirror: bool = _option(True, "mirror pictures left to right at random")
    zoom_min: float = _option(1 / 3, "patch: smallest zoom; each axis is zoomed at random from it to 1")
    zoom_per: str = _option("patch", "patch: a new zoom for each patch (as published) or batch (as in the paper)")
    source_channels: int = _option(3, f"channels of source pictures: {_listed(CHANNELS)}")
    target_channels: int = _option(3, f"channels of target pictures: {_listed(CHANNELS)}")
    background: str = _option("white", "colour below transparent parts where alpha is no channel: '#rrggbb'")
    # Networks
    architecture: str = _option("resnet", f"generator and discriminator: {' or '.join(ARCHITECTURES)} (SinCUT's)")
    width: int = _option(64, "channels of the generator's first convolution (stylegan2: its ngf)")
    blocks: int = _option(9, "residual blocks of the generator")
    antialias: bool = _option(True, "blur before every subsampling (resnet)")
    antialias_up: bool = _option(True, "interpolate instead of transposed convolutions on the way up (resnet)")
    dropout: bool = _option(False, "dropout in the residual blocks (resnet)")
    discriminator_width: int = _option(64, "channels of the discriminator's first convolution (stylegan2: its ndf)")
    head: bool = _option(True, "projection head: compare projected features instead of the features themselves")
    head_width: int = _option(256, "length of the vectors that PatchNCE compares")
    encoder: str = _option("shared", "PatchNCE's encoder: shared with the generator, or separate")
    # Losses
    adversarial: str = _option("lsgan", f"adversarial loss: {' or '.join(ADVERSARIAL)}")
    gan_weight: float = _option(1.0, "weight of the adversarial loss")
    nce_weight: float = _option(1.0, "weight of the PatchNCE loss")
    identity: bool = _option(True, "identity loss: PatchNCE on target pictures too")
    identity_weight: float = _option(1.0, "weight of the identity loss against the PatchNCE loss; both are averaged")
    l1_identity_weight: float = _option(0.0, "weight of the L1 identity loss (SinCUT)")
    r1_weight: float = _option(0.0, "weight of the R1 gradient penalty on the discriminator (SinCUT)")
    flip_equivariance: bool = _option(False, "FlipEQ: translate mirrored pictures in half of the steps")
    patches: int = _option(256, "patches per picture and tap in PatchNCE")
    taps: str = _option("all", "layers that PatchNCE compares: all, last, or their numbers, for example 0,4,8")
    negatives: str = _option("image", f"negatives of PatchNCE: {', '.join(NEGATIVES)}")
    bank_size: int = _option(16384, "keys that the bank keeps per tap")
    momentum: float = _option(0.999, "how slowly the bank's copies of encoder and head follow")
    temperature: float = _option(0.07, "temperature of PatchNCE")
    # Optimisation
    batch: int = _option(1, "pictures per step")
    learning_rate: float = _option(2e-4, "learning rate of Adam at the start")
    beta1: float = _option(0.5, "first momentum of Adam")
    beta2: float = _option(0.999, "second momentum of Adam")
    epochs: int = _option(400, "length in passes over the larger folder (patch: 100,000 patches)")
    images: int | None = _option(None, "length in pictures seen, instead of epochs")
    decay_share: float = _option(0.5, "last part of the run, 0 to 1, over which the learning rate falls to zero")
    seed: int = _option(0, "seed of everything random")
    # Speed
    precision: str = _option("auto", "fp32, bf16 (autocast) or auto: bf16 where the device has it in hardware")
    tf32: bool = _option(True, "TensorFloat-32 in what stays float32 (CUDA)")
    channels_last: str = _option("auto", "channels-last memory layout: on, off or auto: on for CUDA and with bf16")
    compile: str = _option("auto", "torch.compile: on, off or auto: on for CUDA where it can compile")
    # What is written
    checkpoint_every: int = _option(5000, "pictures between checkpoints; the last two are kept")
    checkpoint_seconds: float = _option(0.0, "seconds between checkpoints, instead of every so many pictures; 0 is off")
    preview_every: int = _option(1000, "pictures between preview pictures")
    preview_seconds: float = _option(
        0.0, "seconds between preview pictures at first and more later, instead of every so many pictures; 0 is off"
    )
    ema: float = _option(0.0, "average the generator's weights, keeping this share per picture seen; 0 is off")
    evaluate_every: int = _option(0, "pictures between scores; the best checkpoint is kept as best.pt; 0 is never")
    export_best: bool = _option(False, "export the checkpoint with the best score instead of the last one")
    tensorboard: bool = _option(False, "write TensorBoard's events into the run's folder too")
    identifier: str = _option("", "the filter's identifier (default: from the run folder's name)")
    title: str = _option("", "the filter's title in menus (default: from the identifier)")
    description: str = _option("", "a sentence about the filter")
    source_domain: str = _option("", "what it turns, for example painting (default: the source folder's name)")
    target_domain: str = _option("", "into what, for example photo (default: the target folder's name)")
    licence: str = _option("", "the filter's licence, for example CC-BY-4.0")

    def __post_init__(self) -> None:
        """Raises InputError for the first value that cannot work."""
        for name in ("width", "blocks", "discriminator_width", "head_width", "patches", "batch", "epochs", "bank_size"):
            _check(getattr(self, name) >= 1, name, getattr(self, name), "a whole number of at least 1")
        for option in dataclasses.fields(self):
            value = getattr(self, option.name)
            _check(not isinstance(value, float) or math.isfinite(value), option.name, value, "a finite number")
        _check(0 <= self.seed < 2**63, "seed", self.seed, "a whole number from 0 to below 2 to the power of 63")
        self._check_writing()
        _check(self.images is None or self.images >= 1, "images", self.images, "a whole number of at least 1")
        _check(self.crop_size >= 32 and self.crop_size % 4 == 0, "crop_size", self.crop_size, "a multiple of 4 from 32")
        for name, choices in CHOICES.items():
            _check(getattr(self, name) in choices, name, getattr(self, name), " or ".join(choices))
        _check(
            self.taps in ("all", "last") or re.fullmatch(r"\d+(,\d+)*", self.taps) is not None,
            "taps",
            self.taps,
            "all, last, or layer numbers like 0,4,8",
        )
        if self.architecture == "stylegan2":
            power = self.crop_size & (self.crop_size - 1) == 0
            _check(power, "crop_size", self.crop_size, "a power of two, for example 64, with --architecture stylegan2")
        self._check_contrast()
        self._check_reading()
        _check(self.temperature > 0, "temperature", self.temperature, "a number above 0")
        _check(self.learning_rate > 0, "learning_rate", self.learning_rate, "a number above 0")
        _check(0 <= self.decay_share <= 1, "decay_share", self.decay_share, "a number from 0 to 1")
        _check(self.nce_weight > 0, "nce_weight", self.nce_weight, "a number above 0")
        for name in ("gan_weight", "identity_weight", "l1_identity_weight", "r1_weight"):
            _check(getattr(self, name) >= 0, name, getattr(self, name), "a number of at least 0")
        for name in ("beta1", "beta2", "momentum"):
            _check(0 <= getattr(self, name) < 1, name, getattr(self, name), "a number from 0 to below 1")
        _check(
            not self.identifier or is_identifier(self.identifier),
            "identifier",
            self.identifier,
            "1 to 64 lower-case letters, digits, dots, dashes and underscores, the first a letter or digit",
        )

    def _check_writing(self) -> None:
        for name in ("checkpoint_every", "preview_every"):
            _check(getattr(self, name) >= 1, name, getattr(self, name), "a number of pictures of at least 1")
        for name in ("checkpoint_seconds", "preview_seconds"):
            _check(getattr(self, name) >= 0, name, getattr(self, name), "a number of seconds, or 0 for off")
        _check(0 <= self.ema < 1, "ema", self.ema, "a number from 0 to below 1")
        _check(self.evaluate_every >= 0, "evaluate_every", self.evaluate_every, "a number of pictures, or 0 for never")
        if self.export_best and not self.evaluate_every:
            raise InputError("--export-best needs scores; say how often, for example --evaluate-every 5000.")

    def _check_contrast(self) -> None:
        """Every patch needs a negative to be told from."""
        others = self.patches if self.negatives == "image" else self.patches * self.batch
        if self.negatives in ("image", "minibatch") and others < 2:
            raise InputError(
                f"PatchNCE with --negatives {self.negatives}, --patches {self.patches} and --batch {self.batch} has no "
                "negatives; raise --patches, or use --negatives minibatch with a larger --batch."
            )

    def _check_reading(self) -> None:
        if self.strategy in ("resize", "fit"):
            at_least = f"at least the crop size, {self.crop_size}"
            _check(self.load_size >= self.crop_size, "load_size", self.load_size, at_least)
        _check(0 < self.zoom_min <= 1, "zoom_min", self.zoom_min, "a number above 0, at most 1")
        for name in ("source_channels", "target_channels"):
            _check(getattr(self, name) in CHANNELS, name, getattr(self, name), f"one of {_listed(CHANNELS)}")
        identity = {"--no-identity": self.identity, "--l1-identity-weight 0": self.l1_identity_weight > 0}
        if any(identity.values()) and self.source_channels != self.target_channels:
            raise InputError(
                f"The identity loss gives target pictures to the generator, but --source-channels is "
                f"{self.source_channels} and --target-channels is {self.target_channels}; turn it off by "
                f"{' '.join(option for option, on in identity.items() if on)}, or give both the same channels."
            )
        parse_colour(self.background)

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> FitConfig:
        """Reads what ``to_json`` wrote, also in an earlier version that had fewer options.

        Raises ValueError or TypeError for anything else, InputError as above and for options of a later version.
        """
        values = json.loads(text)
        unknown = sorted(set(values) - {option.name for option in dataclasses.fields(cls)})
        if unknown:
            raise InputError(
                f"The run was begun by another version of Pleinair, with the option {unknown[0]}; use that version."
            )
        return cls(**values)


def _check(holds: bool, name: str, value: object, expected: str) -> None:
    if not holds:
        raise InputError(f"--{name.replace('_', '-')} is {value!r}, but must be {expected}.")


PRESETS: dict[str, dict[str, Any]] = {
    "cut": {"method": "cut"},
    "fastcut": {
        "method": "fastcut",
        "nce_weight": 10.0,
        "identity": False,
        "flip_equivariance": True,
        "epochs": 200,
        "decay_share": 0.25,
    },
    "sincut": {
        "method": "sincut",
        "strategy": "patch",
        "crop_size": 64,
        "architecture": "stylegan2",
        "width": 10,
        "blocks": 6,
        "discriminator_width": 8,
        "adversarial": "nonsaturating",
        "nce_weight": 4.0,
        "l1_identity_weight": 1.0,
        "r1_weight": 1.0,
        "negatives": "minibatch",
        "patches": 1,
        "batch": 16,
        "learning_rate": 2e-3,
        "beta1": 0.0,
        "beta2": 0.99,
        "epochs": 16,
    },
}
# SinCUT with the same losses, for minutes on two cores; README.md says how it was chosen. The discriminator is
# small for its part: one twice as wide cost more and did not teach the colours sooner.
PRESETS["sincut-quick"] = {
    **PRESETS["sincut"],
    "width": 4,
    "blocks": 4,
    "discriminator_width": 2,
    "batch": 8,
    "patches": 32,
    "images": 8000,
    "ema": 0.999,
    "channels_last": "on",
    "checkpoint_every": 2000,
}
