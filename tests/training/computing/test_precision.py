from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.training.factories import tiny_config, tiny_sincut_config
from tests.training.known import picture
from training.computing.precision import Precision
from training.config import FitConfig
from training.methods.cut.step import Cut

CPU = torch.device("cpu")
PLAIN = Precision(CPU, bfloat16=False, channels_last=False, compile=False, fused_optimiser=False)
FAST = Precision(CPU, bfloat16=True, channels_last=True, compile=False, fused_optimiser=True)
CONFIGS = {
    "cut": tiny_config(),
    "fastcut": tiny_config("fastcut"),
    "bank": tiny_config(negatives="image+bank", bank_size=32),
    "sincut": tiny_sincut_config(blocks=1),
}


def pictures(seed: int, config: FitConfig) -> Tensor:
    return torch.cat([picture(seed + index, 32, 32) for index in range(config.batch)])


def losses_of_a_step(config: FitConfig, precision: Precision) -> dict[str, float]:
    torch.manual_seed(0)
    method = Cut(config, CPU, precision=precision)
    return {name: loss.item() for name, loss in method.step(pictures(1, config), pictures(20, config)).items()}


@pytest.mark.parametrize("name", CONFIGS)
def test_bfloat16_in_channels_last_comes_near_to_float32(name: str) -> None:
    plain, fast = (losses_of_a_step(CONFIGS[name], precision) for precision in (PLAIN, FAST))
    assert fast == pytest.approx(plain, rel=0.05, abs=0.02)
    assert fast != plain


@pytest.mark.parametrize("name", CONFIGS)
def test_weights_and_losses_stay_float32_under_bfloat16(name: str) -> None:
    config = CONFIGS[name]
    method = Cut(config, CPU, precision=FAST)
    losses = method.step(pictures(1, config), pictures(20, config))
    assert {loss.dtype for loss in losses.values()} == {torch.float32}
    weights = [p for network in method.networks.values() for p in network.parameters()]
    assert {p.dtype for p in weights} == {torch.float32}


def test_channels_last_survives_the_generator_and_its_norms() -> None:
    method = Cut(CONFIGS["cut"], CPU, precision=FAST)
    x = FAST.laid_out(torch.randn(2, 3, 32, 32))
    translated, features = method.generator.translate(x, method.contrast.taps)
    for value in (translated, *features[1:]):
        assert value.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")  # PyTorch's own, in tracing
@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("name", CONFIGS)
def test_every_part_of_a_step_is_one_graph_and_computes_the_same(name: str, mirror: bool) -> None:
    """fullgraph raises at a graph break; the tracing backend computes what eager does."""
    config = CONFIGS[name]
    torch.manual_seed(0)
    method = Cut(config, CPU, precision=PLAIN)
    method.contrast.sample_patches = lambda positions: torch.arange(method.options.patches)
    source, target = pictures(1, config), pictures(20, config)

    def losses(compiled: bool) -> dict[str, float]:
        torch._dynamo.reset()
        parts: list[Callable[..., Any]] = [method.forward, method.discriminator_losses, method.generator_losses]
        if compiled:
            parts = [torch.compile(part, fullgraph=True, backend="aot_eager") for part in parts]
        forward, discriminator, generator = parts
        torch.manual_seed(1)  # of the noise
        done = forward(source, target, mirror=mirror)
        every = {**discriminator(done, target), **generator(done, target)}
        (every["D"] + every["G"]).backward()
        gradients = [p.grad for network in method.trained.values() for p in network.parameters() if p.grad is not None]
        norm = torch.cat([gradient.flatten() for gradient in gradients]).norm().item()
        for network in method.trained.values():
            network.zero_grad()
        return {name: loss.item() for name, loss in every.items()} | {"gradient": norm}

    assert losses(compiled=True) == pytest.approx(losses(compiled=False), rel=1e-4, abs=1e-6)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("name", CONFIGS)
def test_a_step_never_waits_for_the_gpu(name: str) -> None:
    config, device = CONFIGS[name], torch.device("cuda")
    method = Cut(config, device, precision=dataclasses.replace(FAST, device=device))
    source, target = (pictures(seed, config).to(device) for seed in (1, 20))
    method.step(source, target)  # algorithms are searched in the first
    torch.cuda.set_sync_debug_mode("error")
    try:
        method.step(source, target)
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_what_the_options_say_wins_over_what_the_device_would_choose() -> None:
    config = tiny_config(precision="bf16", channels_last="off", compile="on")
    chosen = Precision.choose(config, CPU)
    assert dataclasses.replace(chosen, fused_optimiser=True) == Precision(CPU, True, False, True, True)


def test_the_cpu_does_not_compile_unless_told_to() -> None:
    assert not Precision.choose(tiny_config(), CPU).compile
