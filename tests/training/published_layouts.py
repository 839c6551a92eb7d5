"""The published code's parameter names and shapes, in its order, written down from its files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

Shapes = dict[str, tuple[int, ...]]


def resnet(
    *,
    width: int = 64,
    blocks: int = 9,
    channels_in: int = 3,
    channels_out: int = 3,
    antialias: bool = True,
    antialias_up: bool = True,
    dropout: bool = False,
) -> Shapes:
    """CUT's generator, or CycleGAN's without antialiasing."""
    w = width
    down = (1, 4, 8) if antialias else (1, 4, 7)
    first = 12 if antialias else 10
    up = first + blocks
    up1, up2, last = (up + 1, up + 5, up + 9) if antialias_up else (up, up + 3, up + 7)
    shapes: Shapes = {}
    _convolution(shapes, f"model.{down[0]}", w, channels_in, 7)
    _convolution(shapes, f"model.{down[1]}", 2 * w, w, 3)
    if antialias:
        shapes["model.7.filt"] = (2 * w, 1, 3, 3)
    _convolution(shapes, f"model.{down[2]}", 4 * w, 2 * w, 3)
    if antialias:
        shapes["model.11.filt"] = (4 * w, 1, 3, 3)
    for block in range(first, up):
        for part in (1, 6 if dropout else 5):
            _convolution(shapes, f"model.{block}.conv_block.{part}", 4 * w, 4 * w, 3)
    for place, inside in ((up1, 4 * w), (up2, 2 * w)):
        if antialias_up:
            shapes[f"model.{place - 1}.filt"] = (inside, 1, 4, 4)
            _convolution(shapes, f"model.{place}", inside // 2, inside, 3)
        else:
            shapes[f"model.{place}.weight"] = (inside, inside // 2, 3, 3)
            shapes[f"model.{place}.bias"] = (inside // 2,)
    _convolution(shapes, f"model.{last}", channels_out, w, 7)
    return shapes


def _convolution(shapes: Shapes, name: str, outside: int, inside: int, size: int) -> None:
    shapes[f"{name}.weight"] = (outside, inside, size, size)
    shapes[f"{name}.bias"] = (outside,)


def stylegan2(*, channels: tuple[int, ...] = (80, 160), blocks: int = 6, channels_in: int = 3) -> Shapes:
    """SinCUT's generator; ``blocks=2`` is "smallstylegan2"."""
    deepest, halvings = channels[-1], len(channels) - 1
    shapes: Shapes = {
        "encoder.convs.1.0.weight": (channels[0], channels_in, 1, 1),
        "encoder.convs.1.1.bias": (1, channels[0], 1, 1),
    }
    for step in range(halvings):
        large, small, name = channels[step], channels[step + 1], f"encoder.convs.{2 + step}"
        shapes |= {
            f"{name}.conv1.0.weight": (large, large, 3, 3),
            f"{name}.conv1.1.bias": (1, large, 1, 1),
            f"{name}.conv2.0.kernel": (4, 4),
            f"{name}.conv2.1.weight": (small, large, 3, 3),
            f"{name}.conv2.2.bias": (1, small, 1, 1),
            f"{name}.skip.0.kernel": (4, 4),
            f"{name}.skip.1.weight": (small, large, 1, 1),
        }
    half = blocks // 2
    for name in (
        *(f"encoder.convs.{2 + halvings + block}" for block in range(half)),
        *(f"decoder.convs.{block}" for block in range(half)),
    ):
        for part in ("conv1", "conv2"):
            shapes[f"{name}.{part}.0.weight"] = (deepest, deepest, 3, 3)
            shapes[f"{name}.{part}.1.bias"] = (1, deepest, 1, 1)
    for step in range(halvings):
        small, large, name = channels[-1 - step], channels[-2 - step], f"decoder.convs.{half + step}"
        shapes |= {
            f"{name}.conv.weight": (1, large, small, 3, 3),
            f"{name}.conv.blur.kernel": (4, 4),
            f"{name}.noise.weight": (1,),
            f"{name}.activate.bias": (1, large, 1, 1),
        }
    shapes[f"decoder.convs.{half + halvings}.0.weight"] = (3, channels[0], 1, 1)
    shapes[f"decoder.convs.{half + halvings}.1.bias"] = (1, 3, 1, 1)
    return shapes


def renamed(values: Iterable[Tensor], shapes: Shapes) -> dict[str, Tensor]:
    """The values, in the order of the names that are no kernels, with the kernels between them."""
    queue = iter(values)
    state = {}
    for name, shape in shapes.items():
        state[name] = kernel(name, shape) if name.endswith(("filt", "kernel")) else next(queue)
        assert state[name].shape == shape, name
    assert next(queue, None) is None
    return state


def kernel(name: str, shape: tuple[int, ...]) -> Tensor:
    row = torch.tensor([1.0, 2, 1] if shape[-1] == 3 else [1.0, 3, 3, 1])
    square = torch.outer(row, row) / row.sum() ** 2
    doubles = name.startswith("decoder") or (name.endswith("filt") and shape[-1] == 4)
    return (4 * square if doubles else square).expand(shape).clone()


def with_statistics(state: Mapping[str, Tensor], norms: Mapping[str, int]) -> dict[str, Tensor]:
    """As versions of PyTorch before 0.4 saved instance normalisation: ``norms`` are its names and channels."""
    more = {}
    for norm, channels in norms.items():
        more[f"{norm}.running_mean"] = torch.full((channels,), 7.0)
        more[f"{norm}.running_var"] = torch.full((channels,), 0.1)
        more[f"{norm}.num_batches_tracked"] = torch.tensor(1)
    return {**state, **more}
