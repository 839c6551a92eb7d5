"""A quick preview of what the filter would make of the visible part of the picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from krita import Node

from ..client.wire import Buffer
from ..core.area import Area
from ..core.pixels import Pixels
from ..core.preview_region import Region, differs_from_the_whole, preview_region
from ..core.problems import Problem
from ..core.steps import Steps
from ..core.texts import _
from ..core.translation_jobs import TranslationRequest
from .document import KritaDocument
from .pixels import SRGB, Space, format_of
from .qt import QImage, QPainter, QPoint, Qt
from .scratch import converter
from .sources import KritaSource

_SCREEN = Space("RGBA", "U8", SRGB)
_FORMAT = format_of(_SCREEN)
Convert = Callable[[bytes, int, int], bytes]

_BAND_PIXELS = 256 << 10


@dataclass(frozen=True)
class BeforeAndAfter:
    """Two pictures of the same size. ``exact`` says whether the full run would give the same result."""

    before: QImage
    after: QImage
    exact: bool


@dataclass(frozen=True)
class Glance:
    """The visible part of a source, in the size that is translated. ``exact`` is as in BeforeAndAfter."""

    before: QImage
    exact: bool

    def request(self, filter_id: str) -> TranslationRequest:
        width, height = self.before.width(), self.before.height()
        return TranslationRequest.of(filter_id, Pixels(Area(0, 0, width, height), _FORMAT, _bytes_of(self.before)))

    def preview(self, translation: Buffer) -> BeforeAndAfter:
        width, height = self.before.width(), self.before.height()
        return BeforeAndAfter(self.before, _image(bytes(translation), width, height, width, height), self.exact)


def glance(
    document: KritaDocument, node: Node | None, choice: str, visible: tuple[float, float, float, float] | None
) -> Steps[Glance]:
    """Reads what is visible of a layer or the picture; ``visible`` is as ``visible_part`` returns it. Raises Problem
    when there is nothing to show."""
    yield from document.idle()
    with document.capture(node, choice, with_selection=False) as source:
        area = source.sent
        shifted = None if visible is None else (visible[0] - area.x, visible[1] - area.y, visible[2], visible[3])
        region = preview_region((area.width, area.height), shifted)
        if region is None:
            raise Problem(_("No part of it is in view."), "")
        before = yield from _shrunk(source, region)
    return Glance(before, not differs_from_the_whole(region, (area.width, area.height)))


def _shrunk(source: KritaSource, region: Region) -> Steps[QImage]:
    """Returns the region in 8-bit sRGB, in the size that is sent."""
    picture = QImage(region.sent_width, region.sent_height, QImage.Format.Format_ARGB32)
    rows = max(1, _BAND_PIXELS * region.sent_height // (region.width * region.height))
    with converter(source.space, _SCREEN) as convert:
        for top in range(0, region.sent_height, rows):
            bottom = min(top + rows, region.sent_height)
            _draw_band(picture, source, region, convert, top, bottom)
            yield
    return picture


def _draw_band(
    picture: QImage,
    source: KritaSource,
    region: Region,
    convert: Callable[[bytes, int, int], bytes],
    top: int,
    bottom: int,
) -> None:
    first, last = (row * region.height // region.sent_height for row in (top, bottom))
    band = Area(source.sent.x + region.x, source.sent.y + region.y + first, region.width, last - first)
    pixels = convert(source.pixels(band), band.width, band.height)
    painter = QPainter(picture)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
    painter.drawImage(QPoint(0, top), _image(pixels, band.width, band.height, region.sent_width, bottom - top))
    painter.end()


def _bytes_of(picture: QImage) -> bytes:
    """Returns pixels as blue, green, red and alpha; lines of 32-bit pixels have no padding."""
    bits = picture.constBits()
    bits.setsize(picture.width() * picture.height() * 4)
    return bytes(bits)


def _image(pixels: bytes, width: int, height: int, wanted_width: int, wanted_height: int) -> QImage:
    """Returns a picture of the wanted size that owns its memory."""
    picture = QImage(pixels, width, height, width * 4, QImage.Format.Format_ARGB32)
    if (width, height) == (wanted_width, wanted_height):
        return picture.copy()
    return picture.scaled(
        wanted_width, wanted_height, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    )
