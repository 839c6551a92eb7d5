"""What callers send becomes files that training can read."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from server.engine.account import MemoryAccount
from server.engine.pixels import ChannelOrder, Channels, PixelFormat, SampleType, TransferFunction
from server.errors import Reason, Refusal
from server.trainings.jobs.desk import PictureDesk
from server.trainings.jobs.pictures import (
    EncodedFile,
    Limits,
    NamedPath,
    PictureHeader,
    RawLayer,
    Reception,
    Role,
    as_colour,
    refused_when_full,
)
from server.trainings.jobs.store import JobFolder
from server.translation.memory import PictureMemory
from tests.trainings import picture_file

LIMITS = Limits(max_pixels=10_000, max_bytes=100_000, shared=None)


def receive(tmp_path: Path, frames: Iterable[PictureHeader | bytes], limits: Limits = LIMITS) -> list[Path]:
    """The source pictures' files."""
    folder = JobFolder(tmp_path / "draft")
    for path in (folder.sources, folder.targets):
        path.mkdir(parents=True)

    async def run() -> None:
        desk = PictureDesk(PictureMemory(MemoryAccount(1 << 30), max_pixels=1 << 24))
        reception = Reception(folder, limits, desk, "client")
        for frame in frames:
            if isinstance(frame, PictureHeader):
                await reception.begin(frame)
            else:
                await reception.add(frame)
        await reception.end()

    asyncio.run(run())
    assert not (folder.path / "incoming").exists()
    return sorted(folder.sources.iterdir())


def refusal(tmp_path: Path, frames: Iterable[PictureHeader | bytes], limits: Limits = LIMITS) -> Refusal:
    with pytest.raises(Refusal) as caught:
        receive(tmp_path, frames, limits)
    return caught.value


def source(content: EncodedFile | RawLayer | NamedPath, name: str = "La plage.png") -> PictureHeader:
    return PictureHeader(Role.SOURCE, name, content)


def layer(width: int, height: int, pixel_format: PixelFormat) -> PictureHeader:
    return source(RawLayer(width, height, pixel_format))


@pytest.mark.parametrize(("kind", "suffix"), [("PNG", ".png"), ("JPEG", ".jpg"), ("WEBP", ".webp")])
def test_a_file_is_kept_as_it_came_by_the_suffix_of_its_kind(tmp_path: Path, kind: str, suffix: str) -> None:
    data = picture_file(1, kind=kind)
    (file,) = receive(tmp_path, [source(EncodedFile(len(data))), data[:100], data[100:]])
    assert file.name == f"000-la-plage{suffix}"
    assert file.read_bytes() == data


def test_pictures_lie_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    data = picture_file(1)
    frames = [(source(EncodedFile(len(data)), f"{name}.png"), data) for name in ("z", "a", "../etc/x")]
    files = receive(tmp_path, [frame for pair in frames for frame in pair])
    assert [file.name for file in files] == ["000-z.png", "001-a.png", "002-x.png"]


RGB8 = PixelFormat(Channels.RGB, SampleType.UINT8)


@pytest.mark.parametrize("channels", Channels)
@pytest.mark.parametrize("sample_type", SampleType)
def test_pixels_of_any_kind_become_a_png_of_the_same_colours(
    tmp_path: Path, channels: Channels, sample_type: SampleType
) -> None:
    shares = np.linspace(0, 1, 3 * 5 * channels).reshape(3, 5, channels)
    samples = (shares * sample_type.white).astype(sample_type.dtype)
    raw = samples.tobytes()
    (file,) = receive(tmp_path, [layer(5, 3, PixelFormat(channels, sample_type)), raw[:7], raw[7:]])
    with Image.open(file) as image:
        assert image.mode == ("RGBA" if channels.has_alpha else "RGB")
        pixels = np.asarray(image) / 255
    colours = shares if channels in (Channels.RGB, Channels.RGBA) else shares[..., [0, 0, 0, *range(1, channels)]]
    assert np.abs(pixels - colours).max() <= 1 / 255


def test_linear_light_and_blue_first_are_understood() -> None:
    raw = np.array([0.0, 0.5, 1.0], "<f4").tobytes()
    given = PixelFormat(Channels.RGB, SampleType.FLOAT32, TransferFunction.LINEAR, ChannelOrder.BGR)
    assert as_colour(raw, RawLayer(1, 1, given)).tolist() == [[[255, 188, 0]]]


