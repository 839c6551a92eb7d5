"""Small networks of the kinds that filters are made of, and of some that are not."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from tests.server.engine.tiled.drafts import INPUT, Draft


def antialiased(draft: Draft) -> str:
    """CUT's generator: blurs before it takes steps down, and after it takes steps up."""
    x = draft.block(INPUT, 16, 7)
    x = draft.blur(draft.pad(draft.block(x, 20, mode="constant"), 1), stride=2)
    x = draft.residual(x)
    x = draft.blur(draft.pad(draft.grow(x, 2, "nearest", "asymmetric"), (1, 1, 2, 2), "edge"), stride=1)
    x = draft.block(x, 16, mode="constant")
    return draft.add("Tanh", draft.conv(draft.pad(x, 3), 3, 7))


def strided(draft: Draft) -> str:
    """CycleGAN's generator: convolutions in steps of two, and transposed ones."""
    x = draft.block(INPUT, 16, 7)
    for _ in range(2):
        x = draft.relu(draft.norm(draft.conv(x, 16, strides=[2, 2], pads=[1] * 4)))
    x = draft.residual(draft.residual(x))
    for _ in range(2):
        x = draft.transposed(x, 16, strides=[2, 2], pads=[1] * 4, output_padding=[1, 1])
        x = draft.relu(draft.norm(x))
    return draft.add("Tanh", draft.conv(draft.pad(x, 3), 3, 7))


