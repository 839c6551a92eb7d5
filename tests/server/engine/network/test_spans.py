"""What a layer says that it needs of its input, against what its output really depends on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from server.engine.network.arrays import Array
from server.engine.network.network import Layer, Size
from server.engine.network.spans import Span
from server.engine.tiled.areas import Area, needed, part_of, trace
from tests.server.engine.tiled.drafts import INPUT, Draft
from tests.server.engine.tiled.running import noise, open_session, read

HEIGHT, WIDTH = 13, 11
BLOCK = np.array([1, 1, 2, 3], np.float32)


def transposed(size: int, step: int, pads: int, extra: int = 0) -> Callable[[Draft], str]:
    return lambda draft: draft.transposed(
        INPUT, 2, size, strides=[step, step], pads=[pads] * 4, output_padding=[extra, extra]
    )


def resized(mode: str, coordinates: str, rounding: str = "round_prefer_floor") -> Callable[[Draft], str]:
    attributes: dict[str, Any] = {"nearest_mode": rounding} if mode == "nearest" else {}
    return lambda draft: draft.add(
        "Resize", INPUT, "", BLOCK, mode=mode, coordinate_transformation_mode=coordinates, **attributes
    )


LAYERS: dict[str, Callable[[Draft], str]] = {
    "convolution": lambda draft: draft.conv(INPUT, 4),
    "convolution of an even size": lambda draft: draft.conv(INPUT, 4, 4),
    "stride": lambda draft: draft.conv(INPUT, 4, strides=[2, 3]),
    "stride beyond the kernel": lambda draft: draft.conv(INPUT, 4, 2, strides=[3, 4]),
    "dilation": lambda draft: draft.conv(INPUT, 4, dilations=[2, 3]),
    "padding": lambda draft: draft.conv(INPUT, 4, pads=[1, 0, 2, 3]),
    "stride, padding and dilation": lambda draft: draft.conv(INPUT, 4, strides=[2, 1], pads=[2] * 4, dilations=[1, 2]),
    "groups": lambda draft: draft.conv(INPUT, 4, group=2, pads=[1] * 4),
    "transposed": transposed(3, 2, 1, 1),
    "transposed by fours": transposed(4, 2, 1),
    "transposed without overlap": transposed(2, 2, 0),
    "transposed in steps of one": transposed(3, 1, 1),
    "transposed far": transposed(5, 3, 2, 1),
    "transposed and dilated": lambda draft: draft.transposed(INPUT, 2, strides=[2, 2], dilations=[2, 2], pads=[2] * 4),
    "transposed in groups": lambda draft: draft.transposed(INPUT, 4, group=2, strides=[2, 2]),
    "reflected": lambda draft: draft.pad(INPUT, (3, 0, 2, 1)),
    "edge": lambda draft: draft.pad(INPUT, (3, 0, 2, 1), "edge"),
    "constant": lambda draft: draft.pad(INPUT, (3, 0, 2, 1), "constant"),
    "padded along named axes": lambda draft: draft.add(
        "Pad", INPUT, np.array([2, 3, 1, 0]), "", np.array([-1, 2]), mode="edge"
    ),
    "linear, half_pixel": resized("linear", "half_pixel"),
    "linear, asymmetric": resized("linear", "asymmetric"),
    "linear, pytorch_half_pixel": resized("linear", "pytorch_half_pixel"),
    "nearest, half_pixel": resized("nearest", "half_pixel"),
    "nearest, asymmetric": resized("nearest", "asymmetric", "floor"),
    "nearest, ceil": resized("nearest", "asymmetric", "ceil"),
    "cubic": resized("cubic", "half_pixel"),
    "cubic, inside only": lambda draft: draft.add("Resize", INPUT, "", BLOCK, mode="cubic", exclude_outside=1),
    "channels to pixels": lambda draft: draft.add("DepthToSpace", draft.conv(INPUT, 8), blocksize=2, channels=2),
    "channels to pixels, column first": lambda draft: draft.add(
        "DepthToSpace", draft.conv(INPUT, 8), blocksize=2, mode="CRD", channels=2
    ),
    "channels chosen": lambda draft: draft.add("Gather", INPUT, np.array([1, 0, 1]), axis=1, channels=3),
    "padding by itself": lambda draft: draft.conv(INPUT, 4, auto_pad="SAME_LOWER"),
    "average": lambda draft: draft.add("AveragePool", INPUT, kernel_shape=[3, 2], strides=[2, 1]),
    "maximum": lambda draft: draft.add("MaxPool", INPUT, kernel_shape=[2, 2], strides=[2, 2]),
    "beside each other": lambda draft: draft.concat(INPUT, draft.relu(INPUT)),
    "constants": lambda draft: draft.add("Mul", INPUT, np.array([[[0.5]], [[2]]], np.float32)),
}

PADDED = ("reflected", "edge", "constant", "padded along named axes")


def dependence(model: bytes, axis: int) -> tuple[Array, Array]:
    """Which rows (axis 2) or columns (axis 3) of the output see which of the input: output x input; and the output."""
    session, picture = open_session(model), noise(2, HEIGHT, WIDTH)
    (before,) = session.run(None, {INPUT: picture})
    seen = []
    for place in range(picture.shape[axis]):
        changed = picture.copy()
        changed[(slice(None),) * axis + (place,)] = 50 + place  # a maximum sees it too
        changed[(slice(None),) * axis + (place,)][:, 1] *= -1
        (after,) = session.run(None, {INPUT: changed})
        seen.append((after != before).any(axis=tuple({0, 1, 2, 3} - {axis})))
    return np.array(seen).T, before


def needs(layers: Sequence[Layer], axis: int, span: Span, sizes: dict[str, Size], output: str) -> Span:
    """Of the input, for these rows or columns of the output and all of the other axis."""
    size = sizes[output]
    whole = Area(Span(0, size.height), Span(0, size.width))
    asked = Area(span, whole.columns) if axis == 2 else Area(whole.rows, span)
    area = trace(layers, {output: asked}, sizes).areas[INPUT]
    return area.rows if axis == 2 else area.columns


@pytest.mark.parametrize("axis", [2, 3], ids=["rows", "columns"])
@pytest.mark.parametrize("case", LAYERS)
def test_layers_need_all_that_their_output_depends_on(case: str, axis: int) -> None:
    draft = Draft(channels=2)
    model = draft.model(LAYERS[case](draft))
    network = read(model)
    sizes = network.sizes(HEIGHT, WIDTH)
    depends, result = dependence(model, axis)
    size = sizes[network.output]
    assert (1, size.channels, size.height, size.width) == result.shape
    # What is padded by reflection is in the tile at the edge, and no tile is smaller than twice the margin.
    least = 8 if case in PADDED else 1
    for start in range(len(depends) - least + 1):
        need = needs(network.layers, axis, Span(start, start + least), sizes, network.output)
        seen = np.flatnonzero(depends[start : start + least].any(axis=0))
        if seen.size:  # not padding alone
            assert need.start <= seen.min()
            assert seen.max() < need.stop
            # Besides, neighbours that count for nothing: one on either side, and a third of four that are weighed.
            assert need.length <= seen.max() - seen.min() + (4 if "cubic" in case else 3)


spans = some.tuples(some.integers(-20, 40), some.integers(0, 20)).map(lambda pair: Span(pair[0], pair[0] + pair[1]))


@given(spans, some.integers(1, 30))
def test_what_lies_outside_is_cut_off(span: Span, length: int) -> None:
    inside = set(range(span.start, span.stop)) & set(range(length))
    cut = span.within(length)
    assert set(range(cut.start, cut.stop)) == inside
    assert 0 <= cut.start <= length
    assert 0 <= cut.stop <= length


@given(some.integers(1, 60), some.lists(some.integers(0, 90), max_size=6), some.integers(1, 90))
def test_areas_that_divide_the_picture_divide_every_layer(length: int, cuts: list[int], whole: int) -> None:
    bounds = [0, *sorted(cut % (whole + 1) for cut in cuts), whole]
    layer, picture = Size(1, length, length), Size(1, whole, whole)
    parts = [part_of(layer, Area(Span(start, stop), Span(0, whole)), picture) for start, stop in pairwise(bounds)]
    assert [part.rows.start for part in parts] == [0, *[part.rows.stop for part in parts[:-1]]]
    assert parts[-1].rows.stop == length
    assert all(part.columns == Span(0, length) for part in parts)


def test_a_layer_that_several_see_is_computed_once_for_all() -> None:
    draft = Draft(channels=2)
    x = draft.relu(INPUT)
    wide, narrow = draft.conv(draft.pad(x, 3), 2, 7), draft.conv(draft.pad(x, 1), 2)
    network = read(draft.model(draft.add("Add", wide, narrow)))
    sizes = network.sizes(40, 40)
    tile = trace(network.layers, {network.output: Area(Span(10, 20), Span(0, 8))}, sizes)
    assert tile.areas[x] == Area(Span(7, 23), Span(0, 11))
    pad = next(layer for layer in network.layers if layer.inputs == (x,) and layer.operation.axes[0].length(40) == 42)
    assert tile.seen(pad, x) == Area(Span(9, 21), Span(0, 9))
    assert needed(pad, tile.areas[pad.name]) == Area(Span(9, 21), Span(-1, 9))
