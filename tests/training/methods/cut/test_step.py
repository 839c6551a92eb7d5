from __future__ import annotations

import copy

import pytest
import torch

from tests.training.factories import tiny_config
from tests.training.known import picture
from training.methods.cut.step import Cut, Forward
from training.networks.resample import BlurDown, BlurUp

CPU = torch.device("cpu")


def pictures(seed: int, count: int = 1) -> torch.Tensor:
    return torch.cat([picture(seed + index, 32, 32) for index in range(count)])


def weights(method: Cut) -> dict[str, list[torch.Tensor]]:
    return {name: [p.detach().clone() for p in network.parameters()] for name, network in method.networks.items()}


def test_a_step_moves_every_network() -> None:
    method = Cut(tiny_config(), CPU)
    before = weights(method)
    method.step(pictures(1), pictures(2))
    for name, old in before.items():
        assert any(not torch.equal(a, b) for a, b in zip(old, weights(method)[name], strict=True)), name


def test_a_step_gives_the_discriminator_the_gradient_of_its_own_loss_only() -> None:
    torch.manual_seed(0)
    stepped = Cut(tiny_config(), CPU)
    alone = copy.deepcopy(stepped)
    stepped.step(pictures(1), pictures(2))
    losses = alone.discriminator_losses(alone.forward(pictures(1), pictures(2), mirror=False), pictures(2))
    losses["D"].backward()
    for seen, expected in zip(stepped.discriminator.parameters(), alone.discriminator.parameters(), strict=True):
        assert torch.equal(seen.grad, expected.grad)  # type: ignore[arg-type]


def test_losses_come_back_detached_and_finite() -> None:
    losses = Cut(tiny_config(), CPU).step(pictures(1), pictures(2))
    assert set(losses) == {"G_GAN", "NCE", "NCE_identity", "G", "D_real", "D_fake", "D"}
    assert all(not loss.requires_grad and torch.isfinite(loss) for loss in losses.values())


@pytest.mark.parametrize(
    ("options", "taps"),
    [({}, (0, 4, 8, 12)), ({"antialias": False}, (0, 4, 7, 10)), ({"antialias_up": False}, (0, 4, 8, 12))],
)
def test_antialiasing_decides_the_layers_of_both_networks(options: dict[str, bool], taps: tuple[int, ...]) -> None:
    method = Cut(tiny_config("cut", **options), CPU)
    assert method.contrast.taps == taps
    for network in (method.generator, method.discriminator):
        blurs = [module for module in network.modules() if isinstance(module, BlurDown)]
        assert bool(blurs) == options.get("antialias", True)
    ups = [module for module in method.generator.modules() if isinstance(module, BlurUp)]
    assert bool(ups) == options.get("antialias_up", True)
    assert all(torch.isfinite(loss) for loss in method.step(pictures(1), pictures(2)).values())


def test_identity_loss_can_be_left_out() -> None:
    losses = Cut(tiny_config(identity=False), CPU).step(pictures(1), pictures(2))
    assert "NCE_identity" not in losses
    assert losses["G"] == losses["G_GAN"] + losses["NCE"]


def test_keys_are_what_the_encoder_says_of_the_source() -> None:
    method, source = Cut(tiny_config(), CPU), pictures(1)
    forward = method.forward(source, pictures(2), mirror=False)
    for key, expected in zip(
        forward.source_features, method.generator.encode(source, method.contrast.taps), strict=True
    ):
        torch.testing.assert_close(key, expected, atol=1e-4, rtol=0)
    assert not any(feature.requires_grad for feature in forward.source_features)


def test_flip_equivariance_translates_the_mirrored_source_and_keeps_the_keys() -> None:
    method, source = Cut(tiny_config("fastcut"), CPU), pictures(1)
    forward = method.forward(source, pictures(2), mirror=True)
    assert torch.equal(forward.translated, method.generator(source.flip(-1)))
    assert all(map(torch.equal, forward.source_features, method.generator.encode(source, method.contrast.taps)))


def test_flip_equivariance_compares_each_patch_with_its_own_place() -> None:
    """At the first tap, which only pads, an unchanged picture must score alike mirrored and not."""
    method, source = Cut(tiny_config("fastcut", taps="0"), CPU), pictures(1)
    keys = method.generator.encode(source, method.contrast.taps)
    scores = []
    for translated, mirror in ((source, False), (source.flip(-1), True)):
        torch.manual_seed(0)  # the same patches
        scores.append(method.generator_losses(Forward(translated, None, keys, [], mirror), source)["NCE"])
    assert scores[0] == scores[1]


def test_batches_compare_patches_within_each_picture_only() -> None:
    method = Cut(tiny_config(), CPU)
    method.contrast.sample_patches = lambda positions: torch.arange(16)
    source, target = pictures(1, 2), pictures(5, 2)
    together = method.generator_losses(method.forward(source, target, mirror=False), target)
    one_by_one = [
        method.generator_losses(method.forward(source[i : i + 1], target[i : i + 1], mirror=False), target[i : i + 1])
        for i in range(2)
    ]
    for name in together:
        mean = sum(losses[name].item() for losses in one_by_one) / 2
        assert together[name].item() == pytest.approx(mean, rel=1e-4), name


@pytest.mark.parametrize("taps", ["2", "5", "0,4,9"])
def test_a_tap_before_a_relu_is_the_same_map_in_both_passes(taps: str) -> None:
    """The ReLU works in place; translating goes on after the tap, encoding ends there."""
    method, source = Cut(tiny_config("cut", taps=taps), CPU), pictures(1)
    forward = method.forward(source, pictures(2), mirror=False)
    for reused, encoded in zip(forward.source_features, method.contrast.key_features(source), strict=True):
        torch.testing.assert_close(reused, encoded, atol=1e-4, rtol=0)
