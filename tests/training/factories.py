"""Small pictures, folders and runs for the tests of training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from training.config import FitConfig
from training.data.cache import Entry, digest_of
from training.data.folders import PictureFolder
from training.data.reading import Reading
from training.methods.registry import preset_config

TINY = {
    "width": 4,
    "blocks": 1,
    "discriminator_width": 4,
    "head_width": 8,
    "patches": 16,
    "load_size": 36,
    "crop_size": 32,
    "precision": "fp32",  # the same on every machine
}
TINY_ARGUMENTS = [text for name, value in TINY.items() for text in (f"--{name.replace('_', '-')}", str(value))]

TINY_SINCUT = {
    "width": 1,
    "blocks": 4,
    "discriminator_width": 1,
    "head_width": 8,
    "crop_size": 32,
    "batch": 4,
    "precision": "fp32",
}


TINY_READING = Reading("resize", load_size=36, crop_size=32)


def tiny_config(preset: str = "cut", **options: object) -> FitConfig:
    return preset_config(preset, **{**TINY, **options})


def tiny_sincut_config(**options: object) -> FitConfig:
    return preset_config("sincut", **{**TINY_SINCUT, **options})


def gradient(width: int = 40, height: int = 40, seed: int = 0) -> Image.Image:
    """An RGB picture whose every pixel differs from its neighbours."""
    y, x = np.mgrid[:height, :width]
    levels = np.stack([x * 5 + seed * 40, y * 5, x + y + seed], axis=-1)
    return Image.fromarray((levels % 256).astype(np.uint8))


def picture_folder(path: Path, count: int = 3, *, size: int = 40, seed: int = 0) -> Path:
    """A folder with ``count`` different PNG files, 0.png, 1.png, ..."""
    path.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        gradient(size, size, seed + index).save(path / f"{index}.png")
    return path


def two_folders(path: Path) -> list[str]:
    """Command-line arguments that name two small folders of different pictures."""
    source, target = picture_folder(path / "source"), picture_folder(path / "target", 2, seed=5)
    return ["--source", str(source), "--target", str(target)]


def folder_of(*pictures: np.ndarray, name: str = "folder") -> PictureFolder:
    """A folder as if it had been read, of pictures (h, w, channels) uint8."""
    files = [Entry(f"{i}.png", p.shape[1], p.shape[0], p.shape, digest_of(p)) for i, p in enumerate(pictures)]
    return PictureFolder(Path(name), pictures, files)


def noise(height: int, width: int, channels: int = 3, seed: int = 0) -> np.ndarray:
    """(h, w, channels) uint8 without any order."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), np.uint8)
