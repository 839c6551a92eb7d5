"""Converts pictures of 1 to 4 channels to what people can look at."""

from __future__ import annotations

import io

from PIL import Image
from torch import Tensor

from training.data.batches import to_pictures


def to_image(picture: Tensor) -> Image.Image:
    """(1, c, h, w) in [-1, 1] -> an RGB picture."""
    return Image.fromarray(to_pictures(as_rgb(picture))[0])


def as_rgb(pictures: Tensor) -> Tensor:
    """(n, c, h, w) in [-1, 1] -> (n, 3, h, w): grey is repeated; with alpha (c is 2 or 4) they are laid on white."""
    if pictures.shape[1] in (2, 4):
        colour, alpha = pictures[:, :-1], (pictures[:, -1:] + 1) / 2
        pictures = 1 - alpha * (1 - colour)
    return pictures.expand(-1, 3, -1, -1)


def encode(image: Image.Image, kind: str) -> bytes:
    """Returns the contents of an image file; ``kind`` is Pillow's name for its format."""
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()
