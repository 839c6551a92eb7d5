"""Shows what a run would do with its pictures, without training."""

from __future__ import annotations

from pathlib import Path

import torch
from pleinair.common.files import write_whole

from training.config import FitConfig
from training.data.cache import PictureCache
from training.data.contact_sheet import contact_sheet
from training.data.domains import read_domains
from training.errors import InputError
from training.running.reporter import Reporter


def dry_run(config: FitConfig, cache: PictureCache | None, output: str | None, reporter: Reporter) -> int:
    """Reports what was read, and writes a contact sheet beside ``output`` or into the working folder.

    Returns 0. Raises InputError for pictures that cannot be used, or when the sheet cannot be written.
    """
    domains = read_domains(config, cache)
    reporter.note(domains.report(sizes=True))
    batches = domains.batches(torch.device("cpu"))
    images = config.images or config.epochs * batches.epoch_images
    reporter.note(f"An epoch has {batches.epoch_images} images, the run {images}; each step takes {config.batch}.")
    path = Path(f"{Path(output)}-dry-run.png" if output else "dry-run.png")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, contact_sheet(batches))
    except OSError as error:
        raise InputError(
            f"The contact sheet cannot be written to {path} ({error.strerror}); choose another --output."
        ) from None
    reporter.note(f"What the networks would see is shown in {path}")
    return 0
