"""Layers to translate, as an editor gives them."""

from __future__ import annotations

from plugins.client.messages import Channels, PixelFormat, SampleType, TranslateHeader

SAMPLE_BYTES = {SampleType.UINT8: 1, SampleType.UINT16: 2, SampleType.FLOAT16: 2, SampleType.FLOAT32: 4}


def header(
    filter_id: str = "inverting",
    *,
    width: int = 2,
    height: int = 2,
    channels: int = Channels.RGBA,
    sample_type: int = SampleType.UINT8,
) -> TranslateHeader:
    pixel_format = PixelFormat(channels=channels, sample_type=sample_type)
    return TranslateHeader(filter_id=filter_id, width=width, height=height, pixel_format=pixel_format)


def pixels_for(header: TranslateHeader) -> bytes:
    """Opaque pixels of one colour, which are numbers in every sample type."""
    assert header.pixel_format is not None
    size = SAMPLE_BYTES[header.pixel_format.sample_type]
    return b"\x01" * (header.width * header.height * header.pixel_format.channels * size)
