"""CUT's own options."""

from __future__ import annotations

import re
from dataclasses import dataclass

from training.config import FitConfig
from training.errors import InputError
from training.losses import ADVERSARIAL
from training.methods.networks import NetworkOptions
from training.rules import BELOW_ONE, COUNT, POSITIVE, WEIGHT, Rule, one_of, option

NEGATIVES = ("image", "minibatch", "bank", "image+bank")
_TAPS = Rule(
    lambda value: value in ("all", "last") or re.fullmatch(r"\d+(,\d+)*", value) is not None,
    "all, last, or layer numbers like 0,4,8",
)


@dataclass(frozen=True, kw_only=True)
class CutOptions(NetworkOptions):
    """The options of CUT. The defaults are from the paper and its published code."""

    head: bool = option(True, "projection head: compare projected features instead of the features themselves")
    head_width: int = option(256, "length of the vectors that PatchNCE compares", COUNT)
    encoder: str = option(
        "shared", "PatchNCE's encoder: shared with the generator, or separate", one_of(("shared", "separate"))
    )
    adversarial: str = option("lsgan", f"adversarial loss: {' or '.join(ADVERSARIAL)}", one_of(ADVERSARIAL))
    gan_weight: float = option(1.0, "weight of the adversarial loss", WEIGHT)
    nce_weight: float = option(1.0, "weight of the PatchNCE loss", POSITIVE)
    identity: bool = option(True, "identity loss: PatchNCE on target pictures too")
    identity_weight: float = option(
        1.0, "weight of the identity loss against the PatchNCE loss; both are averaged", WEIGHT
    )
    l1_identity_weight: float = option(0.0, "weight of the L1 identity loss (SinCUT)", WEIGHT)
    r1_weight: float = option(0.0, "weight of the R1 gradient penalty on the discriminator (SinCUT)", WEIGHT)
    flip_equivariance: bool = option(False, "FlipEQ: translate mirrored pictures in half of the steps")
    patches: int = option(256, "patches per picture and tap in PatchNCE", COUNT)
    taps: str = option("all", "layers that PatchNCE compares: all, last, or their numbers, for example 0,4,8", _TAPS)
    negatives: str = option("image", f"negatives of PatchNCE: {', '.join(NEGATIVES)}", one_of(NEGATIVES))
    bank_size: int = option(16384, "keys that the bank keeps per tap", COUNT)
    momentum: float = option(0.999, "how slowly the bank's copies of encoder and head follow", BELOW_ONE)
    temperature: float = option(0.07, "temperature of PatchNCE", POSITIVE)

    def check(self, config: FitConfig) -> None:
        super().check(config)
        self._check_negatives(config.batch)
        self._check_channels(config.source_channels, config.target_channels)

    def _check_negatives(self, batch: int) -> None:
        """Raises InputError when a patch has no negative that it can be told from."""
        others = self.patches if self.negatives == "image" else self.patches * batch
        if self.negatives in ("image", "minibatch") and others < 2:
            raise InputError(
                f"PatchNCE with --negatives {self.negatives}, --patches {self.patches} and --batch {batch} has no "
                "negatives; raise --patches, or use --negatives minibatch with a larger --batch."
            )

    def _check_channels(self, source: int, target: int) -> None:
        identity = {"--no-identity": self.identity, "--l1-identity-weight 0": self.l1_identity_weight > 0}
        if any(identity.values()) and source != target:
            raise InputError(
                f"The identity loss gives target pictures to the generator, but --source-channels is {source} and "
                f"--target-channels is {target}; turn it off by "
                f"{' '.join(option for option, on in identity.items() if on)}, or give both the same channels."
            )
