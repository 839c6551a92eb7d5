"""Reports the results of a comparison of pictures, for people and for programs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pleinair.common.files import write_whole

from training.errors import InputError
from training.metrics.picture_files import PictureFiles


@dataclass(frozen=True)
class Figures:
    """The result of one metric, as text for people and as values for programs."""

    text: str
    values: dict[str, Any]


@dataclass
class Report:
    """What was compared, the results, and warnings that their reader must know."""

    compared: dict[str, dict[str, Any]] = field(default_factory=dict)
    metrics: dict[str, Figures] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def add_skipped(self, files: list[str]) -> None:
        """Warns of files that are left out, each given as its name and the reason."""
        self.warnings += [f"skipped {file}" for file in files]

    def add_side(self, name: str, pictures: PictureFiles, origin: str) -> None:
        """Describes one of the compared sets; ``origin`` says where it comes from."""
        self.add_skipped(pictures.skipped)
        self.compared[name] = {"pictures": len(pictures), "sizes": _sizes(pictures), "from": origin}

    def lines(self) -> Iterator[str]:
        """Yields the report for people, without the warnings."""
        for name, side in self.compared.items():
            yield f"{name:<10} {_count(side['pictures'], 'picture')}, {side['sizes']}, from {side['from']}"
        for name, figures in self.metrics.items():
            yield f"{name:<10} {figures.text}"

    def write_json(self, path: Path) -> None:
        """Writes the report for programs. Raises InputError when it cannot be written."""
        metrics = {name: figures.values for name, figures in self.metrics.items()}
        contents = {"compared": self.compared, "metrics": metrics, "warnings": self.warnings}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, (json.dumps(contents, indent=2, ensure_ascii=False) + "\n").encode())
        except OSError as error:
            raise InputError(
                f"The figures cannot be written to {path} ({error.strerror}); choose another place."
            ) from None


def _sizes(pictures: PictureFiles) -> str:
    sizes = Counter(pictures.sizes)
    (width, height), _ = sizes.most_common(1)[0]
    return f"{width}x{height}" + (f" and {_count(len(sizes) - 1, 'other size')}" if len(sizes) > 1 else "")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
