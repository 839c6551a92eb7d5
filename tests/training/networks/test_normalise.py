from __future__ import annotations

import copy
from collections import Counter
from pathlib import Path

import onnx
import pytest
import torch
from torch import Tensor, nn

from training.networks.normalise import InstanceNorm, standardised
from training.networks.patchgan import PatchGAN
from training.networks.resnet import ResnetBlock, ResnetGenerator

LAYOUTS = [torch.contiguous_format, torch.channels_last]


def features() -> Tensor:
    """(2, 5, 9, 7) with means and deviations that differ from channel to channel."""
    torch.manual_seed(0)
    return torch.randn(2, 5, 9, 7) * torch.arange(1.0, 6).view(1, 5, 1, 1) + 3


@pytest.mark.parametrize("layout", LAYOUTS)
def test_it_computes_what_torchs_own_layer_does(layout: torch.memory_format) -> None:
    x = features().to(memory_format=layout)
    expected = nn.InstanceNorm2d(5)(x)
    torch.testing.assert_close(InstanceNorm(5)(x), expected, atol=1e-5, rtol=0)
    torch.testing.assert_close(standardised(x, 1e-5), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_its_gradients_are_those_of_torchs_own_layer(layout: torch.memory_format) -> None:
    x = features().double().to(memory_format=layout).requires_grad_()
    weights = torch.randn_like(x)
    expected, *seen = (
        torch.autograd.grad((function(x) * weights).sum(), x)[0]
        for function in (nn.InstanceNorm2d(5), InstanceNorm(5), lambda x: standardised(x, 1e-5))
    )
    for gradient in seen:
        torch.testing.assert_close(gradient, expected)


@pytest.mark.parametrize("function", [InstanceNorm(5), lambda x: standardised(x, 1e-5)])
def test_it_keeps_the_memory_format(function: nn.Module) -> None:
    x = features()
    assert function(x).is_contiguous()
    assert function(x.to(memory_format=torch.channels_last)).is_contiguous(memory_format=torch.channels_last)


def test_whole_networks_stay_in_channels_last() -> None:
    formats: list[bool] = []
    for network in (ResnetGenerator(width=4, blocks=1), PatchGAN(width=4)):
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        for layer in network.modules():
            if isinstance(layer, InstanceNorm):
                layer.register_forward_hook(
                    lambda _, inputs, output: formats.extend(
                        tensor.is_contiguous(memory_format=torch.channels_last) for tensor in (*inputs, output)
                    )
                )
        network(torch.rand(2, 3, 64, 64).to(memory_format=torch.channels_last))
    assert formats == [True] * 2 * (7 + 3)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_statistics_of_low_precision_are_computed_in_float32(dtype: torch.dtype) -> None:
    """Means far from 0: statistics kept in the low precision would shift the answer visibly."""
    x = (features() + 20).to(dtype)
    with torch.autocast("cpu", torch.bfloat16):
        seen = InstanceNorm(5)(x)
    assert seen.dtype == dtype
    expected = nn.InstanceNorm2d(5)(x.float()).to(dtype)
    torch.testing.assert_close(seen, expected, rtol=torch.finfo(dtype).eps, atol=1e-4)


def operations(network: nn.Module, path: Path) -> Counter[str]:
    torch.onnx.export(network.eval(), (torch.zeros(1, 4, 8, 8),), path, dynamo=True, verbose=False)
    return Counter(node.op_type for node in onnx.load(path).graph.node)


@pytest.mark.filterwarnings("ignore")  # the exporter warns of its own deprecations
def test_exported_operations_are_those_of_torchs_own_layer(tmp_path: Path) -> None:
    ours = ResnetBlock(4)
    torchs = copy.deepcopy(ours)
    for module in list(torchs.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, InstanceNorm):
                setattr(module, name, nn.InstanceNorm2d(child.num_features))
    seen = operations(ours, tmp_path / "ours.onnx")
    assert seen == operations(torchs, tmp_path / "torchs.onnx")
    assert seen["InstanceNormalization"] == 2
