from __future__ import annotations

import itertools

import pytest
import torch

from training.data.channels import as_channels


@pytest.mark.parametrize(
    ("given", "channels", "expected"),
    [
        ([1.0, -1.0, -1.0], 1, [-0.402]),
        ([1.0, -1.0, -1.0, 0.5], 1, [-0.402]),
        ([1.0, -1.0, -1.0, 0.5], 2, [-0.402, 0.5]),
        ([1.0, -1.0, -1.0, 0.5], 3, [1.0, -1.0, -1.0]),
        ([0.2], 2, [0.2, 1.0]),
        ([0.2, 0.5], 1, [0.2]),
        ([0.2, 0.5], 3, [0.2, 0.2, 0.2]),
        ([0.2], 4, [0.2, 0.2, 0.2, 1.0]),
    ],
)
def test_grey_is_luma_and_alpha_is_kept_made_opaque_or_left_out(
    given: list[float], channels: int, expected: list[float]
) -> None:
    answer = as_channels(torch.tensor(given).view(1, -1, 1, 1), channels)
    assert answer.flatten().tolist() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("given", "channels"), list(itertools.product((1, 2, 3, 4), repeat=2)))
def test_any_channels_become_any_others_with_gradients(given: int, channels: int) -> None:
    pictures = torch.zeros(2, given, 3, 5, requires_grad=True)
    answer = as_channels(pictures, channels)
    assert answer.shape == (2, channels, 3, 5)
    answer.sum().backward()
    assert pictures.grad is not None
    assert pictures.grad.abs().sum() > 0
