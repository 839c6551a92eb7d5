"""Reads both domains as a run's options say."""

from __future__ import annotations

from pathlib import Path

import torch
from pleinair.common.caches import cache_folder

from training.config import FitConfig
from training.data.batches import UnpairedBatches, Zoom
from training.data.cache import PictureCache
from training.data.folders import picture_files, read_folder
from training.data.reading import Reading, parse_colour
from training.data.report import check_two_places, check_two_sets, folder_report, pair_report

CACHED_FROM = 16 * 1024**2  # bytes of picture files; fewer are decoded within a second or two


def choose_cache(place: str | None) -> PictureCache | None:
    """``none``, a folder, or by default the platform's folder for all but small sets of pictures."""
    if place == "none":
        return None
    if place is not None:
        return PictureCache(Path(place))
    try:
        return PictureCache(cache_folder(), CACHED_FROM)
    except OSError:
        return None


def read_domains(
    config: FitConfig, device: torch.device, cache: PictureCache | None, *, sizes: bool = False
) -> UnpairedBatches:
    """Reads both folders and prints what a person should know of them; ``sizes``: with the pictures' sizes.

    Raises InputError for pictures that cannot serve.
    """
    paths = Path(config.source), Path(config.target)
    for path in paths:
        picture_files(path)  # both are there, before one of them is read at length
    check_two_places(*paths)
    readings = [_reading(config, channels) for channels in (config.source_channels, config.target_channels)]
    source, target = (read_folder(path, reading, cache) for path, reading in zip(paths, readings, strict=True))
    check_two_sets(source, target)
    lines = [line for folder in (source, target) for line in folder_report(folder, readings[0], sizes=sizes)]
    print("\n".join([*lines, *pair_report(source, target, readings[0])]), flush=True)
    zoom = Zoom(config.zoom_min, config.batch if config.zoom_per == "batch" else None)
    return UnpairedBatches(
        source,
        target,
        crop_size=config.crop_size,
        mirror=config.mirror,
        seed=config.seed,
        zoom=zoom if config.strategy == "patch" else None,
        device=device,
    )


def _reading(config: FitConfig, channels: int) -> Reading:
    return Reading(config.strategy, config.load_size, config.crop_size, channels, parse_colour(config.background))