@pytest.mark.parametrize(
    ("frames", "reason", "words"),
    [
        ([source(EncodedFile(4)), b"nope"], Reason.PICTURE_UNREADABLE, "'La plage.png' cannot be used: This is not"),
        ([source(EncodedFile(0))], Reason.PICTURE_UNREADABLE, "The file is empty"),
        ([source(EncodedFile(100_001))], Reason.PICTURE_TOO_LARGE, "--training-upload-mib"),
        ([source(EncodedFile(10)), b"123"], Reason.TOO_FEW_PIXELS, "announced with 10 bytes, and only 3 arrived"),
        ([source(EncodedFile(10)), b"123" * 4], Reason.TOO_MANY_PIXELS, "and at least 12 arrived"),
        ([b"123"], Reason.BAD_HEADER, "belongs to no picture"),
        ([layer(0, 5, RGB8)], Reason.BAD_HEADER, "is 0 x 5 pixels"),
        ([layer(101, 100, RGB8)], Reason.PICTURE_TOO_LARGE, "is 101 x 100 pixels and at most 10,000"),
        ([layer(2, 2, RGB8), bytes(11)], Reason.TOO_FEW_PIXELS, "announced with 12 bytes, and only 11 arrived"),
    ],
)
def test_what_is_no_picture_is_refused(
    tmp_path: Path, frames: list[PictureHeader | bytes], reason: Reason, words: str
) -> None:
    error = refusal(tmp_path, frames)
    assert error.reason is reason and words in error.sentence


def test_a_damaged_or_too_large_file_is_refused_before_it_is_trained_with(tmp_path: Path) -> None:
    data = picture_file(1, size=200)
    error = refusal(tmp_path / "large", [source(EncodedFile(len(data))), data])
    assert error.reason is Reason.PICTURE_TOO_LARGE
    data = picture_file(1)[:-40]
    error = refusal(tmp_path / "cut", [source(EncodedFile(len(data))), data])
    assert error.reason is Reason.PICTURE_UNREADABLE and "damaged or incomplete" in error.sentence


def shared_folder(tmp_path: Path) -> Limits:
    inside, outside = tmp_path / "shared" / "sea", tmp_path / "secret.png"
    inside.mkdir(parents=True)
    (inside / "wave.png").write_bytes(picture_file(1))
    outside.write_bytes(picture_file(2))
    if hasattr(os, "symlink"):
        (inside / "link.png").symlink_to(outside)
        (inside / "near.png").symlink_to(inside / "wave.png")
    return Limits(10_000, 100_000, tmp_path / "shared")


@pytest.mark.parametrize("path", ["sea/wave.png", "sea/near.png", "./sea/wave.png"])
def test_a_picture_below_the_operators_folder_is_copied(tmp_path: Path, path: str) -> None:
    limits = shared_folder(tmp_path)
    (file,) = receive(tmp_path, [source(NamedPath(path))], limits)
    assert file.read_bytes() == picture_file(1) and not file.is_symlink()


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "../secret.png",
        "sea/../../secret.png",
        "sea/link.png",
        "sea",
        "sea/gone.png",
        "",
        "a\0b",
        "x" * 300,
    ],
)
def test_a_path_that_leads_elsewhere_is_refused(tmp_path: Path, path: str) -> None:
    error = refusal(tmp_path, [source(NamedPath(path))], shared_folder(tmp_path))
    assert (error.reason, error.field) == (Reason.PATH_NOT_ALLOWED, "picture.path")
    assert str(tmp_path) not in error.sentence


def test_without_a_folder_of_the_operator_no_path_is_taken(tmp_path: Path) -> None:
    assert "--training-pictures" in refusal(tmp_path, [source(NamedPath("sea/wave.png"))]).sentence


def test_a_full_disk_is_told_and_another_fault_is_not_called_one() -> None:
    with pytest.raises(Refusal) as caught, refused_when_full():
        raise OSError(errno.ENOSPC, "No space left on device")
    assert caught.value.reason is Reason.DISK_FULL
    with pytest.raises(PermissionError), refused_when_full():
        raise PermissionError(errno.EACCES, "Permission denied")
