"""How a step computes: number format, memory layout and compilation, by default those that suit the device."""

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
    """How the networks of a run compute, chosen from its options and its device."""

    device: torch.device
    bfloat16: bool
    channels_last: bool
    compile: bool
    fused_optimiser: bool

    @classmethod
    def choose(cls, config: FitConfig, device: torch.device) -> Precision:
        """Replaces ``auto`` by what is fastest on the device. Raises InputError for bf16 on a GPU without bfloat16."""
        cuda = device.type == "cuda"
        if config.precision == "bf16" and cuda and not _has_bfloat16(device):
            raise InputError("--precision is 'bf16', but this GPU does not support bfloat16; use --precision fp32.")
        bfloat16 = _chosen(config.precision, "bf16", _has_bfloat16(device))
        return cls(
            device=device,
            bfloat16=bfloat16,
            channels_last=_chosen(config.channels_last, "on", bfloat16 or cuda),
            compile=_chosen(config.compile, "on", cuda and _can_compile()),
            fused_optimiser=device.type in ("cpu", "cuda"),
        )

    @property
    def memory_format(self) -> torch.memory_format:
        return torch.channels_last if self.channels_last else torch.contiguous_format

    def prepared(self, network: Network) -> Network:
        """Moves the network to the device and its weights to the memory layout, in place; returns the network."""
        network.to(self.device)
        for parameter in network.parameters():
            if parameter.dim() == 4:  # convolutions; Module.to(memory_format=...) trips over SinCUT's modulated weight
                parameter.data = parameter.data.contiguous(memory_format=self.memory_format)
        return network

    def laid_out(self, pictures: Tensor) -> Tensor:
        """Returns pictures (N, C, H, W) in the memory layout in which the networks compute."""
        return pictures.contiguous(memory_format=self.memory_format)

    def autocast(self) -> torch.autocast:
        """Returns a context in which convolutions use bfloat16, if chosen; losses, R1 and norms ask for float32."""
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.bfloat16)

    def compiled(self, function: Function) -> Function:
        """Returns the function, compiled as one graph when compilation is on."""
        if not self.compile:
            return function
        return cast(Function, torch.compile(function, fullgraph=True, dynamic=False))


def use_cudnn(*, tf32: bool) -> None:
    """Turns TensorFloat-32 on or off, and lets cuDNN search for the fastest algorithms, as all crops have one size."""
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = tf32
    torch.set_float32_matmul_precision("high" if tf32 else "highest")


def _chosen(option: str, on: str, automatic: bool) -> bool:
    return automatic if option == "auto" else option == on


def _has_bfloat16(device: torch.device) -> bool:
    """Returns whether the device multiplies bfloat16 in hardware: then it convolves fastest in it, channels-last."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "cpu":
        capabilities = torch.cpu.get_capabilities()
        return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
    return False


def _can_compile() -> bool:
    """Returns whether torch.compile has what it needs for a GPU: Triton, and a C++ compiler for the launcher."""
    return importlib.util.find_spec("triton") is not None and any(
        shutil.which(compiler) for compiler in ("c++", "g++", "clang++")
    )
