"""Receives the pictures of a new training in frames, checks them and saves them as files."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray
from pleinair.common.private import write_private

from server.engine.pixels import Channels, PixelFormat, SampleType, from_tensor, to_tensor
from server.errors import Reason, Refusal
from server.pictures.files import Picture, PictureError, decode_picture, encode_png, kind_of
from server.trainings.jobs.desk import PictureDesk
from server.trainings.jobs.names import slug
from server.trainings.jobs.store import NO_ROOM, JobFolder

MOST_PICTURES = 500
_SUFFIXES = {"PNG": ".png", "JPEG": ".jpg", "WebP": ".webp"}


class Role(Enum):
    SOURCE = "source"
    TARGET = "target"


@dataclass(frozen=True)
class EncodedFile:
    """Announces a PNG, JPEG or WebP file of ``byte_count`` bytes."""

    byte_count: int


@dataclass(frozen=True)
class RawLayer:
    """Announces raw pixels of this size and format."""

    width: int
    height: int
    pixel_format: PixelFormat

    @property
    def byte_count(self) -> int:
        return self.width * self.height * self.pixel_format.bytes_per_pixel


@dataclass(frozen=True)
class NamedPath:
    """Announces no data, but names a file below the operator's folder, with "/" between names."""

    path: str


@dataclass(frozen=True)
class PictureHeader:
    role: Role
    name: str
    content: EncodedFile | RawLayer | NamedPath


@dataclass(frozen=True)
class Limits:
    """The limits for the pictures of one training; ``shared`` is the operator's folder of pictures, if there is one."""

    max_pixels: int
    max_bytes: int
    shared: Path | None


class Reception:
    """Receives the pictures of one call, in order, into the folder; each is checked as soon as it is complete.

    All methods raise Refusal, and OSError when the disk fails.
    """

    def __init__(self, folder: JobFolder, limits: Limits, desk: PictureDesk, client: str) -> None:
        self._folders = {Role.SOURCE: folder.sources, Role.TARGET: folder.targets}
        self._incoming = folder.path / "incoming"
        self._limits = limits
        self._desk = desk
        self._client = client
        self._header: PictureHeader | None = None
        self._came = 0  # bytes of the current picture
        self._bytes_in_all = 0
        self.names: dict[Role, list[str]] = {role: [] for role in Role}

    async def begin(self, header: PictureHeader) -> None:
        await self.end()
        if sum(map(len, self.names.values())) >= MOST_PICTURES:
            raise _bad(f"These are more than {MOST_PICTURES} pictures; choose fewer.", "picture")
        if isinstance(header.content, NamedPath):
            await self._keep_copy(header.content.path, header)
        else:
            self._check_size(header, header.content)
            await asyncio.to_thread(write_private, self._incoming, b"")
            self._header, self._came = header, 0

    async def add(self, data: bytes) -> None:
        """Adds data to the current picture."""
        if self._header is None or isinstance(self._header.content, NamedPath):
            raise _bad("Data arrived that belongs to no picture; send a picture frame before it.", "data")
        self._came += len(data)
        if self._came > self._header.content.byte_count:
            came = f"at least {self._came:,}"
            raise Refusal(Reason.TOO_MANY_PIXELS, _other_size(self._header, self._header.content, came))
        await asyncio.to_thread(self._append, data)

    async def end(self) -> None:
        """Completes the current picture, if there is one."""
        header, self._header = self._header, None
        if header is None or isinstance(header.content, NamedPath):
            return
        if self._came < header.content.byte_count:
            raise Refusal(Reason.TOO_FEW_PIXELS, _other_size(header, header.content, f"only {self._came:,}"))
        if isinstance(header.content, RawLayer):
            await self._keep_pixels(header, header.content)
        else:
            await self._keep_encoded(header)

    def _check_size(self, header: PictureHeader, content: EncodedFile | RawLayer) -> None:
        if isinstance(content, RawLayer):
            pixels = content.width * content.height
            if not pixels:
                raise _bad(
                    f"'{header.name}' is {content.width} x {content.height} pixels, so it is empty.", "picture.pixels"
                )
            if pixels > self._limits.max_pixels:
                raise Refusal(
                    Reason.PICTURE_TOO_LARGE,
                    f"'{header.name}' is {content.width:,} x {content.height:,} pixels and at most"
                    f" {self._limits.max_pixels:,} pixels are accepted; make it smaller.",
                    field="picture.pixels",
                )
        self._count(content.byte_count)

    def _count(self, byte_count: int) -> None:
        self._bytes_in_all += byte_count
        if self._bytes_in_all > self._limits.max_bytes:
            raise Refusal(
                Reason.PICTURE_TOO_LARGE,
                f"The pictures have {self._bytes_in_all:,} bytes in total, and at most {self._limits.max_bytes:,} are"
                " accepted; send fewer or smaller ones, or start the server with a larger --training-upload-mib.",
                field="picture",
            )

    def _append(self, data: bytes) -> None:
        with self._incoming.open("ab") as file:
            file.write(data)

    async def _keep_pixels(self, header: PictureHeader, content: RawLayer) -> None:
        async with self._desk.layer(content.width, content.height, content.byte_count, self._client):
            await asyncio.to_thread(self._write_pixels, header, content)

    def _write_pixels(self, header: PictureHeader, content: RawLayer) -> None:
        png = encode_png(Picture(as_colour(self._incoming.read_bytes(), content)))
        write_private(self._new_file(header, ".png"), png)
        self._incoming.unlink()

    async def _keep_encoded(self, header: PictureHeader) -> None:
        async with self._desk.file(self._incoming.read_bytes, self._client) as data:
            suffix = await asyncio.to_thread(self._checked, data, header.name)
        self._incoming.replace(self._new_file(header, suffix))

    async def _keep_copy(self, path: str, header: PictureHeader) -> None:
        async with self._desk.file(lambda: self._named(path), self._client) as data:
            suffix = await asyncio.to_thread(self._checked, data, header.name)
            await asyncio.to_thread(write_private, self._new_file(header, suffix), data)

    def _named(self, path: str) -> bytes:
        try:
            file = allowed_file(path, self._limits.shared)
            self._count(file.stat().st_size)
            return file.read_bytes()
        except OSError as error:
            raise _not_allowed(f"The file {path[:100]!r} cannot be read ({error.strerror}); choose another.") from error

    def _checked(self, data: bytes, name: str) -> str:
        """Checks the picture and returns the suffix for its kind of file."""
        try:
            decode_picture(data, max_pixels=self._limits.max_pixels)
        except PictureError as error:
            reason = Reason.PICTURE_TOO_LARGE if error.too_large else Reason.PICTURE_UNREADABLE
            raise Refusal(reason, f"'{name}' cannot be used: {error.sentence}", field="picture") from error
        return _SUFFIXES[kind_of(data)]

    def _new_file(self, header: PictureHeader, suffix: str) -> Path:
        """Returns the path for the next picture of this role; files sort in the order in which they arrived."""
        names = self.names[header.role]
        file = (
            self._folders[header.role] / f"{len(names):03d}-{slug(PurePosixPath(header.name).stem, 'picture')}{suffix}"
        )
        names.append(header.name)
        return file


