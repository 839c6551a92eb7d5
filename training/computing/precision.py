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
    """How the networks of a run compute, as its options and its device decide."""

    device: torch.device
    bfloat16: bool
    channels_last: bool
    compile: bool
    fused_optimiser: bool

    @classmethod
    def choose(cls, config: FitConfig, device: torch.device) -> Precision:
        """Replaces ``auto`` by what is fastest on the device. Raises InputError for what it cannot do."""
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
        """The network on the device, its weights in the memory layout."""
        network.to(self.device)
        for parameter in network.parameters():
            if parameter.dim() == 4:  # convolutions; Module.to(memory_format=...) trips over SinCUT's modulated weight
                parameter.data = parameter.data.contiguous(memory_format=self.memory_format)
        return network

    def laid_out(self, pictures: Tensor) -> Tensor:
        """Pictures (N, C, H, W) in the memory layout that the networks compute in."""
        return pictures.contiguous(memory_format=self.memory_format)

    def autocast(self) -> torch.autocast:
        """Within it convolutions compute in bfloat16, if chosen; losses, PatchNCE, R1 and norms ask for float32."""
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.bfloat16)

    def compiled(self, function: Function) -> Function:
        """The function, compiled as one graph when compilation is on."""
        if not self.compile:
            return function
        return cast(Function, torch.compile(function, fullgraph=True, dynamic=False))


def use_cudnn(*, tf32: bool) -> None:
    """Lets cuDNN search the fastest algorithms, since every crop has the same size, with or without TensorFloat-32."""
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = tf32
    torch.set_float32_matmul_precision("high" if tf32 else "highest")


def _chosen(option: str, on: str, automatic: bool) -> bool:
    return automatic if option == "auto" else option == on


def _has_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 in hardware: then convolutions are fastest so, and in channels-last."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "cpu":
        capabilities = torch.cpu.get_capabilities()
        return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
    return False


def _can_compile() -> bool:
    """Whether what torch.compile needs for a GPU is here: Triton, and a C++ compiler for the launcher."""
    return importlib.util.find_spec("triton") is not None and any(
        shutil.which(compiler) for compiler in ("c++", "g++", "clang++")
    )
