"""Converts colours that networks are not shown, CMYK and L*a*b*, to sRGB."""

from __future__ import annotations

import io

from PIL import Image, ImageCms

from pleinair.pictures.picture import Note, NoteKind


def from_cmyk(image: Image.Image) -> tuple[Image.Image, Note]:
    """Returns a CMYK picture as RGB: by its embedded profile in sRGB, or by rule where that is of no use."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
        converted = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), "CMYK", "RGB").apply(image)
    except Exception:
        sentence = "It was converted from CMYK without a usable colour profile, so its colours are approximate."
        return image.convert("RGB"), Note(NoteKind.CONVERTED, sentence)
    return converted, Note(NoteKind.CONVERTED, "It was converted from CMYK to sRGB with its own colour profile.")


def from_lab(image: Image.Image) -> tuple[Image.Image, Note]:
    """Returns a picture of 8-bit L*a*b* as sRGB."""
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.buildTransform(lab, srgb, "LAB", "RGB").apply(image)
    return converted, Note(NoteKind.CONVERTED, "It was converted from L*a*b* to sRGB.")
