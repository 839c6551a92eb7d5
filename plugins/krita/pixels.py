"""How the pixels of each of Krita's colour spaces are sent. This module uses neither Krita nor Qt.

Krita stores integer colours blue first and float colours red first, with straight alpha last and without padding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from ..client.messages import ChannelOrder, Channels, SampleType, TransferFunction
from ..core.pixels import WireFormat
from ..core.problems import Problem
from ..core.texts import _

SRGB = "sRGB-elle-V2-srgbtrc.icc"
SRGB_GREY = "Gray-D50-elle-V2-srgbtrc.icc"

# Krita's names for the profiles that the wire can describe. Pixels with any other are converted.
_TRANSFER = {
    SRGB: TransferFunction.SRGB,
    "sRGB-elle-V4-srgbtrc.icc": TransferFunction.SRGB,
    "sRGB built-in": TransferFunction.SRGB,
    "sRGB IEC61966-2.1": TransferFunction.SRGB,
    "sRGB-elle-V2-g10.icc": TransferFunction.LINEAR,
    "sRGB-elle-V4-g10.icc": TransferFunction.LINEAR,
    "krita-2.5, lcms sRGB built-in with linear gamma TRC": TransferFunction.LINEAR,
    "scRGB (linear)": TransferFunction.LINEAR,
    SRGB_GREY: TransferFunction.SRGB,
    "Gray-D50-elle-V4-srgbtrc.icc": TransferFunction.SRGB,
    "Gray-D50-elle-V2-g10.icc": TransferFunction.LINEAR,
    "Gray-D50-elle-V4-g10.icc": TransferFunction.LINEAR,
}
_SAMPLES = {"U8": SampleType.UINT8, "U16": SampleType.UINT16, "F16": SampleType.FLOAT16, "F32": SampleType.FLOAT32}
_SAMPLE_BYTES = {"U8": 1, "U16": 2, "F16": 2, "F32": 4}
_CHANNELS = {"RGBA": Channels.RGBA, "GRAYA": Channels.GREY_ALPHA}
_CHANNEL_COUNT = {"RGBA": 4, "GRAYA": 2}


@dataclass(frozen=True)
class Space:
    """A colour space as Krita names it."""

    model: str
    depth: str
    profile: str

    @property
    def pixel_bytes(self) -> int:
        return _SAMPLE_BYTES[self.depth] * _CHANNEL_COUNT[self.model]


def wire_format(space: Space) -> WireFormat:
    """Returns the format in which pixels of this space are sent: unconverted where the wire can describe the space.
    Raises Problem for a space that filters cannot read, such as CMYK."""
    if space.model not in _CHANNELS or space.depth not in _SAMPLES:
        raise Problem(
            _("The layer uses {model} colours, which filters cannot read.").format(model=space.model.rstrip("A")),
            _(
                "Convert it to RGB with Layer > Convert > Convert Layer Color Space, or the whole picture with "
                "Image > Convert Image Color Space."
            ),
        )
    return format_of(space if space.profile in _TRANSFER else _converted(space))


def format_of(space: Space) -> WireFormat:
    """Returns the format that sends pixels of this space unconverted. Raises KeyError if there is none."""
    integers = space.depth in ("U8", "U16")
    return WireFormat(
        _CHANNELS[space.model],
        _SAMPLES[space.depth],
        _TRANSFER[space.profile],
        ChannelOrder.BGR if integers and space.model == "RGBA" else ChannelOrder.RGB,
        asdict(space),
    )


def space_in(own: Mapping[str, str]) -> Space:
    """Returns the space that a format's ``own`` describes. Raises KeyError for any other mapping."""
    return Space(own["model"], own["depth"], own["profile"])


def _converted(space: Space) -> Space:
    """Returns an sRGB space that is deep enough for converting there and back to lose nothing that the eye or 8 bits
    can show. Between grey curves 16 bits are too few for that in dark tones."""
    if space.model == "GRAYA":
        return Space("GRAYA", "F32", SRGB_GREY)
    return Space("RGBA", "U16" if space.depth == "U8" else space.depth, SRGB)
