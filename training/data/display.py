"""Pictures of any number of channels as people see them."""

from __future__ import annotations

import io

from PIL import Image
from torch import Tensor

from training.data.batches import to_pictures


def to_image(picture: Tensor) -> Image.Image:
    """(1, c, h, w) in [-1, 1] -> an RGB picture."""
    return Image.fromarray(to_pictures(as_rgb(picture))[0])


def as_rgb(pictures: Tensor) -> Tensor:
    """(n, c, h, w) in [-1, 1] -> (n, 3, h, w): grey is repeated, alpha (c of 2 and 4) laid on white."""
    if pictures.shape[1] in (2, 4):
        colour, alpha = pictures[:, :-1], (pictures[:, -1:] + 1) / 2
        pictures = 1 - alpha * (1 - colour)
    return pictures.expand(-1, 3, -1, -1)


def encode(image: Image.Image, kind: str) -> bytes:
    """The file's contents; ``kind`` as Pillow calls it."""
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()
