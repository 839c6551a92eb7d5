"""Measures how well a translated picture keeps the structure of its source."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from training.data.channels import LUMA
from training.metrics.values import Picture, as_tensor

_SOBEL = ((-1.0, 0.0, 1.0), (-2.0, 0.0, 2.0), (-1.0, 0.0, 1.0))


def gradient_correlation(a: Picture, b: Picture) -> float:
    """Returns how well the luminance gradients of two pictures of one size agree, in [-1, 1].

    It is the cosine of the angle between the two fields of Sobel gradients, each taken as one long vector: 1 when only
    brightness and contrast differ, -1 for a picture and its negative, 0 when a picture has no gradient at all.
    Pictures are of the kinds that ``as_tensor`` accepts. Raises ValueError when the sizes differ or a side is below 3
    pixels.
    """
    fields = [_gradients(as_tensor(picture, torch.device("cpu"))) for picture in (a, b)]
    if fields[0].shape != fields[1].shape:
        raise ValueError("gradients of pictures of different sizes cannot be compared")
    x, y = (field.flatten().double() for field in fields)
    norms = x.norm() * y.norm()
    return float((x @ y / norms).clamp(-1, 1)) if norms > 0 else 0.0


def _gradients(picture: Tensor) -> Tensor:
    """(3, h, w) -> (1, 2, h - 2, w - 2): gradients along x and along y."""
    if min(picture.shape[1:]) < 3:
        raise ValueError("gradients need pictures of at least 3 pixels a side")
    luminance = torch.einsum("c,chw->hw", picture.new_tensor(LUMA), picture)
    sobel = picture.new_tensor(_SOBEL)
    return F.conv2d(luminance[None, None], torch.stack([sobel, sobel.T])[:, None])
