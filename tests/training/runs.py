"""Small runs of training.fit in this process, and how they are made to stop on their way."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.training.factories import TINY_ARGUMENTS, two_folders
from training import fit
from training.running import completion


def arguments(root: Path, *more: str) -> list[str]:
    """Of a new run in ``root / "run"``, on pictures made there; later options win."""
    return [*two_folders(root), *TINY_ARGUMENTS, "--output", str(root / "run"), "--device", "cpu", *more]


def stop_after(monkeypatch: pytest.MonkeyPatch, images: int) -> None:
    """Training at one picture a step is asked to stop after this many, as by Ctrl-C."""
    asked = iter([False] * images)
    monkeypatch.setattr(completion, "stop_on_signal", lambda: lambda: next(asked, True))


def go_on(run: Path, *options: str) -> int:
    return fit.main(["--resume", str(run), *options, "--device", "cpu"])
