"""The published code's numbers (CPU, fp32): outputs to 1e-4, losses to 1e-5 relative, gradient norms to 1e-3."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.benchmarks.training_step import Published
from tests.training.known import fill, picture
from training.config import FitConfig
from training.losses import lsgan, nonsaturating, patch_nce
from training.methods.cut.step import Cut
from training.methods.registry import preset_config
from training.networks.patchgan import PatchGAN
from training.networks.projection import ProjectionHead
from training.networks.resnet import ResnetGenerator
from training.running.schedule import LinearDecay


def assert_known(value: Tensor, mean: float, std: float, first: list[float], last: list[float]) -> None:
    flat = value.detach().flatten()
    seen = [flat.mean().item(), flat.std().item(), *flat[:3].tolist(), *flat[-3:].tolist()]
    assert seen == pytest.approx([mean, std, *first, *last], abs=1e-4)


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.fixture(scope="module")
def generator() -> ResnetGenerator:
    network = ResnetGenerator()
    fill(network)
    return network


def test_networks_have_the_papers_number_of_parameters() -> None:
    assert parameters(ResnetGenerator()) == 11_378_179
    assert parameters(PatchGAN()) == 2_764_737
    generator = ResnetGenerator()
    assert parameters(ProjectionHead(generator.tap_channels(generator.default_taps()))) == 560_384


def test_generator_translates_as_published(generator: ResnetGenerator) -> None:
    output = generator(picture(7))
    assert_known(output, -0.026776, 0.493284, [-0.14175, 0.11254, 0.40238], [-0.02394, 0.10849, -0.22495])


def test_taps_are_the_published_features(generator: ResnetGenerator) -> None:
    _, tap4, tap8, _, tap16 = generator.encode(picture(7), (0, 4, 8, 12, 16))
    assert_known(tap4, -0.048184, 0.732356, [0.23595, -1.03589, -1.03451], [0.60344, 0.10438, 0.26604])
    assert_known(tap8, -0.010148, 0.456503, [0.56479, 0.42421, 0.1697], [-0.03377, 0.19992, 0.31176])
    assert_known(tap16, 0.394464, 2.249385, [1.06915, 3.63822, -1.36742], [-1.37267, -1.36623, 1.07455])


def test_discriminator_judges_as_published() -> None:
    network = PatchGAN()
    fill(network)
    output = network(picture(7))
    assert output.shape == (1, 1, 6, 6)
    assert_known(output, 0.215398, 0.772013, [0.02008, -0.25148, -0.23882], [1.70999, 1.56134, -0.43684])


def test_patch_nce_is_the_published_loss_of_every_row() -> None:
    t = np.arange(48)
    rows = [torch.from_numpy(values.reshape(1, 8, 6)) for values in (np.sin(0.7 * t), np.cos(0.9 * t + 0.2))]
    query, key = (row / row.norm(dim=-1, keepdim=True) for row in rows)
    expected = [18.469753, 27.484671, 11.123251, 0.876974, 2.728404, 21.914816, 24.724796, 20.338177]
    assert patch_nce(query, key, temperature=0.07).flatten().tolist() == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_adversarial_losses_are_the_published_ones() -> None:
    prediction = torch.tensor([[[[0.5, -1.0], [2.0, 0.25]]], [[[0.1, 0.2], [-0.3, -0.4]]]])
    assert lsgan(prediction, True).mean().item() == pytest.approx(1.364062, rel=1e-5)
    assert lsgan(prediction, False).mean().item() == pytest.approx(0.701563, rel=1e-5)
    assert nonsaturating(prediction, True).tolist() == pytest.approx([0.622552, 0.752477], rel=1e-5)
    assert nonsaturating(prediction, False).tolist() == pytest.approx([1.060052, 0.652477], rel=1e-5)


def filled_method(preset: str, kind: Callable[[FitConfig, torch.device], Cut] = Cut) -> Cut:
    small = {"width": 16, "discriminator_width": 16, "head_width": 32, "patches": 16, "precision": "fp32"}
    method = kind(preset_config(preset, **small), torch.device("cpu"))
    for network in method.networks.values():
        fill(network)
    method.contrast.sample_patches = lambda positions: torch.arange(16)
    return method


def gradient_norm(network: nn.Module) -> float:
    gradients = [parameter.grad.flatten() for parameter in network.parameters() if parameter.grad is not None]
    return torch.cat(gradients).norm().item()


def test_one_cut_step_has_the_published_losses_and_gradients() -> None:
    method, source, target = filled_method("cut"), picture(1), picture(2)
    forward = method.forward(source, target, mirror=False)
    discriminator = method.discriminator_losses(forward, target)
    discriminator["D"].backward()
    assert gradient_norm(method.discriminator) == pytest.approx(20.030351, rel=1e-3)
    losses = method.generator_losses(forward, target)
    losses["G"].backward()

    seen = {name: loss.item() for name, loss in {**discriminator, **losses}.items()}
    assert seen == pytest.approx(
        {
            "D_real": 1.73121,
            "D_fake": 0.337512,
            "D": (1.73121 + 0.337512) / 2,
            "G_GAN": 1.612857,
            "NCE": 4.879769,
            "NCE_identity": 5.12876,
            "G": 6.617122,
        },
        rel=1e-5,
    )
    assert gradient_norm(method.networks["head"]) == pytest.approx(2.335416, rel=1e-3)


def test_the_generators_gradient_is_the_losses_derivative() -> None:
    """Central difference along the gradient, keys held as they are: the slope must be the gradient's norm."""
    method, source, target = filled_method("cut"), picture(1).double(), picture(2).double()
    for network in method.networks.values():
        network.double()
    start = method.forward(source, target, mirror=False)
    method.generator_losses(start, target)["G"].backward()
    gradients = [
        torch.clone(parameter.grad) for parameter in method.generator.parameters() if parameter.grad is not None
    ]
    norm = gradient_norm(method.generator)

    def loss_at(distance: float) -> float:
        with torch.no_grad():
            for parameter, gradient in zip(method.generator.parameters(), gradients, strict=True):
                parameter.add_(distance / norm * gradient)
            moved = method.forward(source, target, mirror=False)
            fixed_keys = replace(moved, source_features=start.source_features, target_features=start.target_features)
            loss = method.generator_losses(fixed_keys, target)["G"].item()
            for parameter, gradient in zip(method.generator.parameters(), gradients, strict=True):
                parameter.sub_(distance / norm * gradient)
        return loss

    assert (loss_at(1e-6) - loss_at(-1e-6)) / 2e-6 == pytest.approx(norm, rel=1e-3)


