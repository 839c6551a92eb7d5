"""Describes CUT as one of the methods, with its presets."""

from __future__ import annotations

from typing import Any

from training.config import FitConfig
from training.methods.cut.options import CutOptions
from training.methods.cut.step import GENERATOR, Cut
from training.methods.cut.taps import check_taps
from training.methods.method import Exported, MethodSpec
from training.methods.networks import build_generator
from training.methods.watch import LIMITS, Watch

FASTCUT: dict[str, Any] = {
    "method": "fastcut",
    "nce_weight": 10.0,
    "identity": False,
    "flip_equivariance": True,
    "epochs": 200,
    "decay_share": 0.25,
}
SINCUT: dict[str, Any] = {
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
}
# SinCUT with the same losses, for minutes on two cores; README.md says how it was chosen. The discriminator is
# especially small: one twice as wide cost more and did not teach the colours sooner.
SINCUT_QUICK: dict[str, Any] = {
    **SINCUT,
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


def watch(config: FitConfig) -> Watch:
    """Returns how the guard reads CUT's losses, and which of CUT's options it advises."""
    options = CutOptions.of(config)
    return Watch(
        limits=LIMITS[options.adversarial],
        weight=options.gan_weight,
        against_collapse="a larger --nce-weight or a lower --learning-rate",
        against_identity=f"a smaller --nce-weight (it is {options.nce_weight:g})",
        against_outright="a smaller --discriminator-width",
    )


CUT = MethodSpec(
    name="cut",
    summary="An adversarial loss, and PatchNCE, which ties each patch to its source (Park et al., ECCV 2020).",
    options=CutOptions,
    presets={"cut": {}, "fastcut": FASTCUT, "sincut": SINCUT, "sincut-quick": SINCUT_QUICK},
    build=Cut,
    generators={GENERATOR: Exported(build_generator)},
    primary=GENERATOR,
    watch=watch,
    check=check_taps,
    for_single_pictures=("sincut-quick", "sincut"),
)
