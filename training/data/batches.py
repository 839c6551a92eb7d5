"""Draws training batches: which pictures, which crop, mirrored or not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.data.folders import PictureFolder


@dataclass(frozen=True)
class UnpairedBatches:
    """An endless sequence of unpaired batches that depends on nothing but the seed and the number of images seen.

    An epoch is as long as the larger folder: sources come in a new random order each epoch, each with a target drawn
    at random. Without state there is nothing to save: a resumed run draws what the unbroken one would have drawn.
    """

    source: PictureFolder
    target: PictureFolder
    crop_size: int
    mirror: bool
    seed: int

    @property
    def epoch_images(self) -> int:
        return max(len(self.source), len(self.target))

    def draw(self, images_seen: int, batch: int) -> tuple[Tensor, Tensor]:
        """The next ``batch`` pictures of both domains, (batch, 3, crop, crop) in [-1, 1]."""
        draws = [self._pair(images_seen + index) for index in range(batch)]
        return _to_tensor([source for source, _ in draws]), _to_tensor([target for _, target in draws])

    def _pair(self, index: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        epoch, place = divmod(index, self.epoch_images)
        order = np.random.default_rng((self.seed, 0, epoch)).permutation(self.epoch_images)
        rng = np.random.default_rng((self.seed, 1, index))
        source = self.source.pictures[order[place] % len(self.source)]
        target = self.target.pictures[rng.integers(len(self.target))]
        return self._augmented(source, rng), self._augmented(target, rng)

    def _augmented(self, picture: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        top, left = rng.integers(picture.shape[0] - self.crop_size + 1, size=2)
        crop = picture[top : top + self.crop_size, left : left + self.crop_size]
        return crop[:, ::-1] if self.mirror and rng.random() < 0.5 else crop


def to_network(pictures: NDArray[np.uint8]) -> Tensor:
    """(n, h, w, 3) uint8 -> (n, 3, h, w) float32, x / 127.5 - 1."""
    return torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1


def to_pictures(tensor: Tensor) -> NDArray[np.uint8]:
    """(n, 3, h, w) in [-1, 1] -> (n, h, w, 3) uint8, clamped and rounded."""
    levels = ((tensor.detach().float().clamp(-1, 1) + 1) * 127.5).round().byte()
    return levels.permute(0, 2, 3, 1).cpu().numpy()


def _to_tensor(pictures: list[NDArray[np.uint8]]) -> Tensor:
    return to_network(np.stack(pictures))
