"""The sliced Wasserstein distance between patches of two sets of pictures (Karras et al. 2018, section 5).

Patches of 7 x 7 pixels are drawn from every level of the pictures' Laplacian pyramids, and the two sets of patches are
compared along random directions by the Wasserstein distance in one dimension. This needs no network, and only one
picture in each set.

Each colour channel is divided by the standard deviation that is pooled over both sets. The paper's program normalises
each set by its own mean and deviation, which hides a colour cast or a lack of contrast; here they count.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from training.metrics.pyramid import SMALLEST_SIDE, laplacian_pyramid, possible_levels
from training.metrics.values import Picture, Pictures, as_tensor

PATCH = 7
PATCHES = 16384  # of one set at one level, which take 10 MB
MOST_LEVELS = 5  # from 256 down to 16, the levels of the paper at this project's usual size
DIRECTIONS = 512
_AT_ONCE = 128  # directions that are projected on together, which takes 8 MB for a set
_ROUNDING = 2 / 255 / 12**0.5  # the standard deviation of 8-bit rounding, in [-1, 1]
_CPU = torch.device("cpu")


@dataclass(frozen=True)
class Distance:
    """The distance between two sets of pictures: symmetric, and 0 for equal sets.

    ``levels``: in thousandths of a standard deviation, the finest detail first, each level at half the resolution of
    the one before; the last holds the colours and the coarse forms.
    """

    levels: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The mean over the levels."""
        return sum(self.levels) / len(self.levels)


@dataclass(frozen=True)
class PatchSet:
    """A set of pictures, prepared for comparison: patches (n, 3, 7, 7) in [-1, 1] of each level."""

    levels: tuple[Tensor, ...]
    patches: int
    seed: int

    @property
    def device(self) -> torch.device:
        return self.levels[0].device


def patch_sliced_wasserstein(
    real: Pictures | PatchSet,
    generated: Pictures | PatchSet,
    *,
    seed: int = 0,
    directions: int = DIRECTIONS,
    device: torch.device = _CPU,
) -> Distance:
    """Returns the distance between two sets of pictures of any sizes, of the kinds that ``as_tensor`` accepts.

    Two sets of pictures are compared at the levels that all of them have, five at most. When a set is compared with a
    prepared one, its patches are drawn in the same way, with the same seed and on the same device. Raises ValueError
    for an empty set, for a picture of less than 16 pixels a side or too small for the prepared set, and for prepared
    sets that differ in levels.
    """
    if not isinstance(real, PatchSet) and not isinstance(generated, PatchSet):
        levels = min(_common_levels(real), _common_levels(generated))
        real = prepare_patches(real, levels=levels, seed=seed, device=device)
    if not isinstance(generated, PatchSet):
        assert isinstance(real, PatchSet)
        generated = _prepare_like(real, generated)
    if not isinstance(real, PatchSet):
        real = _prepare_like(generated, real)
    if len(real.levels) != len(generated.levels):
        raise ValueError(f"one set has {len(real.levels)} levels and the other {len(generated.levels)}")
    distances = []
    for pair in zip(real.levels, generated.levels, strict=True):
        a, b = _normalised(*pair)
        distances.append(1000 * sliced_wasserstein(a, b, directions=directions, seed=seed))
    return Distance(tuple(distances))


