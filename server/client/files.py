"""Which picture files a command line means and where each result goes, all settled before anything runs."""

import glob
import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pleinair.common.suffixes import SERVED


class UsageError(ValueError):
    """What was asked for cannot be done; the text is a sentence for the user."""


@dataclass(frozen=True)
class PictureTask:
    """A picture file to translate, and the PNG file for its result."""

    source: Path
    target: Path


def plan(inputs: Sequence[str], output: str, *, overwrite: bool) -> list[PictureTask]:
    """One task for each picture that `inputs` (files, folders, glob patterns) name. Raises UsageError."""
    sources = list(dict.fromkeys(source for name in inputs for source in picture_files(name)))
    if len(inputs) == 1 and Path(inputs[0]).is_file() and not _is_folder(output):
        tasks = [PictureTask(sources[0], _single_target(output))]
    else:
        tasks = [PictureTask(source, _folder_target(output) / f"{source.stem}.png") for source in sources]
    _refuse_clashes(tasks)
    _refuse_loss(tasks, overwrite)
    return tasks


def picture_files(name: str) -> list[Path]:
    """The picture files that a file, a folder or a glob pattern names. Raises UsageError."""
    path = Path(name)
    if path.is_file():
        return [path]
    if path.is_dir():
        found = [file for file in path.iterdir() if file.is_file() and file.suffix.lower() in SERVED]
        return _sorted_or_refused(found, f"The folder {name} holds no pictures ({', '.join(SERVED)}).")
    if glob.has_magic(name):
        # Not Path.glob, which refuses patterns that start at the root.
        found = [file for match in glob.glob(name) if (file := Path(match)).is_file()]  # noqa: PTH207
        return _sorted_or_refused(found, f"No file matches {name}.")
    raise UsageError(f"There is no file or folder {name}; check the name.")


def make_folders(tasks: Iterable[PictureTask]) -> None:
    """Makes the folders of all results and checks that files can be written there. Raises UsageError."""
    for folder in {task.target.parent for task in tasks}:
        make_folder(folder, "-o")


def make_folder(folder: Path, option: str) -> None:
    """Makes the folder that ``option`` names and checks that files can be written there. Raises UsageError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise UsageError(
            f"Nothing can be written into {folder} ({error.strerror}); choose another {option}."
        ) from error


def _sorted_or_refused(found: list[Path], refusal: str) -> list[Path]:
    if not found:
        raise UsageError(refusal)
    return sorted(found)


def _is_folder(output: str) -> bool:
    return output.endswith(("/", os.sep)) or Path(output).is_dir()


def _single_target(output: str) -> Path:
    target = Path(output)
    if not target.suffix:
        raise UsageError(f"-o {output} could be a file or a folder; write {output}.png or {output}/.")
    return _png_only(target)


def _png_only(target: Path) -> Path:
    if target.suffix.lower() != ".png":
        png = target.with_suffix(".png")
        raise UsageError(
            f"Results are PNG files, which lose nothing: write -o {png} instead of {target}, and convert it afterwards."
        )
    return target


def _folder_target(output: str) -> Path:
    folder = Path(output)
    if folder.is_file() or (folder.suffix.lower() in SERVED and not _is_folder(output)):
        raise UsageError(f"Several pictures need a folder to go to, and {output} is a file; write -o FOLDER/.")
    return folder


def _refuse_clashes(tasks: list[PictureTask]) -> None:
    """Refuses two results with one name, ignoring upper and lower case as some file systems do."""
    first: dict[str, PictureTask] = {}
    for task in tasks:
        other = first.setdefault(str(task.target).casefold(), task)
        if other is not task:
            raise UsageError(
                f"{other.source} and {task.source} would both be written to {task.target}; rename one or run them"
                " apart."
            )


def _refuse_loss(tasks: list[PictureTask], overwrite: bool) -> None:
    originals = {task.source.resolve() for task in tasks}
    for task in tasks:
        if task.target.resolve() in originals:
            raise UsageError(
                f"{task.target} is one of the pictures to translate, which are never replaced; choose another -o."
            )
        if task.target.is_dir():
            raise UsageError(f"{task.target} is a folder, but a result should go there; choose another -o.")
        if task.target.exists() and not overwrite:
            raise UsageError(f"{task.target} exists already; add --force to replace it or choose another -o.")
