"""Reads the pictures of both domains as a run's options say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from pleinair.common.caches import cache_folder

from training.config import FitConfig
from training.data.batches import UnpairedBatches, Zoom
from training.data.cache import PictureCache
from training.data.folders import PictureFolder, read_folder
from training.data.listing import list_pictures
from training.data.reading import Reading, parse_colour, parse_scale
from training.data.report import check_two_places, check_two_sets, folder_report, pair_report

CACHED_FROM = 16 * 1024**2  # bytes of picture files; fewer are decoded within a second or two


def choose_cache(place: str | None) -> PictureCache | None:
    """Returns the cache in the folder ``place``, or None for ``none``.

    By default it is in the platform's cache folder, for sets of 16 MiB or more; None when there is no such folder.
    """
    if place == "none":
        return None
    if place is not None:
        return PictureCache(Path(place))
    try:
        return PictureCache(cache_folder(), CACHED_FROM)
    except OSError:
        return None


@dataclass(frozen=True)
class Domains:
    """The pictures of both domains, read as a run's options say."""

    config: FitConfig
    source: PictureFolder
    target: PictureFolder

    def report(self, *, sizes: bool = False) -> str:
        """Returns what a person should know about the pictures, in lines; with ``sizes``, their sizes too."""
        reading = _reading(self.config, self.config.source_channels)
        lines = [line for folder in (self.source, self.target) for line in folder_report(folder, reading, sizes=sizes)]
        return "\n".join([*lines, *pair_report(self.source, self.target, reading)])

    def batches(self, device: torch.device) -> UnpairedBatches:
        """Returns the batches that training draws from these pictures, for networks on this device."""
        config = self.config
        zoom = Zoom(config.zoom_min, config.batch if config.zoom_per == "batch" else None)
        return UnpairedBatches(
            self.source,
            self.target,
            crop_size=config.crop_size,
            mirror=config.mirror,
            seed=config.seed,
            zoom=zoom if config.strategy == "patch" else None,
            device=device,
        )


def read_domains(config: FitConfig, cache: PictureCache | None) -> Domains:
    """Reads the source and the target pictures. Raises InputError for pictures that cannot be used."""
    paths = Path(config.source), Path(config.target)
    for path in paths:
        list_pictures(path)  # raises unless both are there, before reading the first takes its time
    check_two_places(*paths)
    channels = (config.source_channels, config.target_channels)
    source, target = (
        read_folder(path, _reading(config, number), cache) for path, number in zip(paths, channels, strict=True)
    )
    check_two_sets(source, target)
    return Domains(config, source, target)


def _reading(config: FitConfig, channels: int) -> Reading:
    sizes = config.strategy, config.load_size, config.crop_size
    scale = parse_scale(config.black, config.white)
    return Reading(*sizes, channels, parse_colour(config.background), scale)
