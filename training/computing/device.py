"""Chooses the device that trains."""

from __future__ import annotations

import torch

from training.computing.distributed import local_rank, world_size
from training.errors import InputError


def choose_device(name: str) -> torch.device:
    """``auto`` takes CUDA, else MPS, else the CPU; under torchrun each process takes its own GPU.

    Raises InputError for a device that is not there.
    """
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    try:
        device = torch.device(next(kind for kind, there in available.items() if there) if name == "auto" else name)
    except RuntimeError:
        raise InputError(f"--device is {name!r}, but must be auto, cpu, cuda, cuda:N or mps.") from None
    if device.type == "cuda" and device.index is None and world_size() > 1:
        device = torch.device("cuda", local_rank())
    there = available.get(device.type, False)
    if device.type == "cuda" and there:
        there = (device.index or 0) < torch.cuda.device_count()
    if not there:
        raise InputError(f"--device is {name!r}, but this machine has no such device for PyTorch; use --device auto.")
    return device
