"""How a step computes: number format, memory layout, compilation; by default what suits each kind of device."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar, cast

import torch
from torch import Tensor, nn

from training.config import FitConfig
from training.errors import InputError

Function = TypeVar("Function", bound=Callable[..., object])
Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True)
class Precision:
    """What the options and the device come to."""

    device: torch.device
    bfloat16: bool
    channels_last: bool
    compile: bool
    fused_optimiser: bool

    @classmethod
    def choose(cls, config: FitConfig, device: torch.device) -> Precision:
        """``auto`` options become what the device is fastest with. Raises InputError for what it cannot do."""
        cuda = device.type == "cuda"
        if config.precision == "bf16" and cuda and not torch.cuda.is_bf16_supported():
            raise InputError("--precision is 'bf16', but this GPU has no bfloat16; use --precision fp32.")
        if cuda:
            torch.backends.cudnn.benchmark = True  # every crop has the same size
        if cuda and config.tf32:
            torch.set_float32_matmul_precision("high")
            torch.backends.cudnn.allow_tf32 = True
        return cls(
            device=device,
            bfloat16=_chosen(config.precision, "bf16", cuda and torch.cuda.is_bf16_supported()),
            channels_last=_chosen(config.channels_last, "on", cuda),
            compile=_chosen(config.compile, "on", cuda and _can_compile()),
            fused_optimiser=device.type in ("cpu", "cuda"),
        )

    @property
    def memory_format(self) -> torch.memory_format:
        return torch.channels_last if self.channels_last else torch.contiguous_format

    def prepared(self, network: Network) -> Network:
        """The network on the device, its weights in the memory layout."""
        network.to(self.device)
        network.to(memory_format=self.memory_format)  # type: ignore[call-overload]  # missing in torch's annotations
        return network

    def laid_out(self, pictures: Tensor) -> Tensor:
        """Pictures (N, C, H, W) in the memory layout that the networks compute in."""
        return pictures.contiguous(memory_format=self.memory_format)

    def autocast(self) -> torch.autocast:
        """bfloat16 for convolutions; losses, PatchNCE, R1 and norms ask for float32 themselves."""
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.bfloat16)

    def compiled(self, function: Function) -> Function:
        """The function, compiled as one graph when compilation is on."""
        if not self.compile:
            return function
        return cast(Function, torch.compile(function, fullgraph=True, dynamic=False))


def _chosen(option: str, on: str, automatic: bool) -> bool:
    return automatic if option == "auto" else option == on


def _can_compile() -> bool:
    """Inductor writes Triton for a GPU, and a launcher in C++."""
    return importlib.util.find_spec("triton") is not None and any(
        shutil.which(compiler) for compiler in ("c++", "g++", "clang++")
    )
