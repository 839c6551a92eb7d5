"""Kinds of layers that show other pixels than their own. Each function adds one to a picture and gives it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .built import Builder

WIDTH, HEIGHT = 48, 32
Build = Callable[[Builder], Any]


def _passing(builder: Builder) -> Any:
    """Krita forgets a pass-through group's pixels when something in it changes."""
    group = builder.group("passing", passes=True)
    builder.paint("lower", (4, 4, 8, 8), group)
    hidden = builder.paint("hidden", (30, 20, 8, 8), group)
    hidden.setVisible(False)
    builder.paint("upper", (10, 8, 12, 9), group)
    return group


def _blurred(builder: Builder) -> Any:
    return builder.blurred(builder.paint("blurred", (20, 12, 6, 6)))


def _passing_in_passing(builder: Builder) -> Any:
    group = builder.group("outer", passes=True)
    inner = builder.group("inner", group, passes=True)
    inner.setOpacity(100)
    builder.paint("deep", (4, 4, 8, 8), inner)
    builder.paint("beside", (30, 10, 3, 3), group)
    return group


def _passing_in_isolated(builder: Builder) -> Any:
    group = builder.group("outer")
    builder.paint("deep", (4, 4, 8, 8), builder.group("inner", group, passes=True))
    return group


def _passing_with_a_clone(builder: Builder) -> Any:
    group = builder.group("with clone", passes=True)
    origin = builder.paint("origin", (20, 4, 5, 5), group)
    builder.add(builder.document.createCloneLayer("clone", origin), group)
    builder.paint("beside", (4, 20, 3, 3), group)
    return group


def _passing_with_a_filter(builder: Builder) -> Any:
    group = builder.group("with filter", passes=True)
    builder.paint("inverted", (4, 4, 8, 8), group)
    builder.add(builder.filter_layer("filter", "invert"), group)
    return group


def _passing_with_a_blending_layer(builder: Builder) -> Any:
    group = builder.group("with blending", passes=True)
    inner = builder.group("inner", group, passes=True)
    builder.paint("dark", (4, 4, 8, 8), inner).setBlendingMode("multiply")
    return group


def _passing_with_a_clipped_layer(builder: Builder) -> Any:
    group = builder.group("with clipped", passes=True)
    builder.paint("base", (4, 4, 8, 8), group)
    builder.paint("shade", (0, 0, WIDTH, HEIGHT), group).setInheritAlpha(True)
    return group


def _isolated_with_a_blending_layer(builder: Builder) -> Any:
    group = builder.group("isolated")
    builder.paint("base", (4, 4, 8, 8), group)
    builder.paint("dark", (8, 8, 8, 8), group).setBlendingMode("multiply")
    builder.paint("shade", (0, 0, WIDTH, HEIGHT), group).setInheritAlpha(True)
    builder.document.refreshProjection()  # Krita does not draw anew for a script's clipping
    return group


def _passing_with_effects(builder: Builder) -> Any:
    return builder.styled(builder.blurred(_passing(builder)))


def _blurred_group(builder: Builder) -> Any:
    group = builder.group("blurred group")
    builder.paint("inner", (20, 12, 6, 6), group)
    return builder.blurred(group)


def _group_of_blurred(builder: Builder) -> Any:
    group = builder.group("group of blurred")
    builder.blurred(builder.paint("inner", (20, 12, 6, 6), group))
    return group


def _moved(builder: Builder) -> Any:
    return builder.moved(builder.paint("moved", (4, 4, 8, 8)), 20, 10)


def _selection_masked(builder: Builder) -> Any:
    node = builder.paint("selection mask", (4, 4, 8, 8))
    node.addChildNode(builder.document.createSelectionMask("selection"), None)
    return node


def _colorized(builder: Builder) -> Any:
    node = builder.paint("colorized", (4, 4, 8, 8))
    node.addChildNode(builder.document.createColorizeMask("colorize"), None)
    return node


