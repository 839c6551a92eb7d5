"""Translates picture files one after another, with a progress bar where a person sees it."""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray
from pleinair.common.files import write_whole
from pleinair.pictures.levels import PLAIN, Scale
from pleinair.pictures.picture import NoteKind, Picture, PictureError
from pleinair.pictures.reading import read_picture
from pleinair.v1.translation_pb2 import Progress, Summary
from tqdm import tqdm

from server.batches.standard import read_input, write_output
from server.batches.tasks import Batch, PictureTask
from server.client.translations import OnProgress, TranslationError, Translator
from server.pictures.results import encode_result

LOST = "UNAVAILABLE"
RETRY_SECONDS = 2.0


@dataclass(frozen=True)
class Translating:
    """Translates with one filter; ``quality``, 1 to 100, is that of lossy results, and ``scale`` says which values of
    files of more than 8 bits are black and white."""

    translator: Translator
    filter_id: str
    max_pixels: int
    quality: int
    scale: Scale = PLAIN

    def translate(self, batch: Batch) -> bool:
        """Translates every picture, says what happened, and returns whether all of them are done. A picture that fails
        is named and left out, and a server that is gone ends the batch. Raises BrokenPipeError where nobody reads
        standard output any more."""
        started, done, provider = time.monotonic(), 0, ""
        with tqdm(batch.tasks, unit="picture", disable=None) as bar, warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"PIL\.")  # of odd metadata, in words for programmers
            for task in bar:
                try:
                    provider = self._translate(task, bar)
                    done += 1
                except BrokenPipeError:
                    raise
                except (OSError, PictureError, TranslationError) as error:
                    _say(task, _sentence(error))
                    if isinstance(error, TranslationError) and error.code == LOST:
                        break  # the others would hear the same
        # Where results go out there, nothing else does.
        out = sys.stderr if any(task.target is None for task in batch.tasks) else sys.stdout
        print(_summary(batch, done, time.monotonic() - started, provider), file=out)
        return done == len(batch.tasks)

    def _translate(self, task: PictureTask, bar: tqdm[PictureTask]) -> str:
        """Translates one picture and returns the execution provider that computed."""

        def show(progress: Progress) -> None:
            bar.set_description_str(f"{name}: {_stage(progress)}")

        name = task.source.name if task.source else task.name
        bar.set_description_str(f"{name}: reading")
        picture = read_picture(task.source or read_input(), max_pixels=self.max_pixels, scale=self.scale)
        task.form.check_size(*picture.pixels.shape[:2])
        for sentence in _notes(picture):
            _say(task, sentence)
        pixels, summary = self._ask(picture.in_colour(), show)
        bar.set_description_str(f"{name}: writing")
        result = encode_result(pixels, picture.carried, task.form, self.quality)
        for sentence in result.notes:
            _say(task, sentence)
        if task.target:
            write_whole(task.target, result.data)
        else:
            write_output(result.data)
        return summary.execution_provider

    def _ask(self, pixels: NDArray[Any], show: OnProgress) -> tuple[NDArray[Any], Summary]:
        """Asks once more where the connection was lost, as by a server that was restarted."""
        try:
            return self.translator.translate(self.filter_id, pixels, on_progress=show)
        except TranslationError as error:
            if error.code != LOST:
                raise
            time.sleep(RETRY_SECONDS)
            return self.translator.translate(self.filter_id, pixels, on_progress=show)


def _notes(picture: Picture) -> Iterator[str]:
    # That a picture is dark is no news to whoever translates it.
    return (note.sentence for note in picture.notes if note.kind is not NoteKind.FEW_BITS)


def _summary(batch: Batch, done: int, seconds: float, provider: str) -> str:
    with_provider = f" with {provider}" if provider else ""
    before = f" {batch.done} had their results already." if batch.done else ""
    return f"Translated {done} of {len(batch.tasks)} pictures in {seconds:.1f} s{with_provider}.{before}"


def _stage(progress: Progress) -> str:
    if progress.stage == Progress.STAGE_QUEUED:
        return f"waiting, {progress.queue_position} ahead of it"
    if not progress.HasField("fraction"):
        return "translating"
    return f"translating, {progress.fraction:.0%}, {progress.seconds_left:.0f} s left"


def _say(task: PictureTask, sentence: str) -> None:
    """Prints a sentence about one picture on standard error, above the progress bar."""
    tqdm.write(f"{task.name}: {sentence}", file=sys.stderr)


def _sentence(error: OSError | PictureError | TranslationError) -> str:
    if isinstance(error, OSError):
        return f"The file system reports: {error.strerror}."
    return error.sentence
