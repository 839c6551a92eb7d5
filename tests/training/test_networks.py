from __future__ import annotations

import torch

from tests.training.known import fill
from training.networks.patchgan import PatchGAN
from training.networks.projection import ProjectionHead
from training.networks.resnet import ResnetGenerator, default_taps


def test_default_taps_are_the_papers_for_nine_blocks() -> None:
    assert default_taps(9) == (0, 4, 8, 12, 16)


def test_default_taps_stay_inside_a_small_generator() -> None:
    assert default_taps(1) == (0, 4, 8, 12)


def test_translating_pass_yields_the_features_that_encoding_yields() -> None:
    generator, picture, taps = ResnetGenerator(width=4, blocks=3), torch.rand(2, 3, 32, 32), default_taps(3)
    output, features = generator.translate(picture, taps)
    assert torch.equal(output, generator(picture))
    assert all(map(torch.equal, features, generator.encode(picture, taps)))


def test_tap_channels_are_those_of_the_features() -> None:
    generator, taps = ResnetGenerator(width=4, blocks=3), default_taps(3)
    features = generator.encode(torch.zeros(1, 3, 32, 32), taps)
    assert generator.tap_channels(taps) == [feature.shape[1] for feature in features]


def test_convolutions_start_as_xavier_with_gain_0_02_and_zero_bias() -> None:
    torch.manual_seed(0)
    state = ResnetGenerator().state_dict()
    expected = 0.02 * (2 / (512 * 9)) ** 0.5
    assert abs(state["model.12.conv_block.1.weight"].std().item() / expected - 1) < 0.01
    assert not state["model.12.conv_block.1.bias"].any()


def test_discriminator_judges_a_grid_of_patches() -> None:
    assert PatchGAN(width=4)(torch.zeros(2, 3, 256, 256)).shape == (2, 1, 30, 30)


def test_projection_head_gives_unit_vectors_at_the_asked_positions() -> None:
    head = ProjectionHead([3, 5], width=7)
    fill(head)
    features = [torch.rand(2, 3, 4, 4), torch.rand(2, 5, 2, 2)]
    first, second = head(features, [torch.tensor([0, 15, 3]), torch.tensor([1])])
    assert first.shape == (2, 3, 7)
    assert second.shape == (2, 1, 7)
    alone = head(features, [torch.tensor([15]), torch.tensor([1])])[0]
    assert torch.allclose(alone[:, 0], first[:, 1])
    norms = [vector.norm(dim=-1) for vector in (first, second)]
    assert all(torch.allclose(norm, torch.ones_like(norm)) for norm in norms)
