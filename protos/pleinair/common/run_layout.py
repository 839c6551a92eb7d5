"""The layout of a training run's folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_STEM = "images-"


@dataclass(frozen=True)
class RunLayout:
    """The places of the files of the run in folder ``path``. It reads no more than the names of files."""

    path: Path

    @property
    def config(self) -> Path:
        """The options, in JSON."""
        return self.path / "config.json"

    @property
    def metrics(self) -> Path:
        """Losses and scores, one JSON object a line."""
        return self.path / "metrics.jsonl"

    @property
    def filter(self) -> Path:
        """The run's filter, which exists once the run has finished."""
        return self.path / "filter.onnx"

    @property
    def tensorboard(self) -> Path:
        """TensorBoard's folder."""
        return self.path / "tensorboard"

    @property
    def checkpoint_folder(self) -> Path:
        return self.path / "checkpoints"

    @property
    def best(self) -> Path:
        """The checkpoint with the lowest score so far."""
        return self.checkpoint_folder / "best.pt"

    @property
    def preview_folder(self) -> Path:
        return self.path / "previews"

    @property
    def original(self) -> Path:
        """The picture that every preview shows translated."""
        return self.preview_folder / "source.png"

    def checkpoint(self, images_seen: int) -> Path:
        return self.checkpoint_folder / f"{_STEM}{images_seen:09d}.pt"

    def checkpoints(self) -> list[Path]:
        """Returns all checkpoints that exist except ``best``, oldest first."""
        return sorted(self.checkpoint_folder.glob(f"{_STEM}*.pt"))

    def preview(self, images_seen: int) -> Path:
        return self.preview_folder / f"{_STEM}{images_seen:09d}.png"

    def previews(self) -> list[Path]:
        """Returns all previews that exist, oldest first."""
        return sorted(self.preview_folder.glob(f"{_STEM}*.png"))


def images_seen_at(path: Path) -> int:
    """Returns after how many images a checkpoint or preview was made. Raises ValueError for any other file."""
    return int(path.stem.removeprefix(_STEM))
