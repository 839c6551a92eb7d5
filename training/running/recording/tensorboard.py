"""Writes event files for TensorBoard, on request. ``tensorboard --logdir runs`` shows them."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from training.errors import InputError


def check_installed() -> None:
    """Raises InputError when TensorBoard, which is an extra, is not installed."""
    if importlib.util.find_spec("tensorboard") is None:
        raise InputError(
            "--tensorboard needs TensorBoard, which is not installed; run pip install 'pleinair[tensorboard]', or "
            "leave it out: metrics.jsonl and previews/ show the same."
        )


class TensorBoard:
    """Writes scalars and previews by the number of images seen."""

    def __init__(self, folder: Path, images_seen: int) -> None:
        """Continues in ``folder`` after ``images_seen``; TensorBoard then ignores what lies beyond that point."""
        from torch.utils.tensorboard import SummaryWriter  # an extra, and slow to import

        self._writer = SummaryWriter(folder, purge_step=images_seen + 1, flush_secs=10)

    def add(self, images_seen: int, values: Mapping[str, float]) -> None:
        """Writes these scalars by their names."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, images_seen)

    def add_preview(self, images_seen: int, png: bytes) -> None:
        """Writes a preview, the contents of a PNG file."""
        with Image.open(io.BytesIO(png)) as image:
            self._writer.add_image("preview", np.asarray(image), images_seen, dataformats="HWC")

    def close(self) -> None:
        """Writes out what is still buffered."""
        self._writer.close()
