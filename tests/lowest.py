"""Prints the lowest versions that pyproject.toml allows, a requirement a line, as constraints for pip:
``python tests/lowest.py``. Needs nothing but the standard library."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

EXTRAS = ("train", "metrics", "pictures", "prometheus", "dev")  # those of `make test-lowest`, and what the server reads
_PROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"


def lowest_versions() -> list[str]:
    """NAME==VERSION of each requirement, once. Raises ValueError for one that begins with no lowest version."""
    project = tomllib.loads(_PROJECT.read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    entries = [*project["dependencies"], *(entry for name in EXTRAS for entry in extras[name])]
    return list(dict.fromkeys(map(_lowest, entries)))


def _lowest(requirement: str) -> str:
    bound = re.match(r"([\w.-]+)(?:>=|==)([\w.]+)", requirement)
    if not bound:
        raise ValueError(
            f"{requirement!r} in pyproject.toml begins with no lowest version; write NAME>=VERSION,<VERSION."
        )
    return f"{bound[1]}=={bound[2]}"


if __name__ == "__main__":
    try:
        print("\n".join(lowest_versions()))
    except ValueError as problem:
        sys.exit(f"error: {problem}")
