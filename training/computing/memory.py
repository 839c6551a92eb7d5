"""Detects that memory has run out, and helps a run to continue with less."""

from __future__ import annotations

import dataclasses
import gc

import torch

from training.computing.world import ALONE, World
from training.config import FitConfig
from training.errors import InputError

# Parts of the messages of PyTorch's allocators and libraries; only CUDA's allocator has an exception class of its own.
_SIGNS = ("out of memory", "not enough memory", "allocate memory", "ALLOC_FAILED", "size calculation overflowed")


def is_exhausted(error: BaseException) -> bool:
    """Returns whether the error means that the device's memory, or the computer's, is used up."""
    if isinstance(error, RuntimeError):
        return isinstance(error, torch.OutOfMemoryError) or any(sign in str(error) for sign in _SIGNS)
    return isinstance(error, MemoryError)


def with_half_the_batch(config: FitConfig, world: World = ALONE) -> FitConfig:
    """Returns the options with half the batch. Raises InputError when they do not allow it or processes share it."""
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
    """Frees the device memory of tensors that nothing refers to any more, or only reference cycles do."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
