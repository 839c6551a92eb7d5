from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tests.training.factories import gradient
from training.metrics import Distance, gradient_correlation, patch_sliced_wasserstein, prepare_patches
from training.metrics.pyramid import laplacian_pyramid, possible_levels
from training.metrics.values import Pictures
from training.metrics.wasserstein import sliced_wasserstein, wasserstein

Pixels = NDArray[np.uint8]


def scene(seed: int = 0, height: int = 48, width: int = 64) -> Pixels:
    """An RGB picture of soft blobs under fine grain."""
    random = np.random.default_rng(seed)
    coarse = random.uniform(0, 255, (height // 8, width // 8, 3)).repeat(8, axis=0).repeat(8, axis=1)
    return np.clip(coarse + random.normal(0, 12, coarse.shape), 0, 255).astype(np.uint8)


def distance(real: Pictures, generated: Pictures, seed: int = 0) -> Distance:
    return patch_sliced_wasserstein(real, generated, seed=seed, directions=64)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ([3, 0, 1], [5, 8, 6], 5),
        ([0, 1], [0, 1, 2], 0.5),  # by thirds and halves: 0 + 1/6 + 0 + 1/3
        ([0], [-1, 1], 1),
    ],
)
def test_the_distance_on_a_line_is_the_one_computed_by_hand(a: list[int], b: list[int], expected: float) -> None:
    rows = [torch.tensor([points], dtype=torch.float32) for points in (a, b)]
    assert wasserstein(*rows).item() == pytest.approx(expected)
    assert wasserstein(*reversed(rows)).item() == pytest.approx(expected)


def test_points_moved_along_one_axis_are_as_far_as_its_mean_share_of_a_direction() -> None:
    points = torch.randn(50, 2, generator=torch.Generator().manual_seed(3))
    moved = points + torch.tensor([3.0, 0.0])
    # The mean of |cos| over the circle is 2 / pi.
    assert sliced_wasserstein(points, moved, directions=4096, seed=0) == pytest.approx(3 * 2 / np.pi, rel=0.02)


def test_a_set_is_at_no_distance_from_itself() -> None:
    pictures = [scene(0), scene(1)]
    assert distance(pictures, pictures) == Distance((0.0, 0.0))


def test_the_distance_is_symmetric_also_between_sets_of_different_sizes() -> None:
    a, b = [scene(0)], [scene(1, 80, 40), scene(2), scene(3)]
    assert distance(a, b).levels == pytest.approx(distance(b, a).levels)


def test_a_detour_is_never_shorter() -> None:
    a, b, c = [scene(0)], [scene(1, 80, 64)], [np.asarray(gradient(64, 48))]
    direct, first, second = distance(a, c), distance(a, b), distance(b, c)
    for straight, *around in zip(direct.levels, first.levels, second.levels, strict=True):
        assert straight <= sum(around)


def test_the_distance_falls_as_a_picture_comes_closer() -> None:
    target, start = scene(0).astype(float), np.random.default_rng(1).uniform(0, 255, (48, 64, 3))
    blends = [(share * target + (1 - share) * start).round().astype(np.uint8) for share in (0, 0.25, 0.5, 0.75, 1)]
    distances = [distance([scene(0)], [blend]).mean for blend in blends]
    assert sorted(distances, reverse=True) == distances
    assert distances[-1] == 0


def test_the_order_of_pictures_does_not_matter() -> None:
    pictures = [scene(seed) for seed in range(4)]
    forwards, backwards = distance([scene(9)], pictures), distance([scene(9)], pictures[::-1])
    assert forwards.levels == pytest.approx(backwards.levels, rel=1e-5)


def test_a_seed_repeats_a_distance_and_another_seed_gives_another() -> None:
    a, b = [scene(0)], [scene(1)]
    state = torch.get_rng_state()
    assert distance(a, b, seed=1) == distance(a, b, seed=1) != distance(a, b, seed=2)
    assert torch.equal(torch.get_rng_state(), state)


def test_bytes_and_network_values_are_the_same_pictures() -> None:
    tensors = [torch.from_numpy(scene(seed)).permute(2, 0, 1) / 127.5 - 1 for seed in (1, 2)]
    as_bytes, as_values = distance([scene(0)], [scene(1), scene(2)]), distance([scene(0)], torch.stack(tensors))
    assert as_bytes.levels == pytest.approx(as_values.levels, rel=1e-4)


