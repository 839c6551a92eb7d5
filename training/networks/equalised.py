"""StyleGAN2's layers: equalised learning rates, blurred resampling, residual blocks (Karras et al., CVPR 2020).

Parameters keep the published code's names. Weights are drawn from N(0, 1) and scaled by 1/sqrt(fan in) at run time.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.computing.world import ALONE, World

SQRT2 = math.sqrt(2)


class Blur(nn.Module):
    """Zero padding, then the kernel [1, 3, 3, 1] x [1, 3, 3, 1] / 64. (N, C, H, W) -> (N, C, H + 2 padding - 3, ...).

    ``gain``: the sum of the kernel; 4 makes up for the zeros that a transposed convolution inserts. With ``stride`` 2
    only every other row and column of the result is computed.
    """

    kernel: Tensor

    def __init__(self, channels: int, *, padding: int, gain: float = 1.0, stride: int = 1) -> None:
        super().__init__()
        self.padding, self.stride = padding, stride
        row = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
        kernel = gain * torch.outer(row, row)
        # A constant of the architecture, not a weight: it stays out of the state dict.
        self.register_buffer("kernel", kernel.expand(channels, 1, 4, 4).contiguous(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        kernel = self.kernel.to(x.dtype)
        return F.conv2d(x, kernel, stride=self.stride, padding=self.padding, groups=x.shape[1])


class EqualConv(nn.Module):
    """Convolution without bias and with equalised learning rate: (N, inside, H, W) -> (N, outside, H', W')."""

    def __init__(self, inside: int, outside: int, size: int, *, stride: int = 1, padding: int = 0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outside, inside, size, size))
        self.scale = 1 / math.sqrt(inside * size**2)
        self.stride, self.padding = stride, padding

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.weight * self.scale, stride=self.stride, padding=self.padding)

    def plain(self) -> nn.Module:
        """Returns an equivalent layer of torch's own, with the scale in its weights."""
        outside, inside, size, _ = self.weight.shape
        layer = nn.Conv2d(inside, outside, size, stride=self.stride, padding=self.padding, bias=False)
        layer.weight = nn.Parameter(self.weight.detach() * self.scale)
        return layer


class EqualLinear(nn.Module):
    """Linear layer with equalised learning rate. (N, inside) -> (N, outside)."""

    def __init__(self, inside: int, outside: int, *, activate: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outside, inside))
        self.bias = nn.Parameter(torch.zeros(outside))
        self.scale = 1 / math.sqrt(inside)
        self.activate = activate

    def forward(self, x: Tensor) -> Tensor:
        x = F.linear(x, self.weight * self.scale, self.bias)
        return F.leaky_relu(x, 0.2) * SQRT2 if self.activate else x


class BiasedLeakyReLU(nn.Module):
    """sqrt(2) LeakyReLU(x + bias), slope 0.2, whose result has unit variance when x does."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(1, channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return F.leaky_relu(x + self.bias.to(x.dtype), 0.2) * SQRT2


class ConvLayer(nn.Sequential):
    """Blur (if ``halve``), convolution and, if ``activate``, bias and leaky ReLU.

    (N, inside, H, W) -> (N, outside, H, W), or half of H and W, rounded down.
    """

    def __init__(self, inside: int, outside: int, size: int, *, halve: bool = False, activate: bool = True) -> None:
        # A 1x1 convolution sees each pixel alone, so the blur need not compute those that a stride would skip.
        blur_stride, stride = ((2, 1) if size == 1 else (1, 2)) if halve else (1, 1)
        blur = [Blur(inside, padding=(size + 1) // 2, stride=blur_stride)] if halve else []
        padding = 0 if halve else size // 2
        activation = [BiasedLeakyReLU(outside)] if activate else []
        super().__init__(*blur, EqualConv(inside, outside, size, stride=stride, padding=padding), *activation)


class ResidualBlock(nn.Module):
    """(two 3x3 convolutions of x + x) / sqrt(2); a 1x1 convolution fits x where size or channels change."""

    def __init__(self, inside: int, outside: int, *, halve: bool = False) -> None:
        super().__init__()
        self.conv1 = ConvLayer(inside, inside, 3)
        self.conv2 = ConvLayer(inside, outside, 3, halve=halve)
        changes = halve or inside != outside
        self.skip = ConvLayer(inside, outside, 1, halve=halve, activate=False) if changes else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return (self.conv2(self.conv1(x)) + self.skip(x)) / SQRT2


class ModulatedUp(nn.Module):
    """Transposed 3x3 convolution with demodulated weights, then a blur. (N, inside, H, W) -> (N, outside, 2H, 2W).

    The published network has no style: it modulates by ones, so the weights do not depend on x.
    """

    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(1, outside, inside, 3, 3))
        self.scale = 1 / math.sqrt(inside * 9)
        self.blur = Blur(outside, padding=1, gain=4)

    def forward(self, x: Tensor) -> Tensor:
        return self.blur(F.conv_transpose2d(x, self._demodulated(), stride=2))  # (N, outside, 2H + 1, 2W + 1), blurred

    def plain(self) -> nn.Module:
        """Returns equivalent layers of torch's own, with the demodulated weights."""
        weight = self._demodulated().detach()
        layer = nn.ConvTranspose2d(weight.shape[0], weight.shape[1], 3, stride=2, bias=False)
        layer.weight = nn.Parameter(weight.contiguous())
        return nn.Sequential(layer, self.blur)

    def _demodulated(self) -> Tensor:
        weight = self.scale * self.weight[0]
        weight = weight * torch.rsqrt(weight.square().sum(dim=(1, 2, 3), keepdim=True) + 1e-8)
        return weight.transpose(0, 1)  # (inside, outside, 3, 3)


class Noise(nn.Module):
    """In training, adds the same noise to all channels, with a strength that is learned and starts at 0.

    When ``injected`` is False, there is no noise, but the state dict keeps the published, unused weight. Processes that
    train together draw their noise from ``world``.
    """

    weight: Tensor

    def __init__(self, *, injected: bool, world: World = ALONE) -> None:
        super().__init__()
        self.injected, self._world = injected, world
        if injected:
            self.weight = nn.Parameter(torch.zeros(1))
        else:
            self.register_buffer("weight", torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        if not (self.injected and self.training):
            return x
        return x + self.weight.to(x.dtype) * self._world.draw_noise(x)


class StyledUp(nn.Module):
    """Modulated doubling, noise, bias and leaky ReLU. (N, inside, H, W) -> (N, outside, 2H, 2W)."""

    def __init__(self, inside: int, outside: int, *, noise: bool, world: World = ALONE) -> None:
        super().__init__()
        self.conv = ModulatedUp(inside, outside)
        self.noise = Noise(injected=noise, world=world)
        self.activate = BiasedLeakyReLU(outside)

    def forward(self, x: Tensor) -> Tensor:
        return self.activate(self.noise(self.conv(x)))
