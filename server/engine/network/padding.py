"""How much padding a node asks for, also where it leaves that to whoever computes it."""

from __future__ import annotations

from collections.abc import Sequence

import onnx

from server.engine.network.lengths import layer_length, lifted
from server.engine.network.partial_network import Attributes, PartialNetwork
from server.engine.network.spans import Window
from server.engine.network.unsupported import UnsupportedNetwork

Pads = tuple[int, int, int, int]
"""At the top, left, bottom and right, in pixels."""

_rest = lifted(lambda length, step: length % step)


def pads_of(
    partial: PartialNetwork, node: onnx.NodeProto, attributes: Attributes, seen: str, windows: Sequence[Window]
) -> Pads:
    """The padding of a node that moves ``windows`` over the layer ``seen``. Raises UnsupportedNetwork for negative
    padding, and where it would not be the same for every picture."""
    auto_pad = attributes.get("auto_pad", b"NOTSET")
    if auto_pad in (b"SAME_UPPER", b"SAME_LOWER"):
        for axis, window in enumerate(windows):
            if window.step > 1 and not partial.sizes.same(_rest(layer_length(seen, axis), window.step), 0):
                raise UnsupportedNetwork(node.op_type, f"auto_pad {auto_pad.decode()} of sizes that are no multiples")
        return same_pads(node, auto_pad, [max(window.size - window.step, 0) for window in windows])
    pads = attributes.get("pads", (0, 0, 0, 0)) if auto_pad != b"VALID" else (0, 0, 0, 0)
    if len(pads) != 4 or min(pads) < 0:
        raise UnsupportedNetwork(node.op_type, "with negative padding or along other axes than height and width")
    top, left, bottom, right = pads
    return top, left, bottom, right


def same_pads(node: onnx.NodeProto, auto_pad: bytes, totals: Sequence[int]) -> Pads:
    """The padding where ONNX's auto_pad shares out so much along the height and the width."""
    if auto_pad not in (b"SAME_UPPER", b"SAME_LOWER") or min(totals) < 0:
        raise UnsupportedNetwork(node.op_type, f"auto_pad {auto_pad.decode()}")
    less, more = [total // 2 for total in totals], [total - total // 2 for total in totals]
    before, after = (less, more) if auto_pad == b"SAME_UPPER" else (more, less)
    return before[0], before[1], after[0], after[1]
