"""A virtual screen: its windows, keys and pictures."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

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
        done = self.editors.run(command, self.profile, display=self.name, timeout=60)
        assert done.returncode == 0, done.stdout
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(shot, path)
        return path

    def xdotool(self, *arguments: str, timeout: float = 30) -> str:
        """Runs xdotool on this screen; gives its output. Raises TimeoutExpired, AssertionError with its message."""
        done = self.editors.run(["xdotool", *arguments], self.profile, display=self.name, timeout=timeout)
        assert done.returncode == 0, done.stdout
        return done.stdout


@contextmanager
def open_screen(editors: Editors, profile: Profile, *, size: tuple[int, int] = (1440, 900)) -> Iterator[Screen]:
    """A virtual screen on a free display number."""
    reader, writer = os.pipe()
    # Without a reset between clients, in which the next one would find nobody.
    options = ["-noreset", "-nolisten", "tcp", "-screen", "0", f"{size[0]}x{size[1]}x24"]
    command = ["Xvfb", "-displayfd", str(writer), *options]
    process = editors.popen(command, profile, stdout=subprocess.DEVNULL, pass_fds=(writer,))
    os.close(writer)
    try:
        with os.fdopen(reader) as numbers:
            number = numbers.readline().strip()
        assert number, "Xvfb did not start"
        yield Screen(editors, profile, f":{number}")
    finally:
        process.terminate()
        process.wait(timeout=20)
