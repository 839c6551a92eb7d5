"""Procedural landscapes, rendered as a painting and as a photo of the same scene.

Since both renderings of a scene can be made, the right translation of a painting into a photo is known, and training
can be measured. ``python -m training.data.synthetic DIR`` writes unpaired training folders, ``trainA`` (paintings) and
``trainB`` (photos of other scenes).
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

STROKE_LENGTH, STROKE_WIDTH = 14, 4  # pixels, whatever the size of the picture
STROKE_ANGLES = (-70, -35, -10, 0, 25, 60)  # degrees; each material has one of them


class Material(IntEnum):
    SKY = 0
    CLOUD = 1
    SUN = 2
    FAR_HILL = 3
    NEAR_HILL = 4
    WATER = 5
    GRASS = 6
    TREE = 7
    WALL = 8
    ROOF = 9


PHOTO_COLOURS = np.array(
    [
        (126, 172, 214),
        (232, 236, 240),
        (255, 248, 214),
        (128, 150, 168),
        (86, 112, 78),
        (58, 106, 134),
        (118, 142, 70),
        (44, 74, 42),
        (206, 198, 184),
        (148, 78, 60),
    ],
    dtype=np.float32,
)
# How the painter sees colour: at dusk, with blue turned to rose and green to brown. Rows give red, green and blue.
PAINTER = np.array([(0.55, 0.25, 0.25), (0.15, 0.55, 0.10), (0.20, 0.10, 0.45)], dtype=np.float32)
PAINTER_OFFSET = np.array((20, 5, 30), dtype=np.float32)


@dataclass(frozen=True)
class Scene:
    """A landscape as the material (h, w) and the light (h, w), around 1, at each pixel."""

    materials: Bytes
    light: Floats


def make_scene(rng: np.random.Generator, height: int, width: int) -> Scene:
    """Draws a landscape with sky, hills, water or meadow, trees and houses; it needs at least 32 x 32 pixels."""
    image = Image.new("L", (width, height), Material.SKY)
    draw = ImageDraw.Draw(image)
    horizon = rng.uniform(0.4, 0.6) * height
    _sky(draw, rng, width, horizon)
    _ridge(draw, rng, horizon - 0.06 * height, 0.10 * height, Material.FAR_HILL, width, height)
    _ridge(draw, rng, horizon + 0.02 * height, 0.07 * height, Material.NEAR_HILL, width, height)
    shore = horizon + rng.uniform(0.06, 0.14) * height
    _ridge(draw, rng, shore, 0.01 * height, rng.choice([Material.WATER, Material.GRASS]), width, height)
    _ridge(draw, rng, rng.uniform(0.75, 0.85) * height, 0.04 * height, Material.GRASS, width, height)
    for _ in range(rng.integers(1, 4)):
        _house(draw, rng, width, height)
    for _ in range(rng.integers(4, 10)):
        _tree(draw, rng, width, height)
    light = 1 + 0.12 * (_smooth_noise(rng, height, width, height // 3 + 1) - 0.5)
    return Scene(np.asarray(image), light * np.linspace(1.08, 0.92, height, dtype=np.float32)[:, None])


def render_photo(scene: Scene, rng: np.random.Generator) -> Bytes:
    """Renders the scene in natural light with a little grain: (h, w, 3)."""
    colour = PHOTO_COLOURS[scene.materials] * scene.light[..., None]
    height, width = scene.materials.shape
    grain = rng.normal(0, 2, (height, width, 1)).astype(np.float32)
    return _to_bytes(_soften(colour) + grain)


def render_painting(scene: Scene, rng: np.random.Generator) -> Bytes:
    """Renders the scene in the painter's colours, with brush strokes and unsteady outlines: (h, w, 3)."""
    height, width = scene.materials.shape
    strokes = _strokes(rng, scene.materials)
    wobble = ((strokes - 0.5) * STROKE_WIDTH).round().astype(int)
    rows = (np.arange(height)[:, None] + wobble).clip(0, height - 1)
    columns = (np.arange(width)[None, :] - wobble).clip(0, width - 1)
    colour = (PHOTO_COLOURS[scene.materials] * scene.light[..., None])[rows, columns]
    painted = colour @ PAINTER.T + PAINTER_OFFSET
    return _to_bytes(painted * (0.88 + 0.24 * strokes[..., None]))


def write_folders(root: Path, *, pictures: int, size: int, seed: int) -> None:
    """Writes ``trainA`` and ``trainB`` below ``root``: paintings and photos of different scenes, size x size PNG."""
    for folder, render, domain in (("trainA", render_painting, 0), ("trainB", render_photo, 1)):
        (root / folder).mkdir(parents=True, exist_ok=True)
        for index in range(pictures):
            rng = np.random.default_rng((seed, domain, index))
            picture = render(make_scene(rng, size, size), rng)
            Image.fromarray(picture).save(root / folder / f"{index:03d}.png")


