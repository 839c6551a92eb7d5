"""What lies under transparency: a filter must not see it, and a person must get it back."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from server.engine.transparency import fill_level, fill_rows, keep_transparent


def filled(colour: NDArray[np.float32], alpha: NDArray[np.uint8], band: int = 2) -> NDArray[np.float32]:
    """One colour plane, given to a filter as three, in bands of so many rows."""
    tensor = np.repeat(colour[None, None], 3, axis=1)
    bands = [slice(top, top + band) for top in range(0, len(alpha), band)]
    level = fill_level([(tensor[:, :, rows], alpha[rows]) for rows in bands], *alpha.shape)
    if level is not None:
        for top in range(len(alpha)):
            fill_rows(tensor[:, :, top : top + 1], alpha[top : top + 1], top, level)
    np.testing.assert_array_equal(tensor[0, 0], tensor[0, 2])
    plane: NDArray[np.float32] = tensor[0, 0]
    return plane


def filled_at_once(colour: NDArray[np.float32], weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """Pull and push over the whole picture: sums of colours over their weights, and what is unknown from above."""
    known = weight > 0
    mean = np.divide(colour, weight, out=np.zeros_like(colour), where=known)
    if known.all():
        return mean
    height, width = weight.shape
    margins = ((0, height % 2), (0, width % 2))
    sums = [np.pad(values, margins) for values in (colour, weight)]
    above = filled_at_once(*(one[::2, ::2] + one[1::2, ::2] + one[::2, 1::2] + one[1::2, 1::2] for one in sums))
    return np.where(known, mean, above.repeat(2, axis=0).repeat(2, axis=1)[:height, :width])


@pytest.mark.parametrize("size", [(1, 2), (2, 1), (5, 7), (33, 18), (64, 64), (130, 97), (257, 40)])
@pytest.mark.parametrize("visible", [0.001, 0.1, 0.9])
def test_rows_are_filled_as_the_whole_picture_is(size: tuple[int, int], visible: float) -> None:
    random = np.random.default_rng(size[0])
    colour = random.uniform(-1, 1, size).astype(np.float32)
    alpha = (random.random(size) < visible).astype(np.uint8)
    alpha[-1, -1] = 255
    shown = np.where(alpha > 0, colour, np.float32(0))
    np.testing.assert_array_equal(filled(colour, alpha, band=16), filled_at_once(shown, (alpha > 0).astype(np.float32)))


def test_hidden_colours_become_those_of_their_neighbours() -> None:
    colour = np.array([[0.5, -1, -1, 0.25], [0.5, -1, -1, 0.25]], np.float32)
    alpha = np.array([[255, 0, 0, 1], [255, 0, 0, 1]], np.uint8)
    assert filled(colour, alpha).tolist() == [[0.5, 0.5, 0.25, 0.25], [0.5, 0.5, 0.25, 0.25]]


def test_a_far_hidden_pixel_takes_the_mean_of_what_is_visible() -> None:
    colour, alpha = np.full((5, 7), -1, np.float32), np.zeros((5, 7), np.uint8)
    colour[0, 0], colour[1, 1] = 1.0, 0.5
    alpha[0, 0] = alpha[1, 1] = 7
    result = filled(colour, alpha)
    assert (result[0, 0], result[1, 1]) == (1.0, 0.5)
    assert set(np.unique(result[2:, 2:])) == {0.75}


def test_visible_colours_stay_as_they_are() -> None:
    random = np.random.default_rng(0)
    colour = random.uniform(-1, 1, (33, 18)).astype(np.float32)
    alpha = random.integers(0, 3, (33, 18)).astype(np.uint8)
    result = filled(colour, alpha)
    np.testing.assert_array_equal(result[alpha > 0], colour[alpha > 0])
    assert (np.abs(result) <= 1).all()


def test_a_picture_with_nothing_visible_stays_as_it_is() -> None:
    colour = np.full((3, 4), -0.25, np.float32)
    np.testing.assert_array_equal(filled(colour, np.zeros((3, 4), np.uint8)), colour)


def test_what_was_hidden_comes_back_as_it_was() -> None:
    alpha = np.array([[0.0, 0.5]], np.float32)
    original = np.array([[[0.1, 0.2, 0.3, 0.0], [0.4, 0.5, 0.6, 0.5]]], np.float32)
    samples = np.full((1, 2, 4), 0.9, np.float32)
    keep_transparent(samples, original, alpha)
    np.testing.assert_array_equal(samples[0, 0], original[0, 0])
    assert (samples[0, 1] == np.float32(0.9)).all()
