"""The processes that train together, as one value that is passed to whatever depends on it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import torch
from torch import Tensor, distributed, nn


class FirstFailed(Exception):
    """Raised in the other processes when the first, which reports the reason, failed at what they waited for."""


@dataclass(frozen=True)
class World:
    """This process's place among those that train together: ``rank`` of ``size``, ``local_rank`` on its machine.

    Methods that exchange something must be called by all processes, within ``process_group``; with a ``size`` of 1
    they return at once.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0

    @classmethod
    def from_environment(cls) -> World:
        """Reads the place from the variables that torchrun sets; without torchrun the process is alone."""
        return cls(*(int(os.environ.get(name, default)) for name, default in _VARIABLES.items()))

    @property
    def is_first(self) -> bool:
        """Whether this is the only process that writes and prints."""
        return self.rank == 0

    def share_of(self, batch: int) -> range:
        """Returns which pictures of a joint batch are this process's. ``batch`` is a multiple of ``size``."""
        count = batch // self.size
        return range(self.rank * count, (self.rank + 1) * count)

    def draw_noise(self, like: Tensor) -> Tensor:
        """Returns normal noise (n, 1, h, w) for this process's pictures (n, c, h, w), in their dtype, on their device.

        All processes draw the same numbers for the joint batch, and each takes its own share of them.
        """
        n, _, height, width = like.shape
        joint = torch.randn(self.size * n, 1, height, width, device=like.device, dtype=like.dtype)
        return joint[self.rank * n : (self.rank + 1) * n]

    def gather(self, values: Tensor) -> Tensor:
        """Returns the values of all processes, in order of rank, joined along the first axis, without gradients."""
        if self.size == 1:
            return values
        parts = [torch.empty_like(values) for _ in range(self.size)]
        distributed.all_gather(parts, values.contiguous())
        return torch.cat(parts)

    @torch.no_grad()
    def average_gradients(self, networks: Iterable[nn.Module]) -> None:
        """Sets every gradient to its mean over the processes, in one exchange.

        DistributedDataParallel's hooks cannot be used: a step differentiates the discriminator twice (R1) and freezes
        it in between, and they support neither.
        """
        if self.size == 1:
            return
        gradients = [
            parameter.grad for network in networks for parameter in network.parameters() if parameter.grad is not None
        ]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        distributed.all_reduce(flat)
        flat /= self.size
        for gradient, mean in zip(gradients, flat.split([gradient.numel() for gradient in gradients]), strict=True):
            gradient.copy_(mean.view_as(gradient))

    def agreed(self, flag: bool) -> bool:
        """Returns whether the flag is set in any process."""
        if self.size == 1:
            return flag
        votes = torch.tensor(float(flag))
        distributed.all_reduce(votes, distributed.ReduceOp.MAX)
        return bool(votes.item())

    def wait_for_all(self) -> None:
        """Waits until every process has reached this call."""
        if self.size > 1:
            distributed.barrier()

    @contextmanager
    def first_ahead(self) -> Iterator[None]:
        """Lets the first process run the block while the others wait; they run it when the first has finished.

        Raises FirstFailed in the others when the block fails in the first.
        """
        if not self.is_first and self.agreed(False):
            raise FirstFailed
        try:
            yield
        except BaseException:
            if self.is_first:
                with suppress(RuntimeError):  # when others have ended already; why this one fails matters more
                    self.agreed(True)
            raise
        if self.is_first:
            self.agreed(False)


_VARIABLES = {"RANK": 0, "WORLD_SIZE": 1, "LOCAL_RANK": 0}
ALONE = World()


@contextmanager
def process_group(world: World, device: torch.device) -> Iterator[None]:
    """Joins the processes that torchrun started, for as long as the block runs."""
    if "RANK" not in os.environ or distributed.is_initialized():
        yield
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)
    # Flags are exchanged between the CPUs, so that reading one does not wait for a GPU.
    distributed.init_process_group("cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo")
    try:
        yield
    finally:
        distributed.destroy_process_group()