def normless(draft: Draft) -> str:
    """SinCUT's: leaky, without normalisations, with skips."""
    x = draft.add("LeakyRelu", draft.conv(draft.pad(INPUT, 3), 16, 7), alpha=0.2)
    for _ in range(2):
        inner = draft.add("LeakyRelu", draft.conv(draft.pad(x, 1), 16), alpha=0.2)
        x = draft.add("Add", x, draft.conv(draft.pad(inner, 1), 16))
    x = draft.add("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2])
    return draft.conv(draft.pad(draft.grow(x), 1), 3)


def unet(draft: Draft) -> str:
    """Skips beside what has been down and up again."""
    first = draft.relu(draft.norm(draft.conv(INPUT, 16, pads=[1] * 4)))
    second = draft.add("MaxPool", first, kernel_shape=[2, 2], strides=[2, 2])
    second = draft.relu(draft.norm(draft.conv(second, 20, pads=[1] * 4)))
    third = draft.conv(second, 16, 4, strides=[2, 2], pads=[1] * 4)
    third = draft.relu(draft.norm(draft.transposed(third, 16, 4, strides=[2, 2], pads=[1] * 4)))
    up = draft.concat(second, third)
    up = draft.concat(first, draft.grow(up))
    return draft.conv(up, 3, pads=[1] * 4)


def norms_in_a_row(draft: Draft) -> str:
    x = draft.norm(draft.relu(draft.norm(draft.norm(draft.conv(INPUT, 16)))))
    return draft.conv(x, 3)


def norm_first(draft: Draft) -> str:
    return draft.conv(draft.norm(INPUT), 3, pads=[1] * 4)


def norm_last(draft: Draft) -> str:
    return draft.norm(draft.conv(draft.relu(draft.norm(draft.conv(INPUT, 16))), 3))


def norm_alone(draft: Draft) -> str:
    return draft.norm(INPUT)


def two_norms_of_one(draft: Draft) -> str:
    x = draft.conv(INPUT, 16, pads=[1] * 4)
    return draft.conv(draft.add("Sub", draft.norm(x), draft.relu(draft.norm(x))), 3)


def norms_side_by_side(draft: Draft) -> str:
    left, right = draft.norm(draft.conv(INPUT, 16, 3)), draft.norm(draft.conv(INPUT, 16, 5, pads=[1] * 4))
    return draft.conv(draft.add("Mul", left, right), 3)


def skip_over_two_norms(draft: Draft) -> str:
    x = draft.relu(draft.conv(INPUT, 16, pads=[1] * 4))
    return draft.conv(draft.add("Add", draft.block(draft.block(x, 16), 16), x), 3)


def deep_margins(draft: Draft) -> str:
    x = draft.norm(draft.pad(draft.norm(draft.pad(INPUT, 7)), 9, "edge"))
    return draft.norm(draft.pad(draft.conv(x, 4), 6, "constant"))


def grouped(draft: Draft) -> str:
    x = draft.relu(draft.norm(draft.conv(INPUT, 18, group=3, dilations=[2, 1], pads=[1] * 4)))
    return draft.conv(draft.norm(draft.conv(x, 4, 1)), 5, 5, pads=[2] * 4)


def uneven_steps(draft: Draft) -> str:
    """Down faster from left to right than from top to bottom."""
    x = draft.norm(draft.conv(draft.conv(INPUT, 4, strides=[1, 3], pads=[1] * 4), 4, strides=[1, 2], pads=[0, 1, 0, 2]))
    return draft.norm(draft.pad(draft.conv(draft.pad(x, 2), 4, dilations=[2, 1]), 1, "edge"))


def group_normed(draft: Draft) -> str:
    """Group norms in ONNX's word and as older exporters spell them."""
    x = draft.conv(INPUT, 16, pads=[1] * 4)
    x = draft.relu(draft.add("GroupNormalization", x, *draft.affine(4), num_groups=4))
    x = draft.add("LeakyRelu", draft.group_norm(draft.conv(draft.pad(x, 1), 18), 3), alpha=0.2)
    return draft.conv(draft.group_norm(x, 1), 3)


def squeezed(draft: Draft) -> str:
    """Squeeze and excite, then the mean of the picture itself."""
    x = draft.relu(draft.norm(draft.conv(INPUT, 16, pads=[1] * 4)))
    gate = draft.relu(draft.conv(draft.add("GlobalAveragePool", x), 4, 1))
    x = draft.add("Mul", x, draft.add("Sigmoid", draft.conv(gate, 16, 1)))
    x = draft.conv(draft.norm(draft.conv(x, 16, pads=[1] * 4)), 3, pads=[1] * 4)
    return draft.add("Add", x, draft.add("ReduceMean", INPUT, np.array([2, 3])))


def means_spelled_out(draft: Draft) -> str:
    """An instance norm in arithmetic, and what is left of the second of two means of one layer."""
    x = draft.conv(INPUT, 16, strides=[2, 2], pads=[1] * 4)
    rest = draft.add("Sub", x, draft.add("ReduceMean", x, np.array([2, 3])))
    square = draft.add("ReduceMean", draft.add("Pow", rest, np.float32(2)), np.array([-1, -2]))
    x = draft.add("Div", rest, draft.add("Sqrt", draft.add("Add", square, np.float32(1e-5))))
    x = draft.add("Sub", x, draft.add("ReduceMean", draft.relu(x), np.array([2, 3])))
    return draft.conv(draft.grow(x), 3, pads=[1] * 4)


def pixel_shuffled(draft: Draft) -> str:
    """Pixels to channels, a body with a norm, and back."""
    x = draft.add("SpaceToDepth", INPUT, blocksize=2, channels=12)
    x = draft.relu(draft.norm(draft.conv(x, 16, pads=[1] * 4)))
    x = draft.conv(draft.norm(draft.conv(x, 16, pads=[1] * 4)), 12, pads=[1] * 4)
    x = draft.add("DepthToSpace", x, blocksize=2, mode="CRD", channels=3)
    return draft.conv(draft.norm(draft.conv(x, 8, pads=[1] * 4)), 3)


def cut(draft: Draft) -> str:
    """CUT's generator in full width, with two of its nine blocks."""
    x = draft.block(INPUT, 64, 7)
    for channels in (128, 256):
        x = draft.blur(draft.pad(draft.block(x, channels, mode="constant"), 1), stride=2)
    x = draft.residual(draft.residual(x))
    for channels in (128, 64):
        x = draft.block(draft.grow(x), channels, mode="constant")
    return draft.add("Tanh", draft.conv(draft.pad(x, 3), 3, 7))


NETWORKS: tuple[Callable[[Draft], str], ...] = (
    antialiased,
    strided,
    normless,
    unet,
    norms_in_a_row,
    norm_first,
    norm_last,
    norm_alone,
    two_norms_of_one,
    norms_side_by_side,
    skip_over_two_norms,
    deep_margins,
    grouped,
    uneven_steps,
    group_normed,
    squeezed,
    means_spelled_out,
    pixel_shuffled,
)


@cache
def made(network: Callable[[Draft], str]) -> bytes:
    draft = Draft()
    return draft.model(network(draft))
