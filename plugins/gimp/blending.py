"""How layers mix with what is below them."""

from __future__ import annotations

from gi.repository import Gimp

from ..core.problems import Problem
from ..core.texts import _
from .effects import has_own_effects

# The modes whose layers are also seen where nothing is below them, unless their composite mode says otherwise.
_SEEN_ALONE = (
    Gimp.LayerMode.NORMAL,
    Gimp.LayerMode.NORMAL_LEGACY,
    Gimp.LayerMode.DISSOLVE,
    Gimp.LayerMode.BEHIND,
    Gimp.LayerMode.BEHIND_LEGACY,
    Gimp.LayerMode.COLOR_ERASE_LEGACY,
    Gimp.LayerMode.MERGE,
    Gimp.LayerMode.REPLACE,
    Gimp.LayerMode.PASS_THROUGH,
)
# Those that only cover what is below.
_COVERING = (Gimp.LayerMode.NORMAL, Gimp.LayerMode.NORMAL_LEGACY, Gimp.LayerMode.DISSOLVE)


def clip_like(made: Gimp.Layer, source: Gimp.Layer) -> None:
    """Shows a new layer, in the group of its source, only where the source is shown."""
    mode = source.get_composite_mode()
    if mode == Gimp.LayerCompositeMode.AUTO and source.get_mode() not in _SEEN_ALONE:
        mode = Gimp.LayerCompositeMode.CLIP_TO_BACKDROP
    made.set_composite_mode(mode)


def check_separate(layer: Gimp.Layer) -> None:
    """Raises Problem for a group whose look depends on what is below it, which its own pixels do not tell."""
    if _passes(layer) and (has_own_effects(layer) or not all(_covers(child) for child in layer.get_children())):
        raise Problem(
            _("The layers of the group “{name}” mix with what is below it, because its mode is Pass through.").format(
                name=layer.get_name()
            ),
            _("Set its mode to Normal, or translate the visible picture."),
        )


def _covers(layer: Gimp.Layer) -> bool:
    """Returns whether a layer of a group that is passed through only covers what is below."""
    if not layer.get_visible():
        return True
    if _passes(layer):
        return not has_own_effects(layer) and all(_covers(child) for child in layer.get_children())
    united = layer.get_composite_mode() in (Gimp.LayerCompositeMode.AUTO, Gimp.LayerCompositeMode.UNION)
    return united and layer.get_mode() in _COVERING


def _passes(layer: Gimp.Layer) -> bool:
    return layer.is_group() and layer.get_mode() == Gimp.LayerMode.PASS_THROUGH
