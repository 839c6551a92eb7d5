"""SinCUT: CUT's step with StyleGAN2 networks, R1, an L1 identity loss and negatives from the minibatch (section 5)."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tests.training.factories import tiny_sincut_config
from tests.training.known import picture
from training.losses import r1_penalty
from training.methods.cut.step import Cut
from training.methods.registry import preset_config

CPU = torch.device("cpu")


def crops(seed: int, count: int = 4) -> Tensor:
    return torch.cat([picture(seed + index, 32, 32) for index in range(count)])


def tiny_sincut(**options: object) -> Cut:
    torch.manual_seed(0)
    return Cut(tiny_sincut_config(**options), CPU)


def test_the_preset_is_the_papers() -> None:
    method = Cut(preset_config("sincut"), CPU)
    counts = {name: sum(p.numel() for p in network.parameters()) for name, network in method.networks.items()}
    assert counts["generator"] == 3_068_404
    assert counts["discriminator"] == 5_885_473
    assert method.contrast.taps == (0, 2, 4)
    group = method.optimisers["generator"].param_groups[0]
    assert (group["lr"], group["betas"]) == (2e-3, (0.0, 0.99))


def test_a_step_has_all_its_losses_and_moves_every_network() -> None:
    method = tiny_sincut()
    before = {name: [p.clone() for p in network.parameters()] for name, network in method.networks.items()}
    losses = method.step(crops(1), crops(9))
    assert set(losses) == {"G_GAN", "NCE", "NCE_identity", "L1_identity", "G", "D_real", "D_fake", "R1", "D"}
    assert all(torch.isfinite(loss) for loss in losses.values())
    for name, old in before.items():
        moved = [not torch.equal(a, b) for a, b in zip(old, method.networks[name].parameters(), strict=True)]
        assert any(moved), name


def test_the_sums_are_the_weighted_losses() -> None:
    method = tiny_sincut(r1_weight=3.0, l1_identity_weight=2.0)
    source, target = crops(1), crops(9)
    forward = method.forward(source, target, mirror=False)
    assert forward.identity is not None
    generator = method.generator_losses(forward, target)
    discriminator = method.discriminator_losses(forward, target)
    l1 = 2.0 * (forward.identity - target).abs().mean()
    nce = (generator["NCE"] + generator["NCE_identity"]) / 2
    assert generator["L1_identity"].item() == pytest.approx(l1.item(), rel=1e-5)
    assert generator["G"].item() == pytest.approx((generator["G_GAN"] + nce + l1).item(), rel=1e-5)
    r1 = 1.5 * r1_penalty(method.discriminator, target).mean()
    assert discriminator["R1"].item() == pytest.approx(r1.item(), rel=1e-5)
    real_and_fake = (discriminator["D_real"] + discriminator["D_fake"]) / 2
    assert discriminator["D"].item() == pytest.approx((real_and_fake + r1).item(), rel=1e-5)


def test_r1_is_the_squared_gradient_at_each_picture() -> None:
    weight = torch.randn(3, 4, 4, generator=torch.Generator().manual_seed(1))
    pictures = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(2))

    def discriminator(x: Tensor) -> Tensor:
        return (x.square() * weight).flatten(1).sum(dim=1)

    expected = (2 * pictures * weight).square().flatten(1).sum(dim=1)
    torch.testing.assert_close(r1_penalty(discriminator, pictures), expected)


def test_r1s_gradient_reaches_the_discriminators_weights_as_a_double_backward_does() -> None:
    discriminator, real = tiny_sincut().discriminator.double(), crops(1).double()
    parameters = list(discriminator.parameters())
    r1_penalty(discriminator, real).mean().backward()
    seen = [p.grad for p in parameters if p.grad is not None]

    pictures = real.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(discriminator(pictures).sum(), pictures, create_graph=True)
    penalty = gradient.square().flatten(1).sum(dim=1).mean()
    expected = [g for g in torch.autograd.grad(penalty, parameters, allow_unused=True) if g is not None]
    assert len(seen) == len(expected)
    for mine, theirs in zip(seen, expected, strict=True):
        torch.testing.assert_close(mine, theirs)


def test_every_patch_of_the_minibatch_is_a_negative_of_the_others() -> None:
    """One location per tap in four crops: four candidates, three of them negatives."""
    method = tiny_sincut()
    same = crops(1, 1).repeat(4, 1, 1, 1)
    with torch.no_grad():
        features = method.contrast.query_features(same)
        loss = method.contrast.loss(features, features, "source")
    assert loss.item() == pytest.approx(torch.log(torch.tensor(4.0)).item(), rel=1e-5)  # four equal candidates


def test_translating_adds_no_noise_and_stays_in_range() -> None:
    method = tiny_sincut()
    noise = dict(method.generator.named_parameters())["decoder.convs.2.noise.weight"]
    with torch.no_grad():
        noise.fill_(5.0)
    first, second = method.translate(crops(1)), method.translate(crops(1))
    assert torch.equal(first, second)
    assert first.abs().max() <= 1
    assert not torch.equal(method.generator(crops(1)), method.generator(crops(1)))