def prepare_patches(
    pictures: Pictures,
    *,
    levels: int | None = None,
    patches: int = PATCHES,
    seed: int = 0,
    device: torch.device = _CPU,
) -> PatchSet:
    """Draws ``patches`` patches at each level, equally many from every picture, for use in many comparisons.

    ``levels`` is by default the number that all pictures have, five at most. Each picture is taken from ``pictures``
    three times, and only one is held at a time, so a lazy sequence saves memory. Raises ValueError for an empty set, or
    for pictures that are too small.
    """
    possible = _common_levels(pictures)
    levels = possible if levels is None else levels
    if not 1 <= levels <= possible:
        raise ValueError(f"there are {possible} levels in the smallest of the pictures, not {levels}")
    share = max(1, patches // len(pictures))
    drawn: list[list[Tensor]] = [[] for _ in range(levels)]
    for place, index in enumerate(_in_own_order(pictures)):
        picture = as_tensor(pictures[index], device)
        for level, detail in enumerate(laplacian_pyramid(picture, levels)):
            drawn[level].append(_draw(detail, share, (seed, place, level)))
    return PatchSet(tuple(torch.cat(level) for level in drawn), patches, seed)


def sliced_wasserstein(a: Tensor, b: Tensor, *, directions: int, seed: int) -> float:
    """Returns the Wasserstein-1 distance of points (n, d) and (m, d) projected on random unit vectors, averaged over
    these vectors."""
    random = torch.Generator().manual_seed(seed)
    vectors = F.normalize(torch.randn(directions, a.shape[1], generator=random)).to(a.device)
    parts = [wasserstein(some @ a.T, some @ b.T).double() for some in vectors.split(_AT_ONCE)]
    return float(torch.cat(parts).mean())


def wasserstein(a: Tensor, b: Tensor) -> Tensor:
    """Returns the exact Wasserstein-1 distances (d,) of the rows of (d, n) and (d, m) as distributions on a line.

    It is the area between the two quantile functions, which are steps of widths 1 / n and 1 / m.
    """
    a, b = _sorted(a), _sorted(b)
    n, m = a.shape[1], b.shape[1]
    if n == m:
        return (a - b).abs().mean(dim=1)
    ends = np.union1d(np.arange(1, n + 1) * m, np.arange(1, m + 1) * n)  # where a step ends, in units of 1 / (n m)
    widths = torch.from_numpy(np.diff(ends, prepend=0) / (n * m)).to(a)
    of_a, of_b = (torch.from_numpy((ends - 1) // other).to(a.device) for other in (m, n))
    return (a[:, of_a] - b[:, of_b]).abs() @ widths


def _sorted(rows: Tensor) -> Tensor:
    """Sorts each row; on a CPU by numpy, which is four times as fast as PyTorch."""
    return torch.from_numpy(np.sort(rows.numpy())) if rows.device.type == "cpu" else rows.sort().values


def _prepare_like(prepared: PatchSet, pictures: Pictures) -> PatchSet:
    return prepare_patches(
        pictures, levels=len(prepared.levels), patches=prepared.patches, seed=prepared.seed, device=prepared.device
    )


def _common_levels(pictures: Pictures) -> int:
    if len(pictures) == 0:
        raise ValueError("there are no pictures to draw patches from")
    levels = min(possible_levels(*_size(pictures[index])) for index in range(len(pictures)))
    if levels == 0:
        raise ValueError(f"every picture must have at least {SMALLEST_SIDE} pixels on each side")
    return min(levels, MOST_LEVELS)


def _size(picture: Picture) -> tuple[int, int]:
    height, width = picture.shape[:2] if isinstance(picture, np.ndarray) else picture.shape[1:]
    return int(height), int(width)


def _in_own_order(pictures: Pictures) -> list[int]:
    """Returns the indices in an order that depends on the pictures alone.

    A picture's place in it decides where its patches lie, so that the order of the set itself does not matter.
    """
    cells = [F.adaptive_avg_pool2d(as_tensor(pictures[index], _CPU), 4) for index in range(len(pictures))]
    return sorted(range(len(pictures)), key=lambda index: cells[index].flatten().tolist())


def _draw(picture: Tensor, count: int, seeds: tuple[int, ...]) -> Tensor:
    """Draws ``count`` different patches of (3, h, w), or all there are: (k, 3, 7, 7)."""
    height, width = (length - PATCH + 1 for length in picture.shape[1:])
    random = np.random.default_rng(seeds)
    places = random.choice(height * width, min(count, height * width), replace=False, shuffle=False)
    y, x = (torch.from_numpy(part).to(picture.device) for part in np.divmod(places, width))
    steps = torch.arange(PATCH, device=picture.device)
    rows, columns = y[:, None, None] + steps[:, None], x[:, None, None] + steps  # (k, 7, 1), (k, 1, 7)
    return picture[:, rows, columns].transpose(0, 1)


def _normalised(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """(n, 3, 7, 7) and (m, 3, 7, 7) -> (n, 147) and (m, 147); differences of mere rounding are not enlarged."""
    variances = [patches.var(dim=(0, 2, 3), keepdim=True, unbiased=False) for patches in (a, b)]
    deviation = (sum(variances, torch.zeros_like(variances[0])) / 2).sqrt().clamp_min(_ROUNDING)
    return (a / deviation).flatten(1), (b / deviation).flatten(1)
