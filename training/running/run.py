"""A run is a folder that explains itself: options, metrics, previews, checkpoints and the filter."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pleinair.common.files import is_draft_of, remove_drafts, write_whole
from pleinair.common.run_layout import RunLayout, images_seen_at

from training.config import FitConfig
from training.errors import InputError
from training.running.checkpoint import Checkpoint
from training.running.lock import NAME as LOCK
from training.running.lock import folder_lock

KEPT_CHECKPOINTS = 2


@dataclass(frozen=True)
class RunFolder(RunLayout):
    """The folder of a run that this process trains, reads or exports."""

    @classmethod
    def create(cls, path: Path, config: FitConfig) -> RunFolder:
        """Makes the folder and saves the options. Raises InputError when it holds something or cannot be written."""
        run = cls(path)
        run.check_new()
        try:
            path.mkdir(parents=True, exist_ok=True)
            with folder_lock(path):  # only one of two processes that both found it empty may continue
                run.check_new()
                run.save_config(config)
                run.make_folders()
        except OSError as error:
            raise InputError(
                f"The run cannot be written to {path} ({error.strerror}); choose another --output."
            ) from None
        return run

    def check_new(self) -> None:
        """Raises InputError when the folder holds anything except what a start that was killed left behind."""
        if self.path.exists() and not self.path.is_dir():
            raise InputError(f"{self.path} is a file; name a new folder for --output.")
        if self.path.is_dir() and not all(map(self._is_nothing, self.path.iterdir())):
            raise InputError(
                f"{self.path} is not empty; choose another --output, or continue with --resume {self.path}."
            )

    def _is_nothing(self, file: Path) -> bool:
        return file.name == LOCK or is_draft_of(self.config, file)

    def check_begun(self) -> None:
        """Raises InputError when this is not the folder of a run."""
        if not self.config.is_file() and not self.checkpoints():
            raise InputError(f"{self.path} is not a training run; name a folder that training.fit wrote.")

    def save_config(self, config: FitConfig) -> None:
        """Writes the options. Raises OSError."""
        write_whole(self.config, config.to_json().encode())

    def make_folders(self) -> None:
        """Makes the subfolders of the run's folder that are missing."""
        for folder in (self.checkpoint_folder, self.preview_folder):
            folder.mkdir(exist_ok=True)

    def remove_leftovers(self) -> None:
        """Removes the temporary files of writes that were killed. The caller holds the folder's lock."""
        for folder in (self.path, self.checkpoint_folder, self.preview_folder):
            remove_drafts(folder)

    def latest_checkpoint(self) -> Path:
        """Returns the newest checkpoint's file. Raises InputError when there is none."""
        self.check_begun()
        checkpoints = self.checkpoints()
        if not checkpoints:
            raise InputError(f"{self.path} has no checkpoint yet; train it first, with --resume {self.path}.")
        return checkpoints[-1]

    def save(self, checkpoint: Checkpoint) -> None:
        """Writes the checkpoint, then removes all but the last two. Raises InputError, with older ones then intact."""
        self._write(checkpoint, self.checkpoint(checkpoint.images_seen))
        for old in self.checkpoints()[:-KEPT_CHECKPOINTS]:
            old.unlink()

    def save_best(self, checkpoint: Checkpoint) -> None:
        """Keeps the checkpoint beside the last two, in place of an earlier best one. Raises InputError."""
        self._write(checkpoint, self.best)

    def best_score(self) -> float:
        """Returns the lowest score so far; infinity when there is none, or none that can be read."""
        best = self._best_checkpoint()
        return float("inf") if best is None or best.score is None else best.score

    def forget_best_after(self, images_seen: int) -> None:
        """Removes the best checkpoint if it lies beyond this point."""
        best = self._best_checkpoint()
        if best and best.images_seen > images_seen:
            self.best.unlink()

    def _best_checkpoint(self) -> Checkpoint | None:
        try:
            return Checkpoint.load(self.best) if self.best.is_file() else None
        except InputError:
            return None

    def _write(self, checkpoint: Checkpoint, path: Path) -> None:
        with self._writing(f"The checkpoint {path}"):
            checkpoint.save(path)

    @contextmanager
    def _writing(self, what: str) -> Iterator[None]:
        """Turns an OSError in the block into an InputError that says that ``what`` cannot be written."""
        try:
            yield
        except OSError as error:
            kept = self.checkpoints()
            intact = f"the checkpoint {kept[-1].name} is intact: " if kept else ""
            raise InputError(
                f"{what} cannot be written ({error.strerror}); {intact}make room and resume the run."
            ) from None

    def forget_after(self, images_seen: int) -> None:
        """Removes metrics, previews and a best checkpoint from beyond this point: training continues from here, and may
        go another way."""
        self.forget_metrics_after(images_seen)
        self.forget_best_after(images_seen)
        self.forget_previews_after(images_seen)

    def add_metrics(self, row: dict[str, float]) -> None:
        """Adds a row to metrics.jsonl. Raises InputError when it cannot be written."""
        with self._writing(str(self.metrics)), self.metrics.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def forget_metrics_after(self, images_seen: int) -> None:
        """Removes the rows of metrics beyond this point, and incomplete ones."""
        if not self.metrics.is_file():
            return
        lines = self.metrics.read_bytes().splitlines(keepends=True)
        kept = [line for line in lines if _images_of(line) <= images_seen]
        if kept != lines:
            write_whole(self.metrics, b"".join(kept))

    def save_preview(self, images_seen: int, png: bytes) -> str:
        """Writes a preview and returns the file's path within the run. Raises InputError when it cannot be written."""
        return self._save_picture(self.preview(images_seen), png)

    def save_source(self, png: bytes) -> None:
        """Writes the picture that every preview shows translated. Raises InputError when it cannot be written."""
        self._save_picture(self.original, png)

    def _save_picture(self, path: Path, png: bytes) -> str:
        with self._writing(f"The preview {path}"):
            write_whole(path, png)
        return path.relative_to(self.path).as_posix()

    def forget_previews_after(self, images_seen: int) -> None:
        """Removes the previews beyond this point."""
        for path in self.previews():
            if images_seen_at(path) > images_seen:
                path.unlink()


def _images_of(line: bytes) -> float:
    """Returns after how many images a row of metrics was written; infinity for an incomplete row."""
    try:
        return float(json.loads(line)["images"]) if line.endswith(b"\n") else float("inf")
    except (ValueError, KeyError, TypeError):
        return float("inf")
