"""A virtual screen: its windows, keys and pictures."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.hosts.editors import Editors, Profile


@dataclass(frozen=True)
class Screen:
    """``name`` is what DISPLAY says of it."""

    editors: Editors
    profile: Profile
    name: str

    def window(self, title: str, *, timeout: float = 60) -> str:
        """Waits for a visible window whose title matches the regular expression; gives its number."""
        return self.xdotool("search", "--sync", "--onlyvisible", "--name", title, timeout=timeout).split()[0]

    def key(self, *keys: str, window: str | None = None) -> None:
        """Presses keys such as "Return" or "ctrl+z", after giving the window the focus."""
        if window:
            self.xdotool("windowfocus", "--sync", window)
        self.xdotool("key", "--clearmodifiers", *keys)

    def type(self, text: str) -> None:
        self.xdotool("type", "--delay", "10", text)

    def click(self, x: int, y: int, *, window: str | None = None, button: int = 1) -> None:
        """Clicks at a place on the screen, or in a window."""
        target = ["--window", window] if window else []
        self.xdotool("mousemove", "--sync", *target, str(x), str(y), "click", str(button))

    def screenshot(self, path: Path) -> Path:
        """Writes the whole screen as a PNG file."""
        shot = self.profile.home / "screenshot.png"
        command = ["import", "-silent", "-window", "root", self.editors.inside(shot)]
        done = self.editors.run(command, self.profile, screen=self, timeout=60)
        assert done.returncode == 0, done.stdout
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(shot, path)
        return path

    def xdotool(self, *arguments: str, timeout: float = 30) -> str:
        """Runs xdotool on this screen; gives its output. Raises TimeoutExpired, AssertionError with its message."""
        done = self.editors.run(["xdotool", *arguments], self.profile, screen=self, timeout=timeout)
        assert done.returncode == 0, done.stdout
        return done.stdout
