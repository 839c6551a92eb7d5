from __future__ import annotations

import pytest
import torch

from training.networks.resample import BlurDown, BlurUp
from training.networks.resnet import ResnetGenerator


def test_blur_down_gives_the_known_values() -> None:
    picture = torch.arange(16.0).view(1, 1, 4, 4)
    assert BlurDown(1)(picture)[0, 0].tolist() == [[2.5, 4.0], [8.5, 10.0]]


def test_blur_up_gives_the_known_values() -> None:
    picture = torch.tensor([[[[0.0, 1.0], [4.0, 5.0]]]])
    rows = BlurUp()(picture)[0, 0]
    assert rows[0].tolist() == [0, 0.25, 0.75, 1]
    assert rows[1].tolist() == [1, 1.25, 1.75, 2]
    assert rows[3].tolist() == [4, 4.25, 4.75, 5]


def test_resampling_kernels_are_not_weights() -> None:
    assert BlurDown(3).state_dict() == {}


@pytest.mark.parametrize(("size", "expected"), [((62, 63), (64, 64)), ((65, 66), (68, 68)), ((16, 16), (16, 16))])
def test_generator_rounds_sizes_up_to_a_multiple_of_four(size: tuple[int, int], expected: tuple[int, int]) -> None:
    generator = ResnetGenerator(width=2, blocks=1)
    assert generator(torch.zeros(1, 3, *size)).shape == (1, 3, *expected)
