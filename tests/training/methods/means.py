"""The smallest method that there can be: a generator that learns the mean colours of target pictures."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from training.computing.precision import Precision
from training.computing.world import World
from training.config import FitConfig, MethodOptions
from training.methods.descent import Descent, translate
from training.methods.method import Exported, MethodSpec
from training.networks.resnet import ResnetGenerator
from training.rules import POSITIVE, option


@dataclass(frozen=True, kw_only=True)
class MeansOptions(MethodOptions):
    mean_weight: float = option(1.0, "weight of the distance between mean colours", POSITIVE)


def build_painter(config: FitConfig) -> ResnetGenerator:
    return ResnetGenerator(channels_in=config.source_channels, channels_out=config.target_channels, width=4, blocks=1)


class Means:
    def __init__(self, config: FitConfig, device: torch.device, world: World) -> None:
        self.weight, precision = MeansOptions.of(config).mean_weight, Precision.choose(config, device)
        self.generators = self.networks = {"painter": precision.prepared(build_painter(config))}
        self.descent = Descent(config, precision, self.networks, world)
        self.optimisers = self.descent.optimisers

    def step(self, source: Tensor, target: Tensor) -> dict[str, Tensor]:
        painted, real = (pictures.mean(dim=(2, 3)) for pictures in (self.generators["painter"](source), target))
        loss = self.weight * F.mse_loss(painted, real)
        self.descent.down(loss, ["painter"])
        return {"mean": loss.detach()}

    def translate(self, source: Tensor) -> Tensor:
        return translate(self.generators["painter"], source)


MEANS = MethodSpec(
    name="means",
    summary="Makes pictures as bright and as colourful, on average, as the target pictures.",
    options=MeansOptions,
    presets={"means": {"load_size": 36, "crop_size": 32, "mean_weight": 2.0, "learning_rate": 0.01}},
    build=Means,
    generators={"painter": Exported(build_painter)},
    primary="painter",
)
