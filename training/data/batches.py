"""Draws training batches: which pictures, which crop, mirrored or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.data.folders import PictureFolder
from training.data.patches import Patch, zoomed_patches

EPOCH_PATCHES = 100_000  # an epoch of zoom-and-patch, as the paper's code counts
RESIDENT_BYTES = 1 << 30  # for zoom-and-patch the pictures of both folders, up to this size, are kept on the device
PREVIEW_PATCH = 256  # pixels a side: zoom-and-patch's crops are too small to judge, so previews show up to this much

ORDER, DRAW, ZOOM = range(3)  # streams of random numbers
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Crops:
    """One domain's part of a batch: levels (n, size, size, channels) uint8, and which to mirror, (n,) bool."""

    levels: Tensor
    mirrored: Tensor

    def pinned(self) -> Crops:
        """Returns the same crops in pinned memory, from which CUDA copies without making the processor wait."""
        if self.levels.device.type != "cpu":
            return self
        return Crops(self.levels.pin_memory(), self.mirrored.pin_memory())

    def on(self, device: torch.device) -> Tensor:
        """Returns the crops as (n, channels, size, size) float32 in [-1, 1], converted and mirrored on the device."""
        levels, mirrored = (part.to(device, non_blocking=True) for part in (self.levels, self.mirrored))
        return to_network(torch.where(mirrored[:, None, None, None], levels.flip(2), levels))


@dataclass(frozen=True)
class Zoom:
    """How zoom-and-patch draws its zooms, U[least, 1] for each axis.

    With ``batch``, the size of the joint batch, all patches of a batch have one zoom per domain, as the paper's text
    says; without it each patch has its own. The published code means to do the former but, because its loader shuffles,
    does the latter: it made the published results and is the default.
    """

    least: float = 1 / 3
    batch: int | None = None


