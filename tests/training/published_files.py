"""Small generators of ours and files of their weights as the published programs write them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tests.training.known import fill
from tests.training.published_layouts import renamed, resnet, stylegan2
from training.networks.resnet import ResnetGenerator
from training.networks.stylegan2 import StyleGAN2Generator


def saved(state: Any, folder: Path, name: str = "latest_net_G.pth") -> Path:
    torch.save(state, folder / name)
    return folder / name


def filled(network: nn.Module) -> list[Tensor]:
    """Weights of the network, filled, in their order."""
    fill(network, scaled=not isinstance(network, StyleGAN2Generator))
    return list(network.state_dict().values())


def small_resnet(**options: Any) -> tuple[ResnetGenerator, dict[str, Tensor]]:
    """One of ours, and its weights under published names."""
    options = {"width": 4, "blocks": 2, **options}
    network = ResnetGenerator(**options)
    return network, renamed(filled(network), resnet(**options))


def small_stylegan2(**options: Any) -> tuple[StyleGAN2Generator, dict[str, Tensor]]:
    network = StyleGAN2Generator(width=1, **options)
    options = {"channels": (8, 16), **options}
    if options.pop("halvings", 1) == 2:
        options["channels"] = (8, 16, 32)
    return network, renamed(filled(network), stylegan2(**options))
