"""Says what a person should know about the pictures that were read."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

from training.data.cache import Entry
from training.data.findings import count_of, few_bits_warning, finding_lines, left_out_lines, names_of
from training.data.folders import PictureFolder
from training.data.reading import Reading
from training.errors import InputError

FEW = 10
DISTORTION = 1.5  # of width to height, above which a resized picture looks wrong
TWO_SETS = "name two different sets of pictures, one for each domain."


def check_two_places(source: Path, target: Path) -> None:
    """Raises InputError when source and target, which must exist, are the same folder or file."""
    if source.samefile(target):
        raise InputError(f"Source and target are both {source}; {TWO_SETS}")


def check_two_sets(source: PictureFolder, target: PictureFolder) -> None:
    """Raises InputError when source and target hold the same pictures, from whatever folders."""
    if {file.digest for file in source.files} == {file.digest for file in target.files}:
        raise InputError(f"Source and target hold the same pictures, in {source.path} and {target.path}; {TWO_SETS}")


def folder_report(folder: PictureFolder, reading: Reading, *, sizes: bool = False) -> Iterator[str]:
    """Yields lines for people: how many pictures, and what was skipped or resized; with ``sizes``, their sizes too."""
    yield f"{folder.path}: {count_of(folder.files)}"
    for entry in folder.skipped:
        yield f"  skipped {entry.name}: {entry.skipped}"
    if folder.note:
        yield f"  {folder.note}"
    for line in (*left_out_lines(folder.hidden, folder.others), *finding_lines(folder.files)):
        yield f"  {line}"
    if warning := few_bits_warning(folder.path, folder.files):
        yield warning
    if sizes:
        yield f"  {_sizes(folder.files)}"
    small = [file for file in folder.files if min(file.width, file.height) < reading.crop_size]
    if small:
        yield f"  {len(small)} smaller than the crop and therefore enlarged: expect soft results, or lower --crop-size"
    distorted = [file for file in folder.files if _distortion(file, reading) > DISTORTION]
    if distorted:
        yield (
            f"  {len(distorted)} distorted by more than {DISTORTION} ({names_of(distorted)}): "
            "--strategy fit keeps the aspect ratio"
        )
    for names in _duplicates(folder.files):
        yield f"  the same picture: {', '.join(names)}"


def pair_report(source: PictureFolder, target: PictureFolder, reading: Reading) -> Iterator[str]:
    """Yields warnings about both domains together."""
    if reading.strategy != "patch":
        few = [f"{folder.path} has {count_of(folder.files)}" for folder in (source, target) if len(folder) < FEW]
        if few:
            yield (
                f"warning: {' and '.join(few)}; CUT and FastCUT need {FEW} or more in each folder "
                "(for a few large pictures, use --strategy patch)"
            )
    digests = {file.digest for file in target.files}
    both = [file for file in source.files if file.digest in digests]
    if both:
        yield f"warning: {count_of(both)} of the source ({names_of(both)}) are in the target too"


def _distortion(file: Entry, reading: Reading) -> float:
    width, height = reading.size_of(file.width, file.height)
    ratio = (file.width / file.height) / (width / height)
    return max(ratio, 1 / ratio) if reading.strategy == "resize" else 1.0


def _duplicates(files: Sequence[Entry]) -> Iterator[list[str]]:
    """Yields the names of files with equal pixels, a list for each picture that there is more than once."""
    ordered = sorted(files, key=lambda file: (file.digest, file.name))
    for _, same in itertools.groupby(ordered, key=lambda file: file.digest):
        names = [file.name for file in same]
        if len(names) > 1:
            yield names


def _sizes(files: Sequence[Entry]) -> str:
    smallest, largest = (choose(files, key=lambda file: file.width * file.height) for choose in (min, max))
    if smallest.width * smallest.height == largest.width * largest.height:
        return f"{largest.width} x {largest.height} pixels"
    return f"{smallest.width} x {smallest.height} to {largest.width} x {largest.height} pixels"