# Shapes


def _sky(draw: ImageDraw.ImageDraw, rng: np.random.Generator, width: int, horizon: float) -> None:
    x, y, r = rng.uniform(0, width), rng.uniform(0.1, 0.6) * horizon, 0.08 * horizon
    draw.ellipse((x - r, y - r, x + r, y + r), fill=Material.SUN)
    for _ in range(rng.integers(2, 6)):
        x, y = rng.uniform(0, width), rng.uniform(0.05, 0.8) * horizon
        for _ in range(5):
            dx, dy, r = rng.normal(0, 0.14 * horizon), rng.normal(0, 0.03 * horizon), rng.uniform(0.04, 0.1) * horizon
            draw.ellipse((x + dx - 2 * r, y + dy - r, x + dx + 2 * r, y + dy + r), fill=Material.CLOUD)


def _ridge(
    draw: ImageDraw.ImageDraw, rng: np.random.Generator, level: float, swing: float, fill: int, width: int, height: int
) -> None:
    """Fills everything below a wavy line."""
    x = np.linspace(0, 1, 64)
    y = sum(rng.normal(0, 1 / k) * np.sin(2 * np.pi * (k * x + rng.uniform())) for k in range(1, 7))
    line = [(float(a * width), float(level + swing * b)) for a, b in zip(x, np.asarray(y), strict=True)]
    draw.polygon([(0.0, float(height)), *line, (float(width), float(height))], fill=int(fill))


def _house(draw: ImageDraw.ImageDraw, rng: np.random.Generator, width: int, height: int) -> None:
    w, h = rng.uniform(0.07, 0.13) * height, rng.uniform(0.06, 0.1) * height
    x, y = rng.uniform(0, width - w), rng.uniform(0.62, 0.82) * height
    draw.rectangle((x, y - h, x + w, y), fill=Material.WALL)
    draw.polygon([(x - 0.1 * w, y - h), (x + 0.5 * w, y - 1.7 * h), (x + 1.1 * w, y - h)], fill=Material.ROOF)


def _tree(draw: ImageDraw.ImageDraw, rng: np.random.Generator, width: int, height: int) -> None:
    x, y, size = rng.uniform(0, width), rng.uniform(0.65, 0.97) * height, rng.uniform(0.05, 0.12) * height
    for _ in range(7):
        dx, dy, r = rng.normal(0, 0.35 * size), rng.normal(-size, 0.4 * size), rng.uniform(0.25, 0.5) * size
        draw.ellipse((x + dx - r, y + dy - r, x + dx + r, y + dy + r), fill=Material.TREE)


# Textures


def _strokes(rng: np.random.Generator, materials: Bytes) -> Floats:
    """Returns brush strokes (h, w) in [0, 1], whose direction depends on the material."""
    height, width = materials.shape
    side = int(np.hypot(height, width)) + 2 * STROKE_LENGTH
    strokes = np.empty((height, width), dtype=np.float32)
    for place, angle in enumerate(STROKE_ANGLES):
        noise = rng.random((side // STROKE_WIDTH + 1, side // STROKE_LENGTH + 1), dtype=np.float32)
        layer = Image.fromarray(noise).resize((side, side), Image.Resampling.BICUBIC).rotate(angle)
        top, left = (side - height) // 2, (side - width) // 2
        chosen = materials % len(STROKE_ANGLES) == place
        strokes[chosen] = np.asarray(layer)[top : top + height, left : left + width][chosen]
    return strokes.clip(0, 1)


def _smooth_noise(rng: np.random.Generator, height: int, width: int, period: int) -> Floats:
    noise = rng.random((height // period + 2, width // period + 2), dtype=np.float32)
    return np.asarray(Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC))


def _soften(colour: Floats) -> Floats:
    """Blurs edges slightly: a lens never shows one that is as hard as a polygon's."""
    picture = Image.fromarray(_to_bytes(colour)).filter(ImageFilter.GaussianBlur(0.7))
    return np.asarray(picture, dtype=np.float32)


def _to_bytes(colour: Floats) -> Bytes:
    return (colour + 0.5).clip(0, 255).astype(np.uint8)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training.data.synthetic", description="Writes training folders.")
    parser.add_argument("root", type=Path, help="folder for trainA (paintings) and trainB (photos)")
    parser.add_argument("--pictures", type=int, default=60, help="pictures in each folder (default: 60)")
    parser.add_argument("--size", type=int, default=192, help="width and height in pixels (default: 192)")
    parser.add_argument("--seed", type=int, default=0, help="for drawing the scenes (default: 0)")
    options = parser.parse_args(arguments)
    write_folders(options.root, pictures=options.pictures, size=options.size, seed=options.seed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
