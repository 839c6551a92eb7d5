from __future__ import annotations

import dataclasses

import numpy as np
import torch

from tests.training.factories import folder_of, noise
from training.data.batches import Crops, UnpairedBatches, Zoom, examples, to_network, to_pictures
from training.data.folders import PictureFolder

CPU = torch.device("cpu")


def folder(levels: list[int], size: int = 8) -> PictureFolder:
    """One plain picture for each level."""
    return folder_of(*(np.full((size, size, 3), level, np.uint8) for level in levels))


def batches(
    source: PictureFolder, target: PictureFolder, *, crop_size: int = 8, mirror: bool = False
) -> UnpairedBatches:
    return UnpairedBatches(source, target, crop_size=crop_size, mirror=mirror, seed=0)


def levels_of(crops: Crops) -> list[int]:
    return [int(levels[0, 0, 0]) for levels in crops.levels]


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
    pictures = folder_of(*(noise(12, 14, seed=seed) for seed in range(3)))
    one, two = (batches(pictures, pictures, crop_size=8, mirror=True) for _ in range(2))
    one.draw(0, 2)
    for domain in range(2):
        alone, later = one.draw(7, 2)[domain].on(CPU), two.draw(7, 2)[domain].on(CPU)
        assert torch.equal(alone, later)
        assert torch.equal(later[1:], two.draw(8, 1)[domain].on(CPU))


def test_crops_come_from_everywhere_and_mirrored_ones_too() -> None:
    ramp = np.arange(10, dtype=np.uint8)[None, :, None].repeat(10, 0).repeat(3, 2)
    data = batches(folder_of(ramp), folder_of(ramp), crop_size=8, mirror=True)
    first_rows = {tuple(to_pictures(data.draw(i, 1)[0].on(CPU))[0, 0, :2, 0].tolist()) for i in range(60)}
    assert first_rows == {(0, 1), (1, 2), (2, 3), (7, 6), (8, 7), (9, 8)}


def test_levels_survive_the_networks_range() -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1).repeat(3, 3)
    tensor = to_network(torch.from_numpy(levels))
    assert (tensor.min().item(), tensor.max().item()) == (-1, 1)
    assert (to_pictures(tensor) == levels).all()


def test_crops_of_wide_and_tall_pictures_reach_every_edge() -> None:
    wide, tall = noise(8, 12), noise(11, 8)
    data = batches(folder_of(wide), folder_of(tall))
    draws = [data.draw(i, 1) for i in range(60)]
    assert {crops.levels.numpy().tobytes() for crops, _ in draws} == {wide[:, x : x + 8].tobytes() for x in range(5)}
    assert {crops.levels.numpy().tobytes() for _, crops in draws} == {tall[y : y + 8].tobytes() for y in range(4)}


def patch_batches(**options: object) -> UnpairedBatches:
    source, target = folder_of(noise(40, 60)), folder_of(noise(50, 40, seed=1), noise(30, 90, seed=2))
    data = batches(source, target, crop_size=16)
    return dataclasses.replace(data, **{"zoom": Zoom(), **options})  # type: ignore[arg-type]


def test_an_epoch_of_patches_is_a_hundred_thousand() -> None:
    assert patch_batches().epoch_images == 100_000


def test_patches_depend_on_the_seed_and_the_images_seen_alone() -> None:
    whole = patch_batches().draw(4, 4)
    for domain in range(2):
        shares = [patch_batches().draw(first, 2)[domain].levels for first in (4, 6)]
        assert torch.equal(torch.cat(shares), whole[domain].levels)
    assert whole[0].levels.shape == (4, 16, 16, 3)


def zooms(data: UnpairedBatches, images: range) -> list[tuple[int, ...]]:
    """Sizes to which the source picture was zoomed."""
    patches = [data._pair(index)[0].patch for index in images]
    return [(patch.height, patch.width) for patch in patches]


def test_zooms_lie_between_the_least_and_one_and_are_independent_for_each_axis() -> None:
    drawn = np.array(zooms(patch_batches(), range(400))) / (40, 60)
    assert drawn.max() <= 1
    assert drawn.min(0).round(2).tolist() == [16 / 40, 0.33]  # no smaller than the patch
    assert abs(np.corrcoef(drawn[:, 0], drawn[:, 1])).min() < 0.15


def test_patches_of_a_batch_share_a_zoom_where_asked() -> None:
    shared = zooms(patch_batches(zoom=Zoom(batch=4)), range(8))
    assert len(set(shared[:4])) == len(set(shared[4:])) == 1 != len(set(shared))
    assert len(set(zooms(patch_batches(), range(8)))) == 8


def test_examples_are_the_middles_of_pictures_spread_over_the_folder() -> None:
    pictures = [noise(10, 14, seed=seed) for seed in range(5)]
    shown = to_pictures(examples(folder_of(*pictures), 8, 3))
    assert (shown == np.stack([picture[1:9, 3:11] for picture in pictures[::2]])).all()


def test_examples_of_patches_are_larger_than_the_patches() -> None:
    assert patch_batches().example_size == 28
