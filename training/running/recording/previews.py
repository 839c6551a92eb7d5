"""Saves pictures that show how training is going."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from training.computing.vision import make_grid
from training.data.display import as_rgb, encode, to_image
from training.running.guard import Guard, measures
from training.running.recording.due import Due, Moment
from training.running.recording.tensorboard import TensorBoard
from training.running.reporter import Reporter
from training.running.run import RunFolder
from training.running.trainer import Trainer
from training.running.whole import Whole

PREVIEW_PICTURES = 4


@dataclass(frozen=True)
class PreviewWriter:
    """Saves previews, of a few crops or of ``whole`` if it is given, and lets the guard look at the crops each time."""

    trainer: Trainer
    run: RunFolder
    reporter: Reporter
    guard: Guard
    due: Due
    whole: Whole | None = None
    tensorboard: TensorBoard | None = None

    def write_source(self) -> None:
        """Saves the whole picture untranslated, if previews show its translation."""
        if self.whole is not None:
            self.run.save_source(picture_png(self.whole.picture))

    def write(self, moment: Moment) -> dict[str, float]:
        """Saves a preview and warns of what the guard sees in it. Returns the guard's measures; raises Diverged."""
        batches = self.trainer.batches
        sources, targets = (batches.examples(folder, PREVIEW_PICTURES) for folder in (batches.source, batches.target))
        with self.due.pace.measured():
            translated = self.trainer.translate(sources)
            for warning in self.guard.look(moment.images_seen, sources, translated):
                self.reporter.warning(warning)
            if self.whole is None:
                png = preview_png(sources, translated, targets)
            else:
                png = self._whole_png(self.whole, moment)
            file = self.run.save_preview(moment.images_seen, png)
        self.reporter.preview(moment.images_seen, file)
        if self.tensorboard:
            self.tensorboard.add_preview(moment.images_seen, png)
        return measures(sources, translated)

    def _whole_png(self, whole: Whole, moment: Moment) -> bytes:
        early = self.due.pace.first and not moment.is_last and self.trainer.batches.device.type == "cpu"
        translated = whole.sketched if early else whole.translated
        return picture_png(translated(self.trainer.translate, self.reporter.warning))


def preview_png(sources: Tensor, translated: Tensor, targets: Tensor) -> bytes:
    """Returns a PNG with three rows, each (n, c, h, w) in [-1, 1]: sources, their translations, target pictures."""
    sources, translated, targets = (as_rgb(pictures) for pictures in (sources, translated, targets))
    columns = len(sources)
    blank = torch.ones_like(sources)
    third_row = torch.cat([targets, blank])[:columns]
    grid = make_grid(torch.cat([sources, translated, third_row]), columns)
    return encode(to_image(grid[None]), "PNG")


def picture_png(picture: Tensor) -> bytes:
    """Returns a PNG of one picture (1, c, h, w) in [-1, 1]."""
    return encode(to_image(picture), "PNG")
