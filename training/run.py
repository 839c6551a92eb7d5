"""A run is a folder that explains itself: options, metrics, previews, checkpoints and the filter."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from training.checkpoint import Checkpoint
from training.config import FitConfig
from training.errors import InputError
from training.files import write_whole

KEPT_CHECKPOINTS = 2


@dataclass(frozen=True)
class RunFolder:
    path: Path

    @property
    def config(self) -> Path:
        return self.path / "config.json"

    @property
    def metrics(self) -> Path:
        return self.path / "metrics.jsonl"

    @property
    def filter(self) -> Path:
        return self.path / "filter.onnx"

    @classmethod
    def create(cls, path: Path, config: FitConfig) -> RunFolder:
        """Makes the folder and saves the options. Raises InputError when it holds something or cannot be written."""
        run = cls(path)
        if path.is_dir() and any(path.iterdir()):
            raise InputError(f"{path} is not empty; choose another --output, or go on with --resume {path}.")
        try:
            for folder in (path, run.path / "checkpoints", run.path / "previews"):
                folder.mkdir(parents=True, exist_ok=True)
            write_whole(run.config, config.to_json().encode())
        except OSError as error:
            raise InputError(
                f"The run cannot be written to {path} ({error.strerror}); choose an --output that can be written."
            ) from None
        return run

    def checkpoints(self) -> list[Path]:
        """Oldest first."""
        return sorted((self.path / "checkpoints").glob("images-*.pt"))

    def latest_checkpoint(self) -> Path:
        """Raises InputError when there is none."""
        if not (self.path / "checkpoints").is_dir():
            raise InputError(f"{self.path} is not a training run; name a folder that training.fit wrote.")
        checkpoints = self.checkpoints()
        if not checkpoints:
            raise InputError(f"{self.path} has no checkpoint yet; start its training again in a new --output.")
        return checkpoints[-1]

    def save(self, checkpoint: Checkpoint) -> Path:
        """Writes the checkpoint, then removes all but the last two. Raises InputError; older ones are then intact."""
        path = self.path / "checkpoints" / f"images-{checkpoint.images_seen:09d}.pt"
        try:
            checkpoint.save(path)
        except OSError as error:
            kept = self.checkpoints()
            intact = f"the previous one, {kept[-1].name}, is intact: " if kept else ""
            raise InputError(
                f"The checkpoint {path} cannot be written ({error.strerror}); {intact}"
                f"make room and go on with --resume {self.path}."
            ) from None
        for old in self.checkpoints()[:-KEPT_CHECKPOINTS]:
            old.unlink()
        return path

    def add_metrics(self, row: dict[str, float]) -> None:
        with self.metrics.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def save_preview(self, images_seen: int, png: bytes) -> None:
        write_whole(self.path / "previews" / f"images-{images_seen:09d}.png", png)
