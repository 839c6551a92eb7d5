"""Training in several processes, started by ``torchrun``; every function does nothing, or the obvious, in one process.

Gradients are averaged after the backward pass rather than by DistributedDataParallel's hooks: a step differentiates
the discriminator twice (R1) and freezes it in between, neither of which the hooks follow.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, distributed, nn


@contextmanager
def process_group(device: torch.device) -> Iterator[None]:
    """Joins the processes that torchrun started, for as long as the block runs."""
    if "RANK" not in os.environ or distributed.is_initialized():
        yield
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)
    # Flags travel between the processors, so that asking for one does not wait for a GPU.
    distributed.init_process_group("cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo")
    try:
        yield
    finally:
        distributed.destroy_process_group()


def rank() -> int:
    """This process's number, from 0. The first alone writes and prints."""
    return distributed.get_rank() if distributed.is_initialized() else int(os.environ.get("RANK", 0))


def local_rank() -> int:
    """This process's number on its machine, from 0: the number of its GPU."""
    return int(os.environ.get("LOCAL_RANK", 0))


def world_size() -> int:
    """How many processes train together."""
    return distributed.get_world_size() if distributed.is_initialized() else int(os.environ.get("WORLD_SIZE", 1))


def gather(values: Tensor) -> Tensor:
    """The values of all processes, in order of rank, joined along the first axis; without gradients."""
    if world_size() == 1:
        return values
    parts = [torch.empty_like(values) for _ in range(world_size())]
    distributed.all_gather(parts, values.contiguous())
    return torch.cat(parts)


@torch.no_grad()
def average_gradients(networks: Iterable[nn.Module]) -> None:
    """Sets every gradient to its mean over the processes, in one exchange."""
    if world_size() == 1:
        return
    gradients = [
        parameter.grad for network in networks for parameter in network.parameters() if parameter.grad is not None
    ]
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    distributed.all_reduce(flat)
    flat /= world_size()
    for gradient, mean in zip(gradients, flat.split([gradient.numel() for gradient in gradients]), strict=True):
        gradient.copy_(mean.view_as(gradient))


def wait_for_all() -> None:
    """Returns when every process has come here."""
    if world_size() > 1:
        distributed.barrier()


def agreed(flag: bool) -> bool:
    """Whether the flag is set in any process; all processes must ask together."""
    if world_size() == 1:
        return flag
    votes = torch.tensor(float(flag))
    distributed.all_reduce(votes, distributed.ReduceOp.MAX)
    return bool(votes.item())
