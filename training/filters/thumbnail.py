"""Makes the thumbnail that a filter file carries."""

from __future__ import annotations

from PIL import Image, ImageOps
from torch import Tensor

from training.data.display import encode, to_image


def thumbnail_webp(before: Tensor, after: Tensor, size: int = 128) -> bytes:
    """Returns a WebP file of two pictures (1, c, h, w) in [-1, 1] side by side, each scaled and cropped to ``size`` x
    ``size``."""
    both = Image.new("RGB", (2 * size, size))
    for place, picture in enumerate((before, after)):
        both.paste(ImageOps.fit(to_image(picture), (size, size), Image.Resampling.LANCZOS), (place * size, 0))
    return encode(both, "WEBP")
