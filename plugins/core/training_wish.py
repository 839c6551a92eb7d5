"""What an artist wants to train a filter on."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Union

from ..client import ClientError, Picture
from ..client.errors import N_
from ..client.messages import TrainingHeader
from .texts import _

QUICK, PAPER = "sincut-quick", "sincut"
PRESETS = (QUICK, PAPER)
SUFFIXES = (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp")
LONGEST_TITLE = 100  # characters
SMALLEST_SIDE = 64  # pixels; SinCUT learns from pieces of this size

_ENOUGH = 12  # bytes that tell a file's format
_BEGINNINGS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")

# A picture from the editor, or a file that is sent as it is.
Target = Union[Picture, Path]


@dataclass(frozen=True)
class TrainingWish:
    """A training to start. ``options`` are those of ``python -m training.fit``. Sent twice, it starts one training."""

    title: str
    preset: str
    sources: Sequence[Picture]
    targets: Sequence[Target]
    options: Mapping[str, str] = field(default_factory=dict)
    request_id: str = field(default_factory=lambda: secrets.token_hex(16))

    @property
    def header(self) -> TrainingHeader:
        title = _plain(self.title)[:LONGEST_TITLE].rstrip() or _("Painting to photo")
        return TrainingHeader(title=title, preset=self.preset, options=dict(self.options), request_id=self.request_id)


def preset_title(preset: str) -> str:
    return {QUICK: _("Quick"), PAPER: _("As in the paper")}.get(preset, preset)


def preset_words(preset: str) -> str:
    """Says how long training with this preset takes; empty for an unknown one."""
    return {
        QUICK: _("10 to 15 minutes on a processor with two cores, less on a graphics card. A good start."),
        PAPER: _("Hours on a graphics card, days on a processor: SinCUT as it was published."),
    }.get(preset, "")


def options_from(entries: Sequence[str]) -> dict[str, str]:
    """Returns options from entries such as name=value, as the settings keep them; ignores any others."""
    return dict(entry.split("=", 1) for entry in entries if "=" in entry)


def own_photo(name: str) -> tuple[str, str]:
    """Returns the sentence and remedy for a layer that is chosen both as painting and as photo."""
    return _("“{name}” is the painting and cannot be its own photo.").format(name=name), _("Choose another layer.")


def check_size(name: str, width: int, height: int) -> None:
    """Raises ClientError for a picture that is too small to learn from."""
    if min(width, height) < SMALLEST_SIDE:
        raise ClientError(
            N_("“{name}” has only {width} x {height} pixels to learn from."),
            N_("At least {least} x {least} are needed: select more of it or choose a larger layer."),
            code="INVALID_ARGUMENT",
            name=name,
            width=width,
            height=height,
            least=SMALLEST_SIDE,
        )


def check_file(path: Path) -> None:
    """Raises ClientError for a file that cannot be read or is in none of the formats that servers accept."""
    with _readable(path), path.open("rb") as file:
        _refuse_unless_picture(path, file.read(_ENOUGH))


def file_to_send(path: Path) -> Picture:
    """Reads a file to send, off the interface thread. Raises ClientError as ``check_file`` does."""
    with _readable(path):
        data = path.read_bytes()
    _refuse_unless_picture(path, data)
    return Picture(_plain(path.name), data)


def _plain(text: str) -> str:
    """Returns the text on one line, without unprintable characters: file names may have any, servers refuse them."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ClientError(
            N_("The file {file} cannot be read ({why})."),
            N_("Choose another one, or fix its permissions."),
            code="INVALID_ARGUMENT",
            file=path.name,
            why=error.strerror or type(error).__name__,
        ) from error


def _refuse_unless_picture(path: Path, data: bytes) -> None:
    if data.startswith(_BEGINNINGS) or (data[:4] == b"RIFF" and data[8:_ENOUGH] == b"WEBP"):
        return
    raise ClientError(
        N_("The file {file} is not a PNG, JPEG or WebP picture."),
        N_("Save it as one of these, or open it in the editor and choose its layer."),
        code="INVALID_ARGUMENT",
        file=path.name,
    )
