"""Pictures in GIMP whose pixels the tests know."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.hosts.gimp.remote import Gimp

SAMPLES: dict[str, Any] = {
    "U8": np.uint8,
    "U16": np.uint16,
    "U32": np.uint32,
    "HALF": np.float16,
    "FLOAT": np.float32,
    "DOUBLE": np.float64,
}
SIZE = (23, 17)  # width, height: no multiple of anything
PLACE = (-3, 5)  # partly outside the picture
BLOCK = (14, 12, 12, 6)  # x, y, width, height: with 12 more on each side it is still inside


@dataclass(frozen=True)
class Bench:
    """Makes pictures in one GIMP and looks at them."""

    gimp: Gimp

    def image(self, precision: str = "U8_NON_LINEAR", base: str = "RGB", profile: str = "") -> int:
        made: int = self.gimp.new_image(width=40, height=30, precision=precision, base=base, profile=profile)
        return made

    def layer(
        self,
        image: int,
        pixels: np.ndarray,
        *,
        name: str = "layer",
        place: tuple[int, int] = PLACE,
        parent: int = 0,
    ) -> int:
        """``pixels`` are height x width x channels, in the image's own kind of samples."""
        height, width, channels = pixels.shape
        made: int = self.gimp.new_layer(
            image=image,
            name=name,
            size=[width, height],
            place=list(place),
            alpha=channels in (2, 4),
            pixels=base64.b64encode(pixels.tobytes()).decode(),
            parent=parent,
        )
        return made

    def pixels(self, item: int, like: np.ndarray) -> np.ndarray:
        """Of a layer of the same size as ``like``."""
        return np.frombuffer(self.gimp.raw(item), like.dtype).reshape(like.shape)

    def srgb(self, item: int) -> np.ndarray:
        """A layer of the usual size as GIMP shows it: floats, white is 1, with alpha."""
        return np.frombuffer(base64.b64decode(self.gimp.srgb(item=item)), np.float32).reshape(*SIZE[::-1], 4)

    def mask(self, layer: int, pixels: np.ndarray) -> int:
        made: int = self.gimp.give_mask(layer=layer, pixels=base64.b64encode(pixels.tobytes()).decode())
        return made

    def selection(self, image: int, dtype: Any) -> np.ndarray:
        """Where the layers lie, in the image's own kind of samples."""
        raw = self.gimp.selection(image=image, area=[*PLACE, *SIZE])
        return np.frombuffer(base64.b64decode(raw), dtype).reshape(SIZE[::-1])

    def visible(self, image: int) -> np.ndarray:
        """Of an 8-bit RGB picture, with alpha."""
        return np.frombuffer(base64.b64decode(self.gimp.visible(image=image)), np.uint8).reshape(30, 40, 4)

    def group(self, image: int, name: str, parent: int = 0) -> int:
        made: int = self.gimp.new_group(image=image, name=name, parent=parent)
        return made

    def block(
        self,
        image: int,
        area: tuple[int, int, int, int] = BLOCK,
        colour: tuple[int, ...] = (200, 100, 50, 255),
        *,
        parent: int = 0,
    ) -> int:
        """A layer of an 8-bit picture in one colour, at x, y, width, height."""
        x, y, width, height = area
        return self.layer(image, np.full((height, width, len(colour)), colour, np.uint8), place=(x, y), parent=parent)

    def kept(self, image: int, source: int, **arguments: Any) -> dict[str, Any]:
        """Translates ``source`` by a filter that changes nothing. Gives what is known of the result, after making sure
        that with the result in the source's place the picture looks as before, and that the source is as it was."""
        before, pictures = self.visible(image), self.gimp.pictures()
        group, told = self.gimp.parent(layer=source), self.gimp.told(layer=source)
        # GIMP ends a plug-in that reads a group of layers whose effects reach beyond it.
        raw = "" if told["group"] else self.gimp.raw(source)
        assert self.translate(image, source, filter="identity", **arguments) == ""
        assert self.gimp.told(layer=source) == told and self.gimp.pictures() == pictures
        assert raw == ("" if told["group"] else self.gimp.raw(source))
        beside = self.gimp.layers(**({"group": group} if group else {"image": image}))
        result: dict[str, Any] = beside[[layer["id"] for layer in beside].index(source) - 1]
        self.gimp.arrange(layer=source, shown=False)
        assert before[..., 3].any()
        np.testing.assert_allclose(seen(self.visible(image)), seen(before), rtol=0, atol=1.5)
        return result

    def translate(self, image: int, *drawables: int, **arguments: Any) -> str:
        """Gives the error's sentences, empty on success."""
        status, message = self.gimp.translate(image=image, drawables=drawables, **arguments)
        assert (status == "SUCCESS") == (not message), (status, message)
        return str(message)


def noise(kind: str, channels: int, size: tuple[int, int] = SIZE, seed: int = 7) -> np.ndarray:
    """Every value that a sample of this kind can have between black and white."""
    dtype = np.dtype(SAMPLES[kind])
    generator = np.random.default_rng(seed)
    shape = (size[1], size[0], channels)
    if dtype.kind == "u":
        return generator.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)
    return generator.random(shape).astype(dtype)


def seen(pixels: np.ndarray) -> np.ndarray:
    """8-bit colours with their alpha multiplied in: what is transparent has none."""
    alpha = pixels[..., 3:].astype(np.float64)
    return np.concatenate([pixels[..., :3] * alpha / 255, alpha], axis=2)


def unit(pixels: np.ndarray) -> np.ndarray:
    """As doubles, white is 1."""
    scale = np.iinfo(pixels.dtype).max if pixels.dtype.kind == "u" else 1
    return pixels.astype(np.float64) / scale


def to_srgb(linear: np.ndarray) -> np.ndarray:
    """IEC 61966-2-1."""
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 0.0031308) ** (1 / 2.4) - 0.055)


def to_linear(encoded: np.ndarray) -> np.ndarray:
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def inverted(pixels: np.ndarray, *, linear: bool) -> np.ndarray:
    """What the inverting filter makes of colours, in the unit range; alpha stays, and so does what nobody sees."""
    values = unit(pixels)
    alpha = pixels.shape[2] in (2, 4)
    shown = values[..., :-1] if alpha else values
    changed = to_linear(1 - to_srgb(shown)) if linear else 1 - shown
    values[..., : shown.shape[2]] = np.where(values[..., -1:] == 0, shown, changed) if alpha else changed
    return values
