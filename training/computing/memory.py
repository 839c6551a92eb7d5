"""What to do when memory does not suffice."""

from __future__ import annotations

import dataclasses
import gc

import torch

from training.computing.distributed import world_size
from training.config import FitConfig
from training.errors import InputError

# What PyTorch's allocators and libraries say; only CUDA's allocator raises an exception of its own.
_SIGNS = ("out of memory", "not enough memory", "allocate memory", "ALLOC_FAILED")


def is_exhausted(error: BaseException) -> bool:
    """Whether the error says that the device's memory, or the computer's, is used up."""
    if isinstance(error, RuntimeError):
        return isinstance(error, torch.OutOfMemoryError) or any(sign in str(error) for sign in _SIGNS)
    return isinstance(error, MemoryError)


def with_half_the_batch(config: FitConfig) -> FitConfig:
    """Raises InputError when the options do not work with a smaller batch, or other processes share it."""
    try:
        if config.batch > 1 and world_size() == 1:
            return dataclasses.replace(config, batch=config.batch // 2)
    except InputError:  # too few negatives
        pass
    sizes = {"batch": config.batch, "crop size": config.crop_size, **config.options.sizes}
    *most, last = [f"a {word} of {size}" for word, size in sizes.items()]
    raise InputError(
        f"Memory does not suffice for {', '.join(most)} and {last}; end other programs and resume the run, "
        "or make one of these smaller in a new run."
    )


def release(device: torch.device) -> None:
    """Gives back what nothing refers to any more, cycles included."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
