"""A page of a TIFF file as its tags describe it (TIFF 6.0, Adobe's supplements)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

from PIL.TiffImagePlugin import ImageFileDirectory_v2

GREY_INVERTED, GREY, RGB, PALETTE, CMYK, YCBCR, LAB = 0, 1, 2, 3, 5, 6, 8
COLOURS = {GREY_INVERTED: 1, GREY: 1, RGB: 3, PALETTE: 1, CMYK: 4, YCBCR: 3, LAB: 3}
UNSIGNED, SIGNED, FLOAT = 1, 2, 3

_PHOTOMETRIC = {GREY_INVERTED: "grey, 0 is white", GREY: "grey", RGB: "RGB", PALETTE: "palette", 4: "mask"}
_PHOTOMETRIC |= {CMYK: "CMYK", YCBCR: "YCbCr", LAB: "L*a*b*", 9: "ICC L*a*b*", 10: "ITU L*a*b*"}
_PHOTOMETRIC |= {32803: "a camera's filter mosaic", 32844: "LogL", 32845: "LogLuv", 34892: "linear raw"}
_FORMATS = {UNSIGNED: "", SIGNED: "signed ", FLOAT: "float ", 5: "complex ", 6: "complex "}
_COMPRESSIONS = {2: "fax", 3: "fax", 4: "fax", 5: "LZW", 6: "old JPEG", 7: "JPEG", 8: "deflate", 9: "JBIG", 10: "JBIG"}
_COMPRESSIONS |= {32773: "PackBits", 32946: "deflate", 33003: "JPEG 2000", 33005: "JPEG 2000", 34712: "JPEG 2000"}
_COMPRESSIONS |= {34887: "LERC", 34892: "lossy JPEG", 34925: "LZMA", 50000: "Zstandard", 50001: "WebP"}
_COMPRESSIONS |= {50002: "JPEG XL", 52546: "JPEG XL"}

_MOST_PAGES = 10_000


@dataclass(frozen=True)
class Page:
    """One page: its tags, which ``numbers`` and ``number`` read, and where it begins in the file."""

    tags: ImageFileDirectory_v2
    offset: int

    def numbers(self, tag: int, default: tuple[int, ...] = ()) -> tuple[int, ...]:
        """Returns all whole numbers of a tag. Raises TypeError or ValueError when they are something else."""
        found = self.tags.get(tag)
        if found is None:
            return default
        return tuple(int(one) for one in (found if isinstance(found, tuple) else (found,)))

    def number(self, tag: int, default: int) -> int:
        """Returns the first whole number of a tag."""
        return self.numbers(tag, (default,))[0]

    def raw(self, tag: int) -> bytes | None:
        """Returns the bytes of a tag that holds a file of another kind, or None."""
        found = self.tags.get(tag)
        found = found[0] if isinstance(found, tuple) and len(found) == 1 else found
        return found if isinstance(found, bytes) and found else None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height as stored, before the orientation; 0 where the tag is missing."""
        return self.number(256, 0), self.number(257, 0)

    @property
    def samples(self) -> int:
        return self.number(277, 1)

    @property
    def bits(self) -> tuple[int, ...]:
        """Bits of each sample; a single number holds for all."""
        return self._each(258, 1)

    @property
    def formats(self) -> tuple[int, ...]:
        """The number format of each sample: UNSIGNED (also for unknown content), SIGNED, FLOAT or complex."""
        return tuple(UNSIGNED if one == 4 else one for one in self._each(339, UNSIGNED))

    @property
    def photometric(self) -> int:
        return self.number(262, GREY_INVERTED)

    @property
    def compression(self) -> int:
        return self.number(259, 1)

    @property
    def is_planar(self) -> bool:
        return self.number(284, 1) == 2 and self.samples > 1

    @property
    def is_full_size(self) -> bool:
        """Whether it is a picture of its own: no reduced image and no mask, by NewSubfileType or SubfileType."""
        return not self.number(254, 0) & 0b101 and self.number(255, 1) != 2

    def __str__(self) -> str:
        bits = "/".join(str(one) for one in sorted(set(self.bits)))
        described = f"a TIFF of {bits}-bit {_FORMATS.get(self.formats[0], '')}samples"
        layout = _PHOTOMETRIC.get(self.photometric, f"photometric interpretation {self.photometric}")
        plural = "" if self.samples == 1 else "s"
        described += f" ({layout}, {self.samples} sample{plural} a pixel"
        if self.compression == 1:
            return f"{described})"
        name = _COMPRESSIONS.get(self.compression, "number")
        return f"{described}, {name} compression, {self.compression})"

    def _each(self, tag: int, default: int) -> tuple[int, ...]:
        found = self.numbers(tag, (default,))
        return found * self.samples if len(found) == 1 else found[: self.samples]


def pages(data: bytes) -> Iterator[Page]:
    """Yields the pages of a TIFF or BigTIFF file. Raises SyntaxError for a broken header."""
    # Pillow knows a BigTIFF by the header of a little-endian one only.
    head = b"II+\0" + data[4:16] if b"+" in data[2:4] else data[:8]
    file = io.BytesIO(data)
    directory = ImageFileDirectory_v2(head, data[:2])
    seen: set[int] = set()
    while 0 < (offset := directory.next) < len(data) and offset not in seen and len(seen) < _MOST_PAGES:
        seen.add(offset)
        directory = ImageFileDirectory_v2(head, data[:2])
        file.seek(offset)
        directory.load(file)
        yield Page(directory, offset)
