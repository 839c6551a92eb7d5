from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from training.data.batches import UnpairedBatches, to_network, to_pictures
from training.data.folders import PictureFolder


def folder(levels: list[int], size: int = 8) -> PictureFolder:
    """One plain picture for each level."""
    pictures = np.broadcast_to(np.array(levels, dtype=np.uint8)[:, None, None, None], (len(levels), size, size, 3))
    return PictureFolder(Path("levels"), pictures.copy(), (), 0)


def batches(
    source: PictureFolder, target: PictureFolder, *, crop_size: int = 8, mirror: bool = False
) -> UnpairedBatches:
    return UnpairedBatches(source, target, crop_size=crop_size, mirror=mirror, seed=0)


def levels_of(pictures: torch.Tensor) -> list[int]:
    return [int(picture[0, 0, 0]) for picture in to_pictures(pictures)]


def test_an_epoch_shows_every_source_once_in_an_order_of_its_own() -> None:
    data = batches(folder([10, 20, 30, 40, 50]), folder([1, 2]))
    first, second = ([levels_of(data.draw(5 * epoch + i, 1)[0])[0] for i in range(5)] for epoch in range(2))
    assert sorted(first) == sorted(second) == [10, 20, 30, 40, 50]
    assert first != second


def test_targets_are_drawn_independently_of_sources() -> None:
    data = batches(folder([10, 20]), folder([1, 2]))
    pairs = {(levels_of(source)[0], levels_of(target)[0]) for source, target in (data.draw(i, 1) for i in range(40))}
    assert pairs == {(10, 1), (10, 2), (20, 1), (20, 2)}


def test_the_smaller_source_is_used_again() -> None:
    data = batches(folder([10]), folder([1, 2, 3]))
    assert data.epoch_images == 3
    assert levels_of(data.draw(0, 3)[0]) == [10, 10, 10]


def test_a_draw_depends_on_the_seed_and_the_images_seen_alone() -> None:
    noise = PictureFolder(Path("noise"), np.random.default_rng(0).integers(0, 256, (3, 12, 12, 3), np.uint8), (), 0)
    one, two = (batches(noise, noise, crop_size=8, mirror=True) for _ in range(2))
    one.draw(0, 2)
    assert torch.equal(one.draw(7, 2)[0], two.draw(7, 2)[0])
    assert torch.equal(two.draw(7, 2)[1][1], two.draw(8, 1)[1][0])


def test_crops_come_from_everywhere_and_mirrored_ones_too() -> None:
    ramp = np.arange(10, dtype=np.uint8)[None, :, None].repeat(10, 0).repeat(3, 2)[None]
    ramp_folder = PictureFolder(Path("ramp"), ramp, (), 0)
    data = batches(ramp_folder, ramp_folder, crop_size=8, mirror=True)
    first_rows = {tuple(to_pictures(data.draw(i, 1)[0])[0, 0, :2, 0].tolist()) for i in range(60)}
    assert first_rows == {(0, 1), (1, 2), (2, 3), (7, 6), (8, 7), (9, 8)}


def test_levels_survive_the_networks_range() -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1).repeat(3, 3)
    tensor = to_network(levels)
    assert (tensor.min().item(), tensor.max().item()) == (-1, 1)
    assert (to_pictures(tensor) == levels).all()
