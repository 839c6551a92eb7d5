"""Says what reading found in the pictures of a folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pleinair.common.hidden import others_text
from pleinair.common.suffixes import WITH_PACKAGE, readable
from pleinair.pictures.picture import NoteKind

from training.data.cache import Entry
from training.data.pictures import DEEP, LAID

NAMED = 3  # how many names a line lists

# Completed by the number of pictures in front and their names behind.
_LINES = {
    NoteKind.PAGES.value: "with several layers or pages, of which only the first is used{names}; editors write the"
    " lowest layer first, so flatten the picture before you export it",
    NoteKind.FRAMES.value: "with several frames, of which only the first is used{names}",
    NoteKind.BANDS.value: "with bands that are neither colour nor transparency, and are left out{names}",
    LAID: "with transparent parts, laid on the background{names}",
    NoteKind.CONVERTED.value: "converted to sRGB from other colours{names}",
    NoteKind.ASSUMED.value: "in floating point whose values go above 1, so 255 was taken for white{names};"
    " --white says otherwise",
    NoteKind.CUT.value: "with values below black or above white, which were cut off{names};"
    " --black and --white say which values these are",
    NoteKind.EXIF.value: "with damaged EXIF data, so that they may lie on their side{names}",
}


def finding_lines(files: Sequence[Entry]) -> Iterator[str]:
    """Yields a line for each sort of finding, with the number of pictures and the names of the first."""
    for kind, line in _LINES.items():
        found = [file for file in files if any(kind == one for one, _ in file.findings)]
        if found:
            yield count_of(found) + " " + line.format(names=f" ({names_of(found)})")


def few_bits_warning(place: object, files: Sequence[Entry]) -> str | None:
    """Returns a warning when none of the pictures of more than 8 bits uses more than a part of its range."""
    greatest = {file.name: number for file in files for kind, number in file.findings if kind == DEEP and number > 0}
    few = [file for file in files if any(kind == NoteKind.FEW_BITS.value for kind, _ in file.findings)]
    if not few or len(few) < len(greatest):
        return None
    most = max(greatest.values())
    return (
        f"warning: {place} has {count_of(few)} of more than 8 bits ({names_of(few)}) whose greatest value is {most:g},"
        f" a small part of their range, so they come out nearly even; say which values are black and white, for example"
        f" --white {most:g}"
    )


def left_out_lines(hidden: int, others: Mapping[str, int]) -> Iterator[str]:
    """Yields lines about files that were not taken for pictures of the set."""
    if hidden:
        yield f"{hidden} hidden picture{'' if hidden == 1 else 's'} left out (in .thumbnails, @eaDir and the like)"
    if others:
        yield others_text(others)
    known = readable()
    wanted = sorted(suffix for suffixes in WITH_PACKAGE.values() for suffix in suffixes if suffix not in known)
    if missing := [suffix for suffix in wanted if suffix in others]:
        yield f"pip install 'pleinair[pictures]' adds what reads {' and '.join(missing)}"


def names_of(files: Sequence[Entry]) -> str:
    """Returns the names of the first files, and how many more there are."""
    more = f" and {len(files) - NAMED} more" if len(files) > NAMED else ""
    return ", ".join(file.name for file in files[:NAMED]) + more


def count_of(files: Sequence[object]) -> str:
    """Returns their number with the right word: 1 picture, 2 pictures."""
    return f"{len(files)} picture{'' if len(files) == 1 else 's'}"
