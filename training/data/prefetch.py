"""Prepares the next batch while a step runs."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

import torch
from torch import Tensor

from training.data.batches import Crops, UnpairedBatches, examples
from training.data.folders import PictureFolder

Draw = tuple[int, int]  # first image, how many


class PrefetchedBatches:
    """``UnpairedBatches`` as float tensors on a device, drawn one step ahead by a thread.

    The thread expects the next draw ``stride`` images further on (the joint batch of all processes); any other draw
    takes longer. It is a thread and not a process, so that nothing is pickled, on any platform.
    """

    def __init__(self, batches: UnpairedBatches, device: torch.device, *, stride: int) -> None:
        self.batches = batches
        self.device = device
        self.stride = stride
        # One thread, which ends with this object. When patches are computed on an accelerator, there is nothing to
        # prepare, and its kernels are better launched by the thread that launches all the others.
        on_processor = batches.draws_on.type == "cpu"
        self._thread = ThreadPoolExecutor(1, "next batch") if on_processor else None
        self._next: tuple[Draw, Future[tuple[Crops, Crops]]] | None = None

    @property
    def source(self) -> PictureFolder:
        return self.batches.source

    @property
    def target(self) -> PictureFolder:
        return self.batches.target

    def draw(self, first: int, count: int) -> tuple[Tensor, Tensor]:
        """Returns ``count`` images from ``first`` on, source and target: (count, channels, size, size) in [-1, 1]."""
        source, target = self._crops(first, count)
        return source.on(self.device), target.on(self.device)

    def examples(self, folder: PictureFolder, count: int) -> Tensor:
        """Returns at most ``count`` pictures of a folder for a preview, on the CPU: (n, channels, size, size)."""
        return examples(folder, self.batches.example_size, count)

    def _crops(self, first: int, count: int) -> tuple[Crops, Crops]:
        if self._thread is None:
            return self.batches.draw(first, count)
        prepared, self._next = self._next, None
        crops = prepared[1].result() if prepared and prepared[0] == (first, count) else self._prepare(first, count)
        following = (first + self.stride, count)
        self._next = following, self._thread.submit(self._prepare, *following)
        return crops

    def _prepare(self, first: int, count: int) -> tuple[Crops, Crops]:
        source, target = self.batches.draw(first, count)
        if self.device.type == "cuda":
            return source.pinned(), target.pinned()
        return source, target