def as_colour(raw: bytes, layer: RawLayer) -> NDArray[np.uint8]:
    """Converts raw pixels to 8-bit sRGB, which training reads: H x W x 3, or H x W x 4 with straight alpha."""
    given = layer.pixel_format
    tensor, alpha = to_tensor(raw, width=layer.width, height=layer.height, pixel_format=given)
    channels = Channels.RGB if alpha is None else Channels.RGBA
    if alpha is not None:
        share = np.nan_to_num(alpha.astype(np.float32) / np.float32(given.sample_type.white)).clip(0, 1)
        alpha = np.floor(share * 255 + 0.5).astype(np.uint8)
    return from_tensor(tensor, alpha, PixelFormat(channels, SampleType.UINT8))


def allowed_file(path: str, shared: Path | None) -> Path:
    """Returns the file that a caller's path names below the operator's folder. Raises a Refusal that reveals nothing
    about other folders, and OSError for an impossible name."""
    if shared is None:
        raise _not_allowed(
            "This server accepts no pictures by path; send their data, or start it with --training-pictures FOLDER."
        )
    below = PurePosixPath(path)
    if not path.isprintable() or below.is_absolute() or ".." in below.parts:
        raise _not_allowed(f"The path {path[:100]!r} does not lead into the server's folder of pictures.")
    root = shared.resolve()
    file = root.joinpath(*below.parts).resolve()
    if not file.is_relative_to(root) or not file.is_file():
        raise _not_allowed(f"There is no file {path[:100]!r} in the server's folder of pictures; check its name.")
    return file


@contextmanager
def refused_when_full() -> Iterator[None]:
    """Turns an OSError for a full disk into a Refusal."""
    try:
        yield
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        raise Refusal(
            Reason.DISK_FULL,
            "The server's disk has no room left for the pictures; make room there, or delete trainings, and try again.",
        ) from error


def _other_size(header: PictureHeader, content: EncodedFile | RawLayer, came: str) -> str:
    return (
        f"'{header.name}' was announced with {content.byte_count:,} bytes, and {came} arrived; send as many as the"
        " picture frame says."
    )


def _bad(sentence: str, field: str) -> Refusal:
    return Refusal(Reason.BAD_HEADER, sentence, field=field)


def _not_allowed(sentence: str) -> Refusal:
    return Refusal(Reason.PATH_NOT_ALLOWED, sentence, field="picture.path")
