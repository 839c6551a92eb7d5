"""Converts picture files to arrays and back, without colour management: an RGB picture keeps its values together with
its embedded colour profile, so a filter that changes nothing gives back the same picture."""

import io
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from server.pictures.png16 import encode_png16, read_samples

# Pillow's plug-ins and not Image.open, so that no other format is tried and only our own limit restricts the size.
_READERS: dict[str, type[ImageFile]] = {"PNG": PngImageFile, "JPEG": JpegImageFile, "WebP": WebPImageFile}


@dataclass(frozen=True)
class Picture:
    """H x W x 3 (RGB) or H x W x 4 (straight alpha) pixels, uint8 or uint16, and their RGB colour profile. ``notes``
    are sentences about what reading converted or left out."""

    pixels: NDArray[Any]
    icc_profile: bytes | None = None
    notes: tuple[str, ...] = ()


class PictureError(ValueError):
    """Raised for bytes that cannot be read as a picture; ``sentence`` says why and what to do."""

    def __init__(self, sentence: str, *, too_large: bool = False) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.too_large = too_large


def decode_picture(data: bytes, *, max_pixels: int) -> Picture:
    """Reads the first frame of a PNG, JPEG or WebP file, turned upright, with grey as RGB. Raises only PictureError."""
    kind = kind_of(data)
    try:
        _check_header(kind, data, max_pixels)
        image = _READERS[kind](io.BytesIO(data))
        _check_size(image.size, max_pixels)
        return _to_picture(image, data)
    except PictureError:
        raise
    except Image.DecompressionBombError as error:
        raise PictureError("The picture is too large to read; make it smaller.", too_large=True) from error
    except Exception as error:
        sentence = f"This {kind} file is damaged or incomplete and cannot be read; copy or export it again."
        raise PictureError(sentence) from error


def encode_png(picture: Picture) -> bytes:
    """Writes a PNG file with the picture's depth, alpha and colour profile."""
    if picture.pixels.dtype == np.uint16:
        return encode_png16(picture.pixels, picture.icc_profile)
    file = io.BytesIO()
    Image.fromarray(picture.pixels).save(file, "PNG", icc_profile=picture.icc_profile)
    return file.getvalue()


def kind_of(data: bytes) -> str:
    """Returns PNG, JPEG or WebP, judged by the file's first bytes. Raises PictureError for any other kind."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WebP"
    if not data:
        raise PictureError("The file is empty; expected a PNG, JPEG or WebP picture.")
    raise PictureError("This is not a PNG, JPEG or WebP picture; save it as one of these and try again.")


def _check_header(kind: str, data: bytes, max_pixels: int) -> None:
    """Checks the sizes that Pillow's readers check too late: WebP's allocates the whole picture when it is made, and
    PNG's does not tell a picture of 0 x 0 pixels from a broken one."""
    if kind == "PNG":
        _check_size(struct.unpack_from(">II", data, 16), max_pixels)
    elif kind == "WebP":
        _check_size(_webp_size(data), max_pixels)


def _webp_size(data: bytes) -> tuple[int, int]:
    """Returns a WebP picture's width and height from its first chunk (RFC 9649, sections 2.5 to 2.7)."""
    first = data[12:16]
    if first == b"VP8X":
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    if first == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack_from("<HH", data, 26)
    return width & 0x3FFF, height & 0x3FFF


def _check_size(size: tuple[int, ...], max_pixels: int) -> None:
    width, height = size
    if width * height == 0:
        raise PictureError(f"The picture is {width} x {height} pixels, so there is nothing in it; export it again.")
    if width * height > max_pixels:
        raise PictureError(
            f"The picture is {width:,} x {height:,} pixels and at most {max_pixels:,} pixels are accepted;"
            " make it smaller and try again.",
            too_large=True,
        )


def _to_picture(image: ImageFile, data: bytes) -> Picture:
    notes: list[str] = []
    frames = getattr(image, "n_frames", 1)
    if frames > 1:
        notes.append(f"It is an animation of {frames} frames; only the first one was used.")
    samples, transparent = _read(image, data, notes)
    pixels = _to_colour(samples, transparent)
    profile = _rgb_profile(image, notes)
    return Picture(_upright(pixels, _orientation(image, notes)), profile, tuple(notes))


def _read(image: ImageFile, data: bytes, notes: list[str]) -> tuple[NDArray[Any], tuple[int, ...] | None]:
    """Reads H x W x C samples (C = 1 to 4), and the colour that a PNG's tRNS chunk makes transparent, if there is
    one."""
    if image.mode == "CMYK":
        return np.asarray(_from_cmyk(image, notes)), None
    if image.mode == "P":
        return np.asarray(image.convert("RGBA" if image.has_transparency_data else "RGB")), None
    if isinstance(image, PngImageFile):
        raw_mode = str(image.tile[0].args)
        samples = read_samples(data, raw_mode) if raw_mode.endswith("16B") else _bytes_of(image)
        return samples, _transparent_colour(image, raw_mode)
    return _bytes_of(image), None


def _bytes_of(image: ImageFile) -> NDArray[np.uint8]:
    samples = np.asarray(image.convert("L") if image.mode == "1" else image)
    return samples if samples.ndim == 3 else samples[..., np.newaxis]


def _transparent_colour(image: PngImageFile, raw_mode: str) -> tuple[int, ...] | None:
    colour = image.info.get("transparency")
    if isinstance(colour, int):
        # Pillow stretches grey samples of 2 and 4 bits to 8 bits, but not this one.
        return (colour * {"L;2": 85, "L;4": 17}.get(raw_mode, 1),)
    return colour if isinstance(colour, tuple) else None


def _to_colour(samples: NDArray[Any], transparent: tuple[int, ...] | None) -> NDArray[Any]:
    """Turns grey into RGB, and puts alpha last if the samples have it or one colour is transparent."""
    has_alpha = samples.shape[2] in (2, 4)
    colour, alpha = (samples[..., :-1], samples[..., -1:]) if has_alpha else (samples, None)
    if transparent is not None:
        opaque = (colour != np.array(transparent)).any(axis=2, keepdims=True)
        alpha = opaque * np.array(np.iinfo(colour.dtype).max, colour.dtype)
    if colour.shape[2] == 1:
        colour = np.repeat(colour, 3, axis=2)
    return colour if alpha is None else np.concatenate((colour, alpha), axis=2)


def _from_cmyk(image: ImageFile, notes: list[str]) -> Image.Image:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
        converted = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), "CMYK", "RGB").apply(image)
    except Exception:
        notes.append("It was converted from CMYK without a usable colour profile, so its colours are approximate.")
        return image.convert("RGB")
    notes.append("It was converted from CMYK to sRGB with its own colour profile.")
    return converted


def _rgb_profile(image: ImageFile, notes: list[str]) -> bytes | None:
    """Returns the embedded profile if it is for RGB (bytes 16 to 19 of an ICC header name the colour space)."""
    profile = image.info.get("icc_profile")
    if image.mode == "CMYK" or not isinstance(profile, bytes):
        return None
    if profile[16:20] == b"RGB ":
        return profile
    notes.append("Its colour profile is not for RGB pictures and was left out.")
    return None


def _orientation(image: ImageFile, notes: list[str]) -> int:
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:
        notes.append("Its EXIF data is damaged, so its orientation was not applied.")
        return 1


def _upright(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Undoes EXIF's orientation, 1 to 8 (from 5 on, rows and columns are swapped); ignores other numbers."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)