def test_a_prepared_side_gives_the_same_distance_on_either_side() -> None:
    real, generated = [scene(0), scene(1)], [scene(2, 72, 72)]
    prepared = prepare_patches(real)
    expected = distance(real, generated)
    assert patch_sliced_wasserstein(prepared, generated, directions=64) == expected
    assert patch_sliced_wasserstein(generated, prepared, directions=64).levels == pytest.approx(expected.levels)


def test_the_number_of_patches_is_capped_and_shared_between_pictures() -> None:
    prepared = prepare_patches([scene(0), scene(1, 16, 16), scene(2)], patches=600)
    assert [tuple(level.shape) for level in prepared.levels] == [
        (200 + 100 + 200, 3, 7, 7)
    ]  # 10 x 10 places in the small


def test_a_level_answers_for_its_own_scale() -> None:
    picture = scene(0, 64, 64)
    grainy = np.clip(picture + np.random.default_rng(5).normal(0, 30, picture.shape), 0, 255).astype(np.uint8)
    noise = distance([picture], [grainy])
    assert noise.levels[0] > 3 * noise.levels[-1]


def test_a_colour_cast_shows_in_the_coarsest_level_only() -> None:
    picture = scene(0) // 2 + 40
    *details, coarsest = distance([picture], [picture + np.array([60, 0, 0], np.uint8)]).levels
    assert coarsest > 100
    assert max(details) < 1


def test_too_little_contrast_counts() -> None:
    assert min(distance([scene(0)], [scene(0) // 2 + 64]).levels) > 100


def test_rounding_noise_of_flat_pictures_is_not_blown_up() -> None:
    flat = np.full((32, 32, 3), 100, np.uint8)
    dithered = flat + (np.indices((32, 32)).sum(axis=0) % 2)[..., None].astype(np.uint8)
    assert distance([flat], [flat]).mean < 1
    assert distance([flat], [dithered]).levels[0] > 100


@pytest.mark.parametrize(("size", "levels"), [((15, 400), 0), ((16, 16), 1), ((31, 31), 2), ((256, 300), 5)])
def test_a_picture_has_levels_down_to_sixteen_pixels(size: tuple[int, int], levels: int) -> None:
    assert possible_levels(*size) == levels


def test_a_flat_picture_has_no_detail_at_any_scale() -> None:
    *details, low = laplacian_pyramid(torch.full((3, 37, 50), 0.5), 3)
    assert [tuple(level.shape) for level in (*details, low)] == [(3, 37, 50), (3, 19, 25), (3, 10, 13)]
    for detail in details:
        assert detail[:, 2:-2, 2:-2].abs().max() < 1e-6
    assert low.sub(0.5).abs().max() < 1e-6


@pytest.mark.parametrize(
    ("pictures", "said"),
    [
        ([], "no pictures"),
        ([np.zeros((15, 40, 3), np.uint8)], "at least 16 pixels"),
        ([np.zeros((40, 40), np.uint8)], "an array"),
        ([np.zeros((40, 40, 3), np.int64)], "uint8 or float"),
    ],
)
def test_what_has_no_patches_is_refused(pictures: Pictures, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        distance(pictures, pictures)


def test_a_picture_too_small_for_the_prepared_side_is_refused() -> None:
    with pytest.raises(ValueError, match="1 levels in the smallest of the pictures, not 2"):
        patch_sliced_wasserstein(prepare_patches([scene(0)]), [scene(1, 16, 16)])


def test_gradients_agree_whatever_the_brightness_and_contrast() -> None:
    picture = torch.rand(3, 20, 30, generator=torch.Generator().manual_seed(1)) * 2 - 1
    assert gradient_correlation(picture, picture * 0.3 + 0.2) == pytest.approx(1)
    assert gradient_correlation(picture, -picture) == pytest.approx(-1)


def test_unrelated_and_flat_pictures_have_no_gradients_in_common() -> None:
    a, b = (torch.rand(3, 200, 200, generator=torch.Generator().manual_seed(seed)) for seed in (1, 2))
    assert abs(gradient_correlation(a, b)) < 0.05
    assert gradient_correlation(a, torch.zeros(3, 200, 200)) == 0


def test_slopes_at_an_angle_agree_by_its_cosine() -> None:
    y, x = torch.meshgrid(torch.linspace(-1, 1, 9), torch.linspace(-1, 1, 9), indexing="ij")
    slopes = [level.expand(3, 9, 9) for level in (x, (x + 3**0.5 * y) / 2)]  # 60 degrees apart
    assert gradient_correlation(*slopes) == pytest.approx(0.5)


def test_gradients_of_different_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="different sizes"):
        gradient_correlation(scene(0), scene(0, 40, 40))
