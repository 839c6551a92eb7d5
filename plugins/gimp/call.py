"""One call of a procedure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gi.repository import Gimp


@dataclass(frozen=True)
class Call:
    """As GIMP made it. ``folder`` is that of the settings."""

    procedure: Any
    mode: Any
    image: Any
    drawables: list[Any]
    config: Any
    folder: Path

    @property
    def interactive(self) -> bool:
        return bool(self.mode == Gimp.RunMode.INTERACTIVE)
