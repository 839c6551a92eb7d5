from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.training.known import fill, picture
from tests.training.test_known_values import assert_known, parameters
from training.networks.equalised import Noise
from training.networks.stylegan2 import StyleGAN2Discriminator, StyleGAN2Generator, generator_channels


def small(**options: Any) -> StyleGAN2Generator:
    """A filled generator of 4 and 8 channels."""
    network = StyleGAN2Generator(**{"width": 1, "crop_size": 128, "blocks": 4, **options})
    fill(network, scaled=False)
    return network


def test_networks_have_the_published_number_of_parameters() -> None:
    assert parameters(StyleGAN2Generator()) == 3_068_404
    assert parameters(StyleGAN2Discriminator()) == 5_885_473
    assert sum(value.numel() for value in StyleGAN2Generator(blocks=2).state_dict().values()) == 1_223_924


def test_second_tap_is_the_published_feature() -> None:
    network = StyleGAN2Generator()
    fill(network, scaled=False)
    (tap,) = network.encode(picture(7), (2,))
    assert_known(tap, 0.086844, 0.234999, [-0.20671, -0.10888, -0.04608], [-0.29048, -0.19223, -0.19925])


def test_parameters_have_the_published_names_and_shapes() -> None:
    shapes = {name: tuple(value.shape) for name, value in StyleGAN2Generator().state_dict().items()}
    assert shapes["encoder.convs.1.0.weight"] == (80, 3, 1, 1)
    assert shapes["encoder.convs.2.conv2.1.weight"] == (160, 80, 3, 3)
    assert shapes["encoder.convs.2.skip.1.weight"] == (160, 80, 1, 1)
    assert shapes["encoder.convs.5.conv2.1.bias"] == (1, 160, 1, 1)
    assert shapes["decoder.convs.3.conv.weight"] == (1, 80, 160, 3, 3)
    assert shapes["decoder.convs.3.noise.weight"] == (1,)
    assert shapes["decoder.convs.3.activate.bias"] == (1, 80, 1, 1)
    assert shapes["decoder.convs.4.1.bias"] == (1, 3, 1, 1)
    assert not any(name.endswith("kernel") for name in shapes)


@pytest.mark.parametrize(
    ("width", "crop_size", "halvings", "expected"),
    [(10, 64, 1, [80, 160]), (64, 64, 1, [512, 512]), (10, 256, 2, [20, 40, 80])],
)
def test_channels_follow_from_width_and_size(width: int, crop_size: int, halvings: int, expected: list[int]) -> None:
    assert generator_channels(width, crop_size, halvings) == expected


def test_default_taps_are_those_that_the_encoder_has() -> None:
    assert StyleGAN2Generator(width=1).default_taps() == (0, 2, 4)
    assert StyleGAN2Generator(width=1, blocks=2).default_taps() == (0, 2)


def test_translating_pass_yields_the_features_that_encoding_yields() -> None:
    network, taps = small().eval(), (0, 2, 3)
    output, features = network.translate(picture(3), taps)
    assert torch.equal(output, network(picture(3)))
    assert all(map(torch.equal, features, network.encode(picture(3), taps)))
    assert network.tap_channels(taps) == [feature.shape[1] for feature in features]


def test_noise_is_injected_in_training_only_and_never_into_the_small_network() -> None:
    def is_random(network: StyleGAN2Generator) -> bool:
        for module in network.modules():
            if isinstance(module, Noise):
                nn.init.ones_(module.weight)
        return not torch.equal(network(picture(3)), network(picture(3)))

    assert is_random(small())
    assert not is_random(small().eval())
    assert not is_random(small(blocks=2))


def test_what_is_exported_is_the_network_without_noise_inside_the_range() -> None:
    network = small(halvings=2)
    exported = network.exportable()
    bright = 10 * picture(3)
    expected = network.eval()(bright).clamp(-1, 1)
    assert expected.abs().max() == 1
    torch.testing.assert_close(exported(bright), expected, atol=1e-5, rtol=0)


def test_exporting_leaves_the_network_as_it_was() -> None:
    network = small()
    before = copy.deepcopy(network.state_dict())
    network.exportable()
    assert network.training
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_networks_take_any_number_of_channels() -> None:
    assert small(channels_in=1, channels_out=4)(picture(3)[:, :1]).shape == (1, 4, 64, 64)
    assert StyleGAN2Discriminator(channels=1, width=1, crop_size=16)(torch.zeros(2, 1, 16, 16)).shape == (2, 1)


def test_a_crop_that_cannot_be_halved_down_to_four_is_refused() -> None:
    with pytest.raises(ValueError, match="crop_size is 96, but must be a power of two"):
        StyleGAN2Discriminator(crop_size=96)


def r1(network: nn.Module, pictures: Tensor) -> Tensor:
    gradient = torch.func.grad(lambda x: network(x).sum())(pictures)
    return gradient.square().sum(dim=(1, 2, 3)).mean()


def test_the_gradient_penalty_has_the_slope_of_a_difference() -> None:
    """Along a random direction of all parameters, in double precision."""
    torch.manual_seed(0)
    network = StyleGAN2Discriminator(width=1, crop_size=16).double()
    pictures = picture(3, 16, 16).double()
    penalty = r1(network, pictures)
    gradients = torch.autograd.grad(penalty, list(network.parameters()), allow_unused=True)
    directions = [torch.randn_like(parameter) for parameter in network.parameters()]
    slope = sum(
        (gradient * direction).sum().item()
        for gradient, direction in zip(gradients, directions, strict=True)
        if gradient is not None
    )

    def penalty_at(distance: float) -> float:
        moved = copy.deepcopy(network)
        with torch.no_grad():
            for parameter, direction in zip(moved.parameters(), directions, strict=True):
                parameter.add_(distance * direction)
        return r1(moved, pictures).item()

    assert (penalty_at(1e-7) - penalty_at(-1e-7)) / 2e-7 == pytest.approx(slope, rel=1e-3)


def test_the_gradient_penalty_can_be_compiled_and_stays_the_same() -> None:
    torch.manual_seed(0)
    network = StyleGAN2Discriminator(width=1, crop_size=16)
    values = [
        torch.autograd.grad(penalty(network, picture(3, 16, 16)), list(network.convs.parameters()))
        for penalty in (r1, torch.compile(r1, fullgraph=True, backend="aot_eager"))
    ]
    for eager, compiled in zip(*values, strict=True):
        torch.testing.assert_close(compiled, eager)


def test_the_generator_compiles_into_one_graph() -> None:
    network = small()
    compiled = torch.compile(lambda x: network.translate(x, (0, 2)), fullgraph=True, backend="aot_eager")
    output, features = compiled(picture(3))
    assert output.shape == (1, 3, 64, 64)
    assert len(features) == 2


def test_mixed_precision_keeps_the_lower_precision_through_the_network() -> None:
    with torch.autocast("cpu", torch.bfloat16):
        _, features = small().translate(picture(3), (1, 2, 3))
    assert {feature.dtype for feature in features} == {torch.bfloat16}


def test_features_stay_in_channels_last() -> None:
    network = small()
    for parameter in network.parameters():
        if parameter.dim() == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    features = network.encode(picture(3).contiguous(memory_format=torch.channels_last), range(len(network.layers())))
    assert all(feature.is_contiguous(memory_format=torch.channels_last) for feature in features)
