"""A quick look at what the filter would make of the part of the picture that is seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..client.messages import ChannelOrder, Channels, SampleType
from ..core.area import Area
from ..core.jobs import TranslationRequest
from ..core.preview import Region, differs_from_the_whole, preview_region
from ..core.session import Session
from ..core.texts import _
from . import host
from .pixels import SRGB, Space, wire_format
from .problems import Problem
from .qt import QImage, QPainter, QPoint, Qt
from .scratch import converter
from .sources import Source, find_source
from .steps import WAIT, Steps

_SCREEN = Space("RGBA", "U8", SRGB)
_BAND_PIXELS = 256 << 10


@dataclass(frozen=True)
class Preview:
    """Both pictures in one size. ``exact`` when the full run would give the same."""

    before: QImage
    after: QImage
    exact: bool


def preview(
    document: Any,
    node: Any,
    choice: str,
    visible: tuple[float, float, float, float] | None,
    filter_id: str,
    session: Session,
) -> Steps[Preview]:
    """Raises Problem when there is nothing to show."""
    yield from host.until_idle(document)
    source = find_source(document, node, choice, with_selection=False)
    wire_format(source.space)  # refuses what Apply would refuse
    area = source.area
    shifted = None if visible is None else (visible[0] - area.x, visible[1] - area.y, visible[2], visible[3])
    region = preview_region((area.width, area.height), shifted)
    if region is None:
        raise Problem(_("Nothing of it is in view."), "")
    before = yield from _shrunk(source, region)
    after = yield from _translated(before, filter_id, session)
    return Preview(before, after, not differs_from_the_whole(region, (area.width, area.height)))


def _shrunk(source: Source, region: Region) -> Steps[QImage]:
    """The region in 8-bit sRGB, in the size that is sent."""
    picture = QImage(region.sent_width, region.sent_height, QImage.Format.Format_ARGB32)
    rows = max(1, _BAND_PIXELS * region.sent_height // (region.width * region.height))
    with converter(source.space, _SCREEN) as convert:
        for top in range(0, region.sent_height, rows):
            bottom = min(top + rows, region.sent_height)
            _draw_band(picture, source, region, convert, top, bottom)
            yield
    return picture


def _draw_band(
    picture: QImage, source: Source, region: Region, convert: Callable[[bytes, int, int], bytes], top: int, bottom: int
) -> None:
    first, last = (row * region.height // region.sent_height for row in (top, bottom))
    band = Area(source.area.x + region.x, source.area.y + region.y + first, region.width, last - first)
    pixels = convert(source.pixels(band), band.width, band.height)
    painter = QPainter(picture)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
    painter.drawImage(QPoint(0, top), _image(pixels, band.width, band.height, region.sent_width, bottom - top))
    painter.end()


def _translated(before: QImage, filter_id: str, session: Session) -> Steps[QImage]:
    width, height = before.width(), before.height()
    request = TranslationRequest(
        filter_id,
        width,
        height,
        Channels.RGBA,
        SampleType.UINT8,
        _bytes_of(before),
        channel_order=ChannelOrder.BGR,
    )
    job = session.submit(request, done=lambda _job: None, lane="preview")
    try:
        while not job.ended:
            yield WAIT
    finally:
        job.cancel()  # for nothing once it has ended; else somebody wants another preview
    if job.pixels is None:
        raise Problem(*(job.error or (_("The preview was cancelled."), "")))
    return _image(bytes(job.pixels), width, height, width, height)


def _bytes_of(picture: QImage) -> bytes:
    """Blue, green, red, alpha; lines of 32-bit pixels have no padding."""
    bits = picture.constBits()
    bits.setsize(picture.width() * picture.height() * 4)
    return bytes(bits)


def _image(pixels: bytes, width: int, height: int, wanted_width: int, wanted_height: int) -> QImage:
    """A picture with memory of its own."""
    picture = QImage(pixels, width, height, width * 4, QImage.Format.Format_ARGB32)
    if (width, height) == (wanted_width, wanted_height):
        return picture.copy()
    return picture.scaled(
        wanted_width, wanted_height, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    )
