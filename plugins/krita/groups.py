"""Pass-through groups: Krita draws the layers in them as if the groups were not there."""

from __future__ import annotations

from krita import GroupLayer, Node


def passes_through(layer: Node) -> bool:
    return isinstance(layer, GroupLayer) and layer.passThroughMode()


def drawn(layer: Node) -> list[Node]:
    """Returns the layers that Krita draws for one, from the lowest to the highest: itself, or of a pass-through group
    those in it, without the group's masks and style, which count for nothing."""
    if not passes_through(layer):
        return [layer]
    return [child for child in layer.childNodes() if not child.type().endswith("mask")]


def is_clipped(layer: Node) -> bool:
    """Returns whether all that shows of a layer shows only where the layers below it do."""
    if layer.inheritAlpha() or not passes_through(layer):
        return layer.inheritAlpha()
    shown = [child for child in drawn(layer) if child.visible()]
    return bool(shown) and all(is_clipped(child) for child in shown)


def mixes(group: Node) -> bool:
    """Returns whether what shows of a pass-through group depends on what is below the group."""
    shown = [child for child in drawn(group) if child.visible()]
    return len({is_clipped(child) for child in shown}) > 1 or any(_blends(child) for child in shown)


def unclip(layer: Node) -> None:
    """Lets a layer that is clipped show everywhere."""
    layer.setInheritAlpha(False)
    if passes_through(layer):
        for child in drawn(layer):
            unclip(child)


def _blends(layer: Node) -> bool:
    if passes_through(layer):
        return mixes(layer)
    return layer.type() == "filterlayer" or layer.blendingMode() != "normal"
