"""Chooses the device that trains."""

from __future__ import annotations

import torch

from training.distributed import local_rank, world_size
from training.errors import InputError


def choose_device(name: str) -> torch.device:
    """``auto`` takes CUDA (under torchrun each process its own GPU), else MPS, else the CPU.

    Raises InputError for a device that is not there.
    """
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        kind = next(device for device, there in available.items() if there)
        return torch.device(kind, local_rank()) if kind == "cuda" and world_size() > 1 else torch.device(kind)
    try:
        device = torch.device(name)
    except RuntimeError:
        raise InputError(f"--device is {name!r}, but must be auto, cpu, cuda, cuda:N or mps.") from None
    if not available.get(device.type, False):
        raise InputError(f"--device is {name!r}, but this machine has no such device for PyTorch; use --device auto.")
    return device
