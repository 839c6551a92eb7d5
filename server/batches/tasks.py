"""Which picture files a command line means and where each result goes, all settled before anything runs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from pleinair.common.suffixes import readable

from server.batches.sources import Found, Source, find_pictures
from server.errors import UsageError
from server.pictures.formats import FORMATS, PNG, Format, format_of

STANDARD = "-"  # instead of a file's name: standard input or output


class Existing(Enum):
    """What to do where a result exists already."""

    REFUSE = "refuse"
    REPLACE = "replace"
    KEEP = "keep"


@dataclass(frozen=True)
class PictureTask:
    """A picture file to translate, None for standard input; the file for its result, None for standard output; and the
    format of that."""

    source: Path | None
    target: Path | None
    form: Format = PNG

    @property
    def name(self) -> str:
        return str(self.source) if self.source else "standard input"


@dataclass(frozen=True)
class Batch:
    """The tasks, how many results were there already, and sentences about what was left out."""

    tasks: list[PictureTask]
    done: int = 0
    left_out: tuple[str, ...] = ()


def plan(inputs: Sequence[str], output: str, *, suffix: str = "", existing: Existing = Existing.REFUSE) -> Batch:
    """One task for each picture that ``inputs`` (files, folders, glob patterns, or "-") name. The suffix of results is
    that of ``output``, or ``suffix``, or else .png. Raises UsageError."""
    chosen = _checked_suffix(suffix)
    if STANDARD in inputs:
        return _settled(Batch([_from_standard(inputs, output, chosen)]), existing)
    found = [find_pictures(name, readable(), Path(output)) for name in inputs]
    sources = _distinct(found)
    if output == STANDARD and len(sources) > 1:
        raise UsageError(f"Standard output takes one picture, and these are {len(sources)}; write -o FOLDER/.")
    if output == STANDARD or (len(inputs) == 1 and Path(inputs[0]).is_file() and not _is_folder(output)):
        tasks = [_single(sources[0].path, output, chosen)]
    else:
        folder = _results_folder(output)
        tasks = [_task(source.path, folder / source.place, chosen) for source in sources]
    return _settled(Batch(tasks, left_out=tuple(one.left_out for one in found if one.left_out)), existing)


def _distinct(found: Sequence[Found]) -> list[Source]:
    by_path: dict[Path, Source] = {}
    for source in (source for one in found for source in one.sources):
        by_path.setdefault(source.path, source)
    return list(by_path.values())


def _checked_suffix(suffix: str) -> str:
    """The suffix with its dot, or an empty text. Raises UsageError for none of ours."""
    dotted = suffix if suffix.startswith(".") or not suffix else f".{suffix}"
    if dotted and format_of(dotted) is None:
        raise UsageError(f"--suffix is {suffix!r}; {_kinds()}, for example --suffix .jpg.")
    return dotted


def _from_standard(inputs: Sequence[str], output: str, suffix: str) -> PictureTask:
    if len(inputs) > 1:
        raise UsageError("- is standard input, which is one picture; name nothing beside it.")
    if output != STANDARD and _is_folder(output):
        raise UsageError("A picture from standard input has no name; write -o out.png, or -o - for standard output.")
    return _single(None, output, suffix)


def _single(source: Path | None, output: str, suffix: str) -> PictureTask:
    if output == STANDARD:
        return PictureTask(source, None, format_of(suffix) or PNG)
    return PictureTask(source, Path(output), _format_named(Path(output), suffix))


def _format_named(target: Path, suffix: str) -> Format:
    if not target.suffix:
        raise UsageError(f"-o {target} could be a file or a folder; write {target}.png or {target}/.")
    form = format_of(target.suffix)
    if form is None:
        raise UsageError(f"{_kinds()}: write -o {target.with_suffix('.png')} instead of {target}.")
    if suffix and format_of(suffix) is not form:
        raise UsageError(f"-o {target} and --suffix {suffix} say different kinds of files; leave out --suffix.")
    return form


def _kinds() -> str:
    names = [form.name for form in FORMATS]
    return f"Results are {', '.join(names[:-1])} or {names[-1]} files"


def _task(source: Path, place: Path, suffix: str) -> PictureTask:
    return PictureTask(source, place.with_name(place.stem + (suffix or PNG.suffix)), format_of(suffix) or PNG)


def _is_folder(output: str) -> bool:
    return output.endswith(("/", os.sep)) or Path(output).is_dir()


def _results_folder(output: str) -> Path:
    folder = Path(output)
    if folder.is_file() or (format_of(folder.suffix) and not _is_folder(output)):
        raise UsageError(f"Several pictures need a folder to go to, and {output} is a file; write -o FOLDER/.")
    return folder


def _settled(batch: Batch, existing: Existing) -> Batch:
    """The batch without results that are to be kept. Raises UsageError for what would be lost."""
    for form in {task.form for task in batch.tasks if not task.form.can_be_written}:
        raise UsageError(f"The Pillow that is installed here cannot write {form.name} files; write .png files.")
    _refuse_clashes(batch.tasks)
    _refuse_loss(batch.tasks)
    there = [task for task in batch.tasks if task.target and task.target.exists()]
    if there and existing is Existing.REFUSE:
        raise UsageError(_exists(there, len(batch.tasks)))
    kept = {task.target for task in there} if existing is Existing.KEEP else set()
    return Batch([task for task in batch.tasks if task.target not in kept], len(kept), batch.left_out)


def _exists(there: Sequence[PictureTask], number: int) -> str:
    if number == 1:
        return f"{there[0].target} exists already; add --force to replace it or choose another -o."
    more = f", as {len(there) - 1} more results do" if len(there) > 1 else ""
    return (
        f"{there[0].target} exists already{more}; add --missing to translate only what has no result yet, --force to"
        " replace results, or choose another -o."
    )


def _refuse_clashes(tasks: Sequence[PictureTask]) -> None:
    """Refuses two results with one name, ignoring upper and lower case as some file systems do."""
    first: dict[str, PictureTask] = {}
    for task in tasks:
        other = first.setdefault(str(task.target).casefold(), task)
        if other is not task:
            raise UsageError(
                f"{other.source} and {task.source} would both be written to {task.target}; rename one or run them"
                " apart."
            )


def _refuse_loss(tasks: Sequence[PictureTask]) -> None:
    originals = {task.source.resolve() for task in tasks if task.source}
    for task in tasks:
        if task.target and task.target.resolve() in originals:
            raise UsageError(
                f"{task.target} is one of the pictures to translate, which are never replaced; choose another -o."
            )
        if task.target and task.target.is_dir():
            raise UsageError(f"{task.target} is a folder, but a result should go there; choose another -o.")
