"""Pictures of how training goes."""

from __future__ import annotations

import io

import torch
from PIL import Image, ImageOps
from torch import Tensor

from training.computing.vision import make_grid
from training.data.batches import to_pictures


def preview_png(sources: Tensor, translated: Tensor, targets: Tensor) -> bytes:
    """A PNG with three rows: source pictures, their translations, target pictures. Each (n, c, h, w) in [-1, 1]."""
    sources, translated, targets = (as_rgb(pictures) for pictures in (sources, translated, targets))
    columns = len(sources)
    blank = torch.ones_like(sources)
    third_row = torch.cat([targets, blank])[:columns]
    grid = make_grid(torch.cat([sources, translated, third_row]), columns)
    return encode(to_image(grid[None]), "PNG")


def picture_png(picture: Tensor) -> bytes:
    """(1, c, h, w) in [-1, 1] -> the picture alone."""
    return encode(to_image(picture), "PNG")


def thumbnail_webp(before: Tensor, after: Tensor, size: int = 128) -> bytes:
    """Before and after side by side, each ``size`` x ``size`` from the middle. Tensors (1, c, h, w) in [-1, 1]."""
    both = Image.new("RGB", (2 * size, size))
    for place, picture in enumerate((before, after)):
        both.paste(ImageOps.fit(to_image(picture), (size, size), Image.Resampling.LANCZOS), (place * size, 0))
    return encode(both, "WEBP")


def to_image(picture: Tensor) -> Image.Image:
    """(1, c, h, w) in [-1, 1] -> an RGB picture."""
    return Image.fromarray(to_pictures(as_rgb(picture))[0])


def as_rgb(pictures: Tensor) -> Tensor:
    """(n, c, h, w) in [-1, 1] -> (n, 3, h, w) for people: grey as grey, alpha (c of 2 and 4) laid on white."""
    if pictures.shape[1] in (2, 4):
        colour, alpha = pictures[:, :-1], (pictures[:, -1:] + 1) / 2
        pictures = 1 - alpha * (1 - colour)
    return pictures.expand(-1, 3, -1, -1)


def encode(image: Image.Image, kind: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()
