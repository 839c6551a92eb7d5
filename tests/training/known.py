"""The deterministic weights and pictures for which the published code's values are known."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn


def fill(network: nn.Module, *, scaled: bool = True) -> None:
    """Sets every weight, in state-dict order, from numbered draws of numpy's legacy generator.

    ``scaled``: weights are divided by the square root of their fan in, as StyleGAN2's networks do by themselves.
    """
    state = network.state_dict()
    for index, (name, value) in enumerate(state.items()):
        draw = np.random.RandomState(1000 + index).standard_normal(tuple(value.shape))
        value.copy_(torch.from_numpy(draw * _scale(name, value, scaled)))
    network.load_state_dict(state)


def _scale(name: str, value: Tensor, scaled: bool) -> float:
    if name.endswith("noise.weight"):
        return 0.0
    if name.endswith("bias"):
        return 0.1
    return 1 / math.sqrt(math.prod(value.shape[1:])) if scaled else 1.0


def picture(seed: int, height: int = 64, width: int = 64) -> Tensor:
    """(1, 3, height, width) in [-1, 1]."""
    draw = np.random.RandomState(seed).standard_normal((1, 3, height, width))
    return torch.from_numpy(np.clip(0.4 * draw, -1, 1)).float()
