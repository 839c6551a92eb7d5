"""Chooses the device that trains."""

from __future__ import annotations

import torch

from training.computing.world import ALONE, World
from training.errors import InputError


def choose_device(name: str, world: World = ALONE) -> torch.device:
    """Returns the device of this name; ``auto`` is CUDA, else MPS, else the CPU. Each process gets a GPU of its own.

    Raises InputError for a device that does not exist.
    """
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    try:
        device = torch.device(next(kind for kind, there in available.items() if there) if name == "auto" else name)
    except RuntimeError:
        raise InputError(f"--device is {name!r}, but must be auto, cpu, cuda, cuda:N or mps.") from None
    if device.type == "cuda" and device.index is None and world.size > 1:
        device = torch.device("cuda", world.local_rank)
    there = available.get(device.type, False)
    if device.type == "cuda" and there:
        there = (device.index or 0) < torch.cuda.device_count()
    if not there:
        raise InputError(f"--device is {name!r}, but PyTorch finds no such device on this machine; use --device auto.")
    return device