def test_the_benchmarks_published_mode_is_the_published_step() -> None:
    cut, fastcut = filled_method("cut", Published), filled_method("fastcut", Published)
    discriminator = cut.discriminator_losses(cut.forward(picture(1), picture(2), mirror=False), picture(2))
    assert discriminator["D_real"].item() == pytest.approx(1.73121, rel=1e-5)
    assert discriminator["D_fake"].item() == pytest.approx(0.337512, rel=1e-5)
    for method, total in ((cut, 6.617122), (fastcut, 50.410549)):
        losses = method.generator_losses(method.forward(picture(1), picture(2), mirror=False), picture(2))
        assert losses["G_GAN"].item() == pytest.approx(1.612857, rel=1e-5)
        assert losses["G"].item() == pytest.approx(total, rel=1e-5)


def test_one_fastcut_step_has_the_published_losses() -> None:
    method = filled_method("fastcut")
    losses = method.generator_losses(method.forward(picture(1), picture(2), mirror=False), picture(2))
    assert losses["NCE"].item() == pytest.approx(48.797691, rel=1e-5)
    assert losses["G"].item() == pytest.approx(50.410549, rel=1e-5)
    assert "NCE_identity" not in losses


@pytest.mark.parametrize(
    ("preset", "epoch", "expected"),
    [
        ("cut", 1, 2e-4),
        ("cut", 201, 1.990e-4),
        ("cut", 400, 9.950e-7),
        ("fastcut", 151, 1.960784e-4),
        ("fastcut", 200, 3.921569e-6),
    ],
)
def test_learning_rate_falls_as_published(preset: str, epoch: int, expected: float) -> None:
    config = preset_config(preset)
    decay = LinearDecay.split(config.epochs, config.decay_share)
    assert config.learning_rate * decay.factor(epoch) == pytest.approx(expected, rel=1e-3)
