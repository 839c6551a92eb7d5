"""The files of ``server/deploy`` as systemd and container builders read them."""

from __future__ import annotations

import json
import shlex
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
DEPLOY = ROOT / "server" / "deploy"
UNIT, CONTAINER, CONFIG = (DEPLOY / name for name in ("pleinair.service", "Containerfile", "pleinair.toml"))


def settings(unit: Path = UNIT) -> dict[str, list[str]]:
    """A unit's settings of all sections, each with its values in order."""
    found = defaultdict(list)
    for line in unit.read_text("utf-8").splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found[name].append(value)
    return dict(found)


@dataclass(frozen=True)
class Instruction:
    """One of a container file; ``words`` are those of its JSON or its shell form, without flags."""

    name: str
    text: str

    @property
    def words(self) -> list[str]:
        if "[" in self.text:
            return [str(word) for word in json.loads(self.text[self.text.index("[") :])]
        return [word for word in shlex.split(self.text) if not word.startswith("--")]


def stages(container: Path = CONTAINER) -> list[list[Instruction]]:
    """The instructions, from each FROM to the next."""
    lines = [line for line in container.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    found: list[list[Instruction]] = []
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        name, _, text = line.partition(" ")
        if name == "FROM":
            found.append([])
        found[-1].append(Instruction(name, text))
    return found
