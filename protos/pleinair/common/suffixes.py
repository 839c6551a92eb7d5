"""The lower-case suffixes by which picture files are found in folders."""

from __future__ import annotations

SERVED = (".png", ".jpg", ".jpeg", ".webp")  # the server, its commands and the editors
TRAINED_ON = (*SERVED, ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm")  # training.fit
