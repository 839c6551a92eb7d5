from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.training.known import fill
from training.networks.patchgan import PatchGAN
from training.networks.projection import ProjectionHead
from training.networks.resnet import ResnetBlock, ResnetGenerator


def test_default_taps_are_the_papers_for_nine_blocks() -> None:
    assert ResnetGenerator(width=1).default_taps() == (0, 4, 8, 12, 16)


def test_default_taps_stay_inside_a_small_generator() -> None:
    assert ResnetGenerator(width=1, blocks=1).default_taps() == (0, 4, 8, 12)


@pytest.mark.parametrize("antialias_up", [True, False])
def test_default_taps_name_the_same_features_without_antialiasing(antialias_up: bool) -> None:
    generator = ResnetGenerator(width=1, antialias=False, antialias_up=antialias_up)
    layers, taps = generator.layers(), generator.default_taps()
    kinds = [nn.ReflectionPad2d, nn.Conv2d, nn.Conv2d, ResnetBlock, ResnetBlock]
    assert [type(layers[tap]) for tap in taps] == kinds
    assert generator.tap_channels(taps) == [3, 2, 4, 4, 4]
    assert taps[-1] - taps[-2] == 4


def positions(network: nn.Module) -> list[str]:
    """Where the layers with weights are, without the blocks' own."""
    names = [name for name, _ in network.named_parameters() if name.endswith("weight")]
    return [name.split(".")[1] for name in names if "conv_block" not in name]


def test_without_antialiasing_the_layout_is_cyclegans() -> None:
    generator = ResnetGenerator(width=2, antialias=False, antialias_up=False)
    shapes = {name: tuple(value.shape) for name, value in generator.state_dict().items()}
    assert positions(generator) == ["1", "4", "7", "19", "22", "26"]
    assert shapes["model.18.conv_block.5.weight"] == (8, 8, 3, 3)
    assert shapes["model.19.weight"] == (8, 4, 3, 3)
    assert generator(torch.zeros(1, 3, 32, 24)).shape == (1, 3, 32, 24)


def test_dropout_is_active_in_training_only_and_moves_the_second_convolution() -> None:
    generator, picture = ResnetGenerator(width=2, blocks=1, dropout=True), torch.rand(1, 3, 32, 32)
    fill(generator)
    assert "model.12.conv_block.6.weight" in generator.state_dict()
    assert not torch.equal(generator(picture), generator(picture))
    assert torch.equal(generator.exportable()(picture), generator.eval()(picture))


@pytest.mark.parametrize("antialias", [True, False])
def test_networks_take_any_number_of_channels(antialias: bool) -> None:
    generator = ResnetGenerator(channels_in=1, channels_out=4, width=2, blocks=1, antialias=antialias)
    assert generator(torch.zeros(1, 1, 32, 32)).shape == (1, 4, 32, 32)
    assert generator.tap_channels(generator.default_taps())[0] == 1
    assert PatchGAN(channels=4, width=2, antialias=antialias)(torch.zeros(1, 4, 64, 64)).shape == (1, 1, 6, 6)


def test_discriminator_without_antialiasing_sees_seventy_pixels() -> None:
    network = PatchGAN(width=1, antialias=False)
    assert positions(network) == ["0", "2", "5", "8", "11"]
    picture = torch.rand(1, 3, 256, 256, requires_grad=True)
    layers = [layer for layer in network.model if isinstance(layer, nn.Conv2d)]
    for layer in layers:  # without the norms, which see everything
        nn.init.ones_(layer.weight)
    nn.Sequential(*layers)(picture)[0, 0, 15, 15].backward()
    assert picture.grad is not None
    assert picture.grad[0, 0].any(dim=0).sum() == picture.grad[0, 0].any(dim=1).sum() == 70


def test_the_generator_compiles_into_one_graph() -> None:
    generator = ResnetGenerator(width=1, blocks=1)
    compiled = torch.compile(lambda x: generator.translate(x, (0, 4)), fullgraph=True, backend="aot_eager")
    assert compiled(torch.zeros(1, 3, 32, 32))[0].shape == (1, 3, 32, 32)


def test_making_an_exportable_copy_leaves_the_generator_in_training() -> None:
    generator = ResnetGenerator(width=1, blocks=1)
    assert not generator.exportable().training
    assert generator.training


def test_translating_pass_yields_the_features_that_encoding_yields() -> None:
    generator, picture = ResnetGenerator(width=4, blocks=3), torch.rand(2, 3, 32, 32)
    taps = generator.default_taps()
    output, features = generator.translate(picture, taps)
    assert torch.equal(output, generator(picture))
    assert all(map(torch.equal, features, generator.encode(picture, taps)))


def test_tap_channels_are_those_of_the_features() -> None:
    generator = ResnetGenerator(width=4, blocks=3)
    taps = generator.default_taps()
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
