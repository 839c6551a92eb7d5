"""A small copy of what will be translated, or of a part of it, and of its translation, blended by GIMP itself."""

from __future__ import annotations

from collections.abc import Callable

from gi.repository import Gegl, Gimp

from ..client.wire import Buffer
from ..core.area import Area
from ..core.look import Look
from ..core.pixels import Pixels, crop
from ..core.preview_frame import Frame
from ..core.translation_jobs import TranslationRequest
from . import layers, pixels
from .blank import picture_like
from .pixels import rectangle

_SHOWN = "R'G'B'A u8"
Framing = Callable[[Area, "tuple[int, int]"], Frame]  # takes the selected area and the drawable's size


class Sample:
    """Two small layers, before and after, in a hidden picture of their own, which ``close`` deletes."""

    def __init__(self, image: Gimp.Image, layer: Gimp.Layer | None, framing: Framing) -> None:
        """Reads ``layer``, or the visible picture when None; ``framing`` chooses the part that is shown."""
        with layers.readable(image, layer) as drawable:
            size = drawable.get_width(), drawable.get_height()
            self.frame = framing(layers.selected_area(image, drawable) or Area(0, 0, *size), size)
            self._format = pixels.preview_format(drawable)
            self._sent = pixels.read(drawable, self.frame.sent, self._format, self.frame.scale)
        self._picture = picture_like(image, self.width, self.height, Gimp.Precision.U8_NON_LINEAR)
        self._below = self._layer(self._sent)
        self._above: Gimp.Layer | None = None

    @property
    def width(self) -> int:
        return self.frame.shown.width

    @property
    def height(self) -> int:
        return self.frame.shown.height

    def close(self) -> None:
        self._picture.delete()

    def request(self, filter_id: str) -> TranslationRequest:
        return TranslationRequest.of(filter_id, Pixels(self.frame.sent, self._format, self._sent))

    def take(self, after: Buffer | None) -> None:
        """Takes the translation's pixels; None removes the earlier translation."""
        if self._above is not None:
            self._picture.remove_layer(self._above)
        self._above = None if after is None else self._layer(after)

    def shown_before(self) -> bytes:
        """Returns the pixels as red, green, blue and alpha in sRGB, 8 bits each."""
        return self._shown(self._below)

    def shown_after(self, look: Look) -> bytes | None:
        """Returns the sample with its translation blended onto it as ``look`` says, in the form of ``shown_before``;
        None without a translation."""
        if self._above is None:
            return None
        layers.give_look(self._above, look)
        blended = Gimp.Layer.new_from_visible(self._picture, self._picture, "blended")
        try:
            return self._shown(blended)
        finally:
            blended.delete()

    def _layer(self, content: Buffer) -> Gimp.Layer:
        grey = self._picture.get_base_type() == Gimp.ImageBaseType.GRAY
        kind = Gimp.ImageType.GRAYA_IMAGE if grey else Gimp.ImageType.RGBA_IMAGE
        made = Gimp.Layer.new(self._picture, "", self.width, self.height, kind, 100, Gimp.LayerMode.NORMAL)
        shown = crop(content, self.frame.sent, self.frame.shown, self._format.pixel_bytes)
        pixels.write(made, self._format, shown)
        self._picture.insert_layer(made, None, 0)
        return made

    def _shown(self, layer: Gimp.Layer) -> bytes:
        area = Area(0, 0, self.width, self.height)
        return layer.get_buffer().get(rectangle(area), 1.0, _SHOWN, Gegl.AbyssPolicy.NONE)
