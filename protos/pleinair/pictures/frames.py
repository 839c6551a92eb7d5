"""Says how many frames or pictures a file holds, of which only the first is read."""

from __future__ import annotations

import io

from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.MpoImagePlugin import MpoImageFile

from pleinair.pictures.kinds import GIF, HEIC, JPEG, Kind
from pleinair.pictures.picture import Note, NoteKind


def frames_note(kind: Kind, image: ImageFile, data: bytes) -> tuple[Note, ...]:
    """Returns a note where an opened picture has more than one full-size frame."""
    if kind is JPEG:
        return _pictures_note(_pictures(data)) if "mp" in image.info else ()
    frames = _gif_frames(data) if kind is GIF else getattr(image, "n_frames", 1)
    if kind is HEIC:
        return _pictures_note(frames)
    if frames < 2:
        return ()
    return (Note(NoteKind.FRAMES, f"It is an animation of {frames} frames; only the first one was used.", frames),)


def _pictures_note(number: int) -> tuple[Note, ...]:
    if number < 2:
        return ()
    return (Note(NoteKind.FRAMES, f"It holds {number} pictures; only the first one was used.", number),)


def _gif_frames(gif: bytes) -> int:
    """Returns the number of frames of a GIF, counted on a reader of their own, so that a damaged one costs nothing of
    the first; then they count as two."""
    with GifImageFile(io.BytesIO(gif)) as image:
        try:
            return image.n_frames
        except Exception:
            return 2


def _pictures(jpeg: bytes) -> int:
    """Returns how many pictures of the first one's size a multi-picture file holds; previews, depth and gain maps are
    smaller. A damaged list counts as one picture."""
    try:
        with MpoImageFile(io.BytesIO(jpeg)) as image:
            sizes = [_size_at(image, index) for index in range(image.n_frames)]
            return sizes.count(sizes[0])
    except Exception:
        return 1


def _size_at(image: MpoImageFile, index: int) -> tuple[int, int]:
    image.seek(index)
    return image.size
