"""Initialises the weights of the CUT networks."""

from __future__ import annotations

from torch import nn


def xavier(network: nn.Module, gain: float = 0.02) -> None:
    """Sets Xavier-normal weights with this gain and zero biases in every convolution and linear layer, in place."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.xavier_normal_(module.weight, gain=gain)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
