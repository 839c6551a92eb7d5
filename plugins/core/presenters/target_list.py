"""The photos that a new training learns from: layers of open pictures, and files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from ...client import ClientError
from ..gathering import ChosenTarget
from ..problems import Problem
from ..texts import _, told
from ..training_wish import SUFFIXES, check_file


class TargetListPresenter:
    """``targets`` are in the order in which they were added; ``show`` is called with each new one."""

    def __init__(self, show: Callable[[ChosenTarget], None]) -> None:
        self.targets: list[ChosenTarget] = []
        self._show = show

    def add(self, target: ChosenTarget) -> None:
        """Adds a target unless it is there already. Raises Problem for a file that servers do not accept."""
        if isinstance(target, Path):
            try:
                check_file(target)
            except ClientError as error:
                raise Problem(*told(error)) from error
        if target not in self.targets:
            self.targets.append(target)
            self._show(target)

    def add_files(self, paths: Iterable[str]) -> None:
        """Adds the files that servers accept, then raises the Problem of the first that they do not accept."""
        refused: list[Problem] = []
        for path in paths:
            try:
                self.add(Path(path))
            except Problem as problem:
                refused.append(problem)
        if refused:
            raise refused[0]

    def remove(self, rows: Iterable[int]) -> list[int]:
        """Removes the targets in these rows; returns the rows from the last to the first."""
        removed = sorted(rows, reverse=True)
        for row in removed:
            del self.targets[row]
        return removed

    @property
    def kinds(self) -> str:
        """A file dialog's description of the files that can be chosen."""
        return _("Pictures ({patterns})").format(patterns=" ".join(f"*{suffix}" for suffix in SUFFIXES))