def _hidden_blurred(builder: Builder) -> Any:
    node = builder.paint("hidden", (20, 12, 6, 6), hidden=True)
    return builder.blurred(node)


def _hidden_fill(builder: Builder) -> Any:
    node = builder.fill("hidden fill", (0, 0, WIDTH, HEIGHT))
    node.setVisible(False)
    return builder.add(node)


def _fill_in_a_selection(builder: Builder) -> Any:
    return builder.add(builder.fill("fill", (3, 5, 20, 9)))


def _hidden_blurred_group(builder: Builder) -> Any:
    group = builder.group("hidden group")
    group.setVisible(False)
    builder.paint("inner", (20, 12, 6, 6), group)
    return builder.blurred(group)


def _shadowed(builder: Builder) -> Any:
    return builder.styled(builder.paint("shadowed", (20, 12, 6, 6)))


def _shadowed_group(builder: Builder) -> Any:
    group = builder.group("shadowed group")
    builder.paint("inner", (20, 12, 6, 6), group)
    return builder.styled(group)


def _faint(builder: Builder) -> Any:
    """Opacity, blending mode and clipping are not the pixels' own: a result has those that the artist chooses."""
    node = _shadowed(builder)
    node.setOpacity(100)
    node.setBlendingMode("multiply")
    node.setInheritAlpha(True)
    return node


def _blurred_over_the_edge(builder: Builder) -> Any:
    return builder.blurred(builder.paint("over the edge", (40, 25, 20, 20)))


def _in_a_locked_group(builder: Builder) -> Any:
    group = builder.group("locked")
    group.setLocked(True)
    node = builder.paint("inner", (4, 4, 8, 8), group)
    node.setAlphaLocked(True)
    node.setColorLabel(3)
    return node


def _masked_away(builder: Builder) -> Any:
    node = builder.paint("masked away", (4, 4, 8, 8))
    return builder.masked(node, (30, 20, 4, 4))


def _emptied(builder: Builder) -> Any:
    group = builder.group("emptied", passes=True)
    builder.paint("hidden", (4, 4, 8, 8), group).setVisible(False)
    return group


def _clone_of_passing(builder: Builder) -> Any:
    return builder.add(builder.document.createCloneLayer("clone of passing", _passing(builder)))


KINDS: list[tuple[str, str, Build]] = [
    ("pass-through group", "layer", _passing),
    ("blurred", "layer-with-masks", _blurred),
    ("pass-through in pass-through", "layer", _passing_in_passing),
    ("pass-through in isolated", "layer", _passing_in_isolated),
    ("pass-through with a clone", "layer", _passing_with_a_clone),
    ("pass-through with a filter", "layer", _passing_with_a_filter),
    ("pass-through with a blending layer", "layer", _passing_with_a_blending_layer),
    ("pass-through with a clipped layer", "layer", _passing_with_a_clipped_layer),
    ("isolated with a blending layer", "layer", _isolated_with_a_blending_layer),
    ("pass-through with effects", "layer", _passing_with_effects),
    ("blurred group", "layer", _blurred_group),
    ("group of blurred", "layer", _group_of_blurred),
    ("moved", "layer-with-masks", _moved),
    ("selection mask", "layer-with-masks", _selection_masked),
    ("colorize mask", "layer-with-masks", _colorized),
    ("hidden, blurred", "layer-with-masks", _hidden_blurred),
    ("hidden fill", "layer", _hidden_fill),
    ("fill in a selection", "layer", _fill_in_a_selection),
    ("hidden group, blurred", "layer", _hidden_blurred_group),
    ("shadowed", "layer-with-masks", _shadowed),
    ("shadowed group", "layer", _shadowed_group),
    ("faint", "layer-with-masks", _faint),
    ("over the edge", "layer-with-masks", _blurred_over_the_edge),
    ("in a locked group", "layer", _in_a_locked_group),
    ("masked away", "layer-with-masks", _masked_away),
    ("emptied group", "layer", _emptied),
    ("clone of a pass-through group", "layer", _clone_of_passing),
]
