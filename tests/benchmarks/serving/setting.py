"""What all peers have in common, as it travels to their processes."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

IDENTIFIER = "bench"


@dataclass(frozen=True)
class Setting:
    """One network on one device.

    ``folder`` holds its filter (of ``precision``, float32 or float16) and its weights (float32); ``width`` and
    ``blocks`` are the generator's. ``device`` is cpu or cuda, ``threads`` those of a computation on the CPU.
    """

    folder: str
    width: int
    blocks: int
    device: str
    precision: str
    threads: int

    @property
    def filter_path(self) -> Path:
        return Path(self.folder) / f"{IDENTIFIER}.onnx"

    @property
    def weights_path(self) -> Path:
        return Path(self.folder) / f"{IDENTIFIER}.pt"

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Setting:
        return cls(**json.loads(text))
