"""Before and after in one picture, with a border between them that is dragged."""

from __future__ import annotations

from typing import Any

from ..core.texts import _
from .gtk import Gdk, GdkPixbuf, GLib, Gtk

_CHECK_SIZE, _DARK, _LIGHT = 8, 0x666666, 0x999999
_STEP = 0.05


class Split(Gtk.EventBox):  # type: ignore[misc]
    """The translation on the right of the border; arrow keys move it, too. Without cairo, which some GIMPs lack."""

    def __init__(self, side: int) -> None:
        super().__init__(can_focus=True)
        self._image = Gtk.Image()
        self._image.set_size_request(side, side)
        self._before: GdkPixbuf.Pixbuf | None = None
        self._after: GdkPixbuf.Pixbuf | None = None
        self._share = 0.5
        self.add(self._image)
        self.add_events(
            Gdk.EventMask.BUTTON_PRESS_MASK | Gdk.EventMask.BUTTON1_MOTION_MASK | Gdk.EventMask.KEY_PRESS_MASK
        )
        self.connect("button-press-event", self._dragged)
        self.connect("motion-notify-event", self._dragged)
        self.connect("key-press-event", self._pressed)
        self.set_tooltip_text(_("Before on the left, after on the right; drag the border or press the arrow keys."))
        self.get_accessible().set_name(_("Preview, before and after"))

    def show_pictures(self, before: bytes | None, after: bytes | None, width: int, height: int) -> None:
        """Red, green, blue and alpha, 8 bits each."""
        self._before, self._after = (_pixbuf(picture, width, height) for picture in (before, after))
        self._draw()

    def _draw(self) -> None:
        if self._before is None:
            self._image.clear()
            return
        width, height = self._before.get_width(), self._before.get_height()
        shown = GdkPixbuf.Pixbuf.new(GdkPixbuf.Colorspace.RGB, False, 8, width, height)
        _lay(self._before, shown, 0)
        if self._after is not None:
            border = min(max(round(self._share * width), 0), width)
            _lay(self._after, shown, border)
            if 0 < border < width:
                shown.new_subpixbuf(border - 1, 0, min(2, width - border + 1), height).fill(0xFFFFFFFF)
        self._image.set_from_pixbuf(shown)

    def _dragged(self, widget: Any, event: Any) -> bool:
        self.grab_focus()
        if self._before is not None:
            width = self._before.get_width()
            left = (self.get_allocated_width() - width) / 2
            self._move(min(max((event.x - left) / width, 0.0), 1.0))
        return True

    def _pressed(self, widget: Any, event: Any) -> bool:
        steps = {Gdk.KEY_Left: -_STEP, Gdk.KEY_Right: _STEP}
        if event.keyval not in steps:
            return False
        self._move(min(max(self._share + steps[event.keyval], 0.0), 1.0))
        return True

    def _move(self, share: float) -> None:
        self._share = share
        self._draw()


def _pixbuf(picture: bytes | None, width: int, height: int) -> GdkPixbuf.Pixbuf | None:
    if picture is None:
        return None
    content = GLib.Bytes.new(picture)
    return GdkPixbuf.Pixbuf.new_from_bytes(content, GdkPixbuf.Colorspace.RGB, True, 8, width, height, width * 4)


def _lay(picture: GdkPixbuf.Pixbuf, ground: GdkPixbuf.Pixbuf, left: int) -> None:
    """The picture from column ``left`` on, on a chequered ground."""
    width, height = picture.get_width() - left, picture.get_height()
    if width > 0:
        picture.composite_color(
            ground, left, 0, width, height, 0, 0, 1, 1,
            GdkPixbuf.InterpType.NEAREST, 255, left, 0, _CHECK_SIZE, _DARK, _LIGHT,
        )  # fmt: skip
