"""What to do when memory runs out."""

from __future__ import annotations

import dataclasses
import gc

import torch

from training.computing.world import ALONE, World
from training.config import FitConfig
from training.errors import InputError

# What PyTorch's allocators and libraries say; only CUDA's allocator raises an exception of its own.
_SIGNS = ("out of memory", "not enough memory", "allocate memory", "ALLOC_FAILED")


def is_exhausted(error: BaseException) -> bool:
    """Whether the error says that the device's memory, or the computer's, is used up."""
    if isinstance(error, RuntimeError):
        return isinstance(error, torch.OutOfMemoryError) or any(sign in str(error) for sign in _SIGNS)
    return isinstance(error, MemoryError)


def with_half_the_batch(config: FitConfig, world: World = ALONE) -> FitConfig:
    """The options with half the batch. Raises InputError when they do not allow it, or processes share the batch."""
    try:
        if config.batch > 1 and world.size == 1:
            return dataclasses.replace(config, batch=config.batch // 2)
    except InputError:  # too few negatives
        pass
    sizes = {"batch": config.batch, "crop size": config.crop_size, **config.options.sizes}
    *most, last = [f"a {word} of {size}" for word, size in sizes.items()]
    raise InputError(
        f"There is not enough memory for {', '.join(most)} and {last}; close other programs and resume the run, "
        "or begin a new run with one of these smaller."
    )


def release(device: torch.device) -> None:
    """Frees the device memory of tensors that nothing refers to any more, cycles included."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
