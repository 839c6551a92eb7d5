from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from tests.training.factories import noise
from training.data.patches import Patch, zoomed_patches


def whole_picture_zoomed(picture: torch.Tensor, patch: Patch) -> torch.Tensor:
    """The patch, (size, size, c) in levels, cut from the picture that PyTorch zoomed as a whole."""
    planes = picture.permute(2, 0, 1)[None].float()
    zoomed = functional.interpolate(planes, (patch.height, patch.width), mode="bilinear", antialias=True)
    inside = zoomed[0, :, patch.top : patch.top + patch.size, patch.left : patch.left + patch.size]
    return inside.permute(1, 2, 0)


@pytest.mark.parametrize(
    "patch",
    [
        Patch(top=0, left=0, height=100, width=120, size=32),
        Patch(top=68, left=88, height=100, width=120, size=32),
        Patch(top=3, left=11, height=37, width=71, size=32),
        Patch(top=2, left=14, height=34, width=46, size=32),
        Patch(top=0, left=0, height=32, width=32, size=32),
    ],
)
def test_a_patch_equals_the_same_part_of_the_picture_zoomed_as_a_whole(patch: Patch) -> None:
    picture = torch.from_numpy(noise(100, 120))
    (levels,) = zoomed_patches([picture], [patch])
    assert (levels - whole_picture_zoomed(picture, patch)).abs().max() <= 0.501  # rounded to whole levels


def test_patches_of_pictures_and_zooms_of_any_size_come_in_one_batch() -> None:
    pictures = [torch.from_numpy(noise(*size, channels=1)) for size in ((40, 50), (90, 33))]
    patches = [Patch(1, 2, 35, 45, 32), Patch(20, 0, 60, 32, 32)]
    together = zoomed_patches(pictures, patches)
    alone = [zoomed_patches([picture], [patch]) for picture, patch in zip(pictures, patches, strict=True)]
    assert together.shape == (2, 32, 32, 1)
    assert torch.equal(together, torch.cat(alone))


def test_an_unzoomed_patch_is_the_picture_itself() -> None:
    picture = noise(50, 60)
    (levels,) = zoomed_patches([torch.from_numpy(picture)], [Patch(7, 9, 50, 60, 32)])
    assert np.array_equal(levels.numpy(), picture[7:39, 9:41])