@dataclass(frozen=True)
class UnpairedBatches:
    """An endless sequence of unpaired batches that depends only on the pictures, the options and the seed.

    An epoch is as long as the larger folder: sources come in a new random order each epoch, each with a target drawn
    at random. With ``zoom`` an epoch is 100,000 patches, and sources are drawn at random too. There is no state to
    save: a resumed run draws what an uninterrupted one would have drawn, and processes can share a batch.
    """

    source: PictureFolder
    target: PictureFolder
    crop_size: int
    mirror: bool
    seed: int
    zoom: Zoom | None = None
    device: torch.device = CPU  # where patches are computed, if the pictures fit there

    @property
    def epoch_images(self) -> int:
        return EPOCH_PATCHES if self.zoom else max(len(self.source), len(self.target))

    def with_batch(self, batch: int) -> UnpairedBatches:
        """Returns the same sequence for joint batches of this size, which matters only for a zoom per batch."""
        if self.zoom is None or self.zoom.batch is None:
            return self
        return replace(self, zoom=replace(self.zoom, batch=batch))

    @property
    def example_size(self) -> int:
        """The side of a preview's pictures in pixels, a multiple of 4."""
        if not self.zoom:
            return self.crop_size
        smallest = min(min(picture.shape[:2]) for folder in (self.source, self.target) for picture in folder.pictures)
        return min(smallest // 4 * 4, max(self.crop_size, PREVIEW_PATCH))

    @property
    def draws_on(self) -> torch.device:
        """The device whose memory the pictures are drawn from."""
        pictures = (*self.source.pictures, *self.target.pictures)
        resident = self.zoom and sum(picture.nbytes for picture in pictures) <= RESIDENT_BYTES
        return self.device if resident else CPU

    def draw(self, first: int, count: int) -> tuple[Crops, Crops]:
        """Returns ``count`` images of the sequence from ``first`` on: crops of the source, and of the target."""
        places = [self._pair(first + index) for index in range(count)]
        return self._crops(0, [source for source, _ in places]), self._crops(1, [target for _, target in places])

    def _pair(self, index: int) -> tuple[_Place, _Place]:
        rng = np.random.default_rng((self.seed, DRAW, index))
        target = int(rng.integers(len(self.target)))
        if self.zoom:
            source = int(rng.integers(len(self.source)))
        else:
            epoch, place = divmod(index, self.epoch_images)
            source = _order(self.seed, epoch, self.epoch_images)[place] % len(self.source)
        zooms = self._zooms(index, rng)
        return self._place(0, source, zooms[0], rng), self._place(1, target, zooms[1], rng)

    def _zooms(self, index: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Returns the zooms (domain, axis) of image ``index``; domains are source and target, axes y and x."""
        if not self.zoom:
            return np.ones((2, 2))
        if self.zoom.batch is not None:
            rng = np.random.default_rng((self.seed, ZOOM, index // self.zoom.batch))
        return rng.uniform(self.zoom.least, 1, (2, 2))

    def _place(self, domain: int, chosen: int, zoom: NDArray[np.float64], rng: np.random.Generator) -> _Place:
        picture = (self.source, self.target)[domain].pictures[chosen]
        height, width = (
            max(self.crop_size, round(side * scale)) for side, scale in zip(picture.shape[:2], zoom, strict=True)
        )
        top, left = (int(rng.integers(side - self.crop_size + 1)) for side in (height, width))
        mirrored = self.mirror and bool(rng.random() < 0.5)
        return _Place(chosen, Patch(top, left, height, width, self.crop_size), mirrored)

    def _crops(self, domain: int, places: list[_Place]) -> Crops:
        pictures = [self._pictures[domain][place.picture] for place in places]
        patches = [place.patch for place in places]
        levels = zoomed_patches(pictures, patches) if self.zoom else _cut(pictures, patches)
        return Crops(levels, torch.tensor([place.mirrored for place in places]))

    @cached_property
    def _pictures(self) -> tuple[list[Tensor], list[Tensor]]:
        device = self.draws_on
        source, target = (
            [torch.from_numpy(picture).to(device) for picture in folder.pictures]
            for folder in (self.source, self.target)
        )
        return source, target


@dataclass(frozen=True)
class _Place:
    """Where one picture of a batch comes from."""

    picture: int
    patch: Patch
    mirrored: bool


def examples(folder: PictureFolder, size: int, count: int) -> Tensor:
    """Returns at most ``count`` pictures, evenly spread over the folder, cropped in the middle: (n, c, size, size)."""
    chosen = np.linspace(0, len(folder) - 1, min(count, len(folder))).astype(int)
    pictures = [torch.from_numpy(folder.pictures[index]) for index in chosen]
    sides = [(x.shape[0], x.shape[1]) for x in pictures]
    middles = [Patch((h - size) // 2, (w - size) // 2, h, w, size) for h, w in sides]
    return to_network(_cut(pictures, middles))


def to_network(levels: Tensor) -> Tensor:
    """(n, h, w, c) uint8 -> (n, c, h, w) float32, x / 127.5 - 1."""
    return levels.permute(0, 3, 1, 2).float() / 127.5 - 1


def to_pictures(tensor: Tensor) -> NDArray[np.uint8]:
    """(n, c, h, w) in [-1, 1] -> (n, h, w, c) uint8, clamped and rounded."""
    levels = ((tensor.detach().float().clamp(-1, 1) + 1) * 127.5).round().byte()
    return levels.permute(0, 2, 3, 1).cpu().numpy()


def _cut(pictures: Sequence[Tensor], patches: Sequence[Patch]) -> Tensor:
    """Returns crops (n, size, size, c) of pictures (h, w, c), without any zoom."""
    crops = zip(pictures, patches, strict=True)
    return torch.stack([x[p.top : p.top + p.size, p.left : p.left + p.size] for x, p in crops])


@lru_cache(maxsize=2)  # shuffling again for each image would cost more than the rest of its draw
def _order(seed: int, epoch: int, length: int) -> list[int]:
    return np.random.default_rng((seed, ORDER, epoch)).permutation(length).tolist()
