"""What lies under transparency: a filter must not see it, and a person must get it back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from server.engine.transparency import fill_transparent, keep_transparent


def filled(colour: NDArray[np.float32], alpha: NDArray[np.uint8]) -> NDArray[np.float32]:
    """One colour plane, given to a filter as three."""
    tensor = np.repeat(colour[None, None], 3, axis=1)
    fill_transparent(tensor, alpha)
    np.testing.assert_array_equal(tensor[0, 0], tensor[0, 2])
    plane: NDArray[np.float32] = tensor[0, 0]
    return plane


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
