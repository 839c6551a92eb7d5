"""A view of before and after in one picture, with a border between them that can be dragged."""

from __future__ import annotations

from typing import ClassVar

from ..core.texts import _
from .gtk import Gdk, GdkPixbuf, GLib, GObject, Gtk

_CHECK_SIZE, _DARK, _LIGHT = 8, 0x666666, 0x999999
_STEP = 0.05
_PAN_STEP = 0.25  # of the view

_OTHER_BUTTONS = Gdk.ModifierType.BUTTON2_MASK | Gdk.ModifierType.BUTTON3_MASK
_ARROWS = {Gdk.KEY_Left: (-1, 0), Gdk.KEY_Right: (1, 0), Gdk.KEY_Up: (0, -1), Gdk.KEY_Down: (0, 1)}


class Split(Gtk.EventBox):
    """Shows the translation to the right of the border. Does not use cairo, which some builds of GIMP lack.

    Emits ``panned`` (x, y in pixels) when the artist drags the picture with any button but the first, or presses Shift
    and an arrow key to see what lies beyond an edge. The arrow keys alone move the border.
    """

    __gsignals__: ClassVar = {"panned": (GObject.SignalFlags.RUN_FIRST, None, (int, int))}

    def __init__(self, side: int) -> None:
        super().__init__(can_focus=True)
        self._image = Gtk.Image()
        self._image.set_size_request(side, side)
        self._side = side
        self._before: GdkPixbuf.Pixbuf | None = None
        self._after: GdkPixbuf.Pixbuf | None = None
        self._share = 0.5
        self._grip = (0.0, 0.0)
        self.add(self._image)
        self.add_events(
            Gdk.EventMask.BUTTON_PRESS_MASK | Gdk.EventMask.BUTTON_MOTION_MASK | Gdk.EventMask.KEY_PRESS_MASK
        )
        self.connect("button-press-event", self._gripped)
        self.connect("motion-notify-event", self._dragged)
        self.connect("key-press-event", self._pressed)
        self.set_tooltip_text(_("Before on the left, after on the right; drag the border or press the arrow keys."))
        self.get_accessible().set_name(_("Preview, before and after"))

    def show_pictures(self, before: bytes | None, after: bytes | None, width: int, height: int) -> None:
        """Shows two pictures of one size, as red, green, blue and alpha, 8 bits each; None for one that is missing."""
        self._before, self._after = (_pixbuf(picture, width, height) for picture in (before, after))
        self._draw()

    def show_files(self, before: bytes, after: bytes) -> None:
        """Shows two PNG files of the same size, scaled down to fit."""
        self._before, self._after = (_decoded(picture, self._side) for picture in (before, after))
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

    def _gripped(self, widget: Gtk.Widget, event: Gdk.EventButton) -> bool:
        self.grab_focus()
        self._grip = (event.x, event.y)
        if event.button == 1:
            self._drag_border(event.x)
        return True

    def _dragged(self, widget: Gtk.Widget, event: Gdk.EventMotion) -> bool:
        if event.state & Gdk.ModifierType.BUTTON1_MASK:
            self._drag_border(event.x)
        elif event.state & _OTHER_BUTTONS:  # the tooltip also lets motion without a button come
            x, y = round(event.x - self._grip[0]), round(event.y - self._grip[1])
            self._grip = (self._grip[0] + x, self._grip[1] + y)
            self.emit("panned", x, y)
        return True

    def _drag_border(self, x: float) -> None:
        if self._before is not None:
            width = self._before.get_width()
            left = (self.get_allocated_width() - width) / 2
            self._move(min(max((x - left) / width, 0.0), 1.0))

    def _pressed(self, widget: Gtk.Widget, event: Gdk.EventKey) -> bool:
        x, y = _ARROWS.get(event.keyval, (0, 0))
        if event.state & Gdk.ModifierType.SHIFT_MASK and (x or y) and self._before is not None:
            side = _PAN_STEP * max(self._before.get_width(), self._before.get_height())
            self.emit("panned", round(-x * side), round(-y * side))
        elif x:
            self._move(min(max(self._share + x * _STEP, 0.0), 1.0))
        else:
            return False
        return True

    def _move(self, share: float) -> None:
        self._share = share
        self._draw()


def _pixbuf(picture: bytes | None, width: int, height: int) -> GdkPixbuf.Pixbuf | None:
    if picture is None:
        return None
    content = GLib.Bytes.new(picture)
    return GdkPixbuf.Pixbuf.new_from_bytes(content, GdkPixbuf.Colorspace.RGB, True, 8, width, height, width * 4)


def _decoded(file: bytes, side: int) -> GdkPixbuf.Pixbuf | None:
    """Returns the picture, at most ``side`` pixels wide and high, or None if the file is not a picture."""
    loader = GdkPixbuf.PixbufLoader()
    try:
        loader.write(file)
        loader.close()
    except GLib.Error:
        return None
    picture = loader.get_pixbuf()
    scale = side / max(picture.get_width(), picture.get_height())
    if scale >= 1:
        return picture
    width, height = (max(round(scale * length), 1) for length in (picture.get_width(), picture.get_height()))
    return picture.scale_simple(width, height, GdkPixbuf.InterpType.BILINEAR)


def _lay(picture: GdkPixbuf.Pixbuf, ground: GdkPixbuf.Pixbuf, left: int) -> None:
    """Draws the picture from column ``left`` to its right edge onto ``ground``, chequered where it is transparent."""
    width, height = picture.get_width() - left, picture.get_height()
    if width > 0:
        picture.composite_color(
            ground, left, 0, width, height, 0, 0, 1, 1,
            GdkPixbuf.InterpType.NEAREST, 255, left, 0, _CHECK_SIZE, _DARK, _LIGHT,
        )  # fmt: skip
