"""GIMP as an artist has it: on a screen, with keys and a mouse."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from tests.hosts.gimp.pictures import Bench
from tests.hosts.gimp.remote import wait_until
from tests.hosts.screen import Screen

MAIN = "GIMP$"
DIALOG = "^Translate$"


@dataclass(frozen=True)
class Desk(Bench):
    """GIMP on a screen."""

    screen: Screen

    def open(self, source: np.ndarray, precision: str) -> tuple[int, int]:
        """A picture in a window, with one layer."""
        height, width, _ = source.shape
        image = self.gimp.new_image(width=width, height=height, precision=precision, base="RGB")
        layer = self.layer(image, source, place=(0, 0))
        self.gimp.show(image=image)
        return image, layer

    def main(self) -> str:
        """GIMP's own window. xdotool fails where another one closes while it searches; then it searches again."""
        with suppress(AssertionError):
            return self.screen.window(MAIN)
        return self.screen.window(MAIN)

    def press(self, *keys: str) -> None:
        """In the main window."""
        self.screen.key(*keys, window=self.main())

    def open_dialog(self) -> str:
        return self.open_entry("t", DIALOG)

    def open_entry(self, mnemonic: str, title: str) -> str:
        """By the menu: Filters, its last entry, Pleinair, and one of its entries. Gives the window.

        A menu that was not open yet when the next key came is closed, and tried again.
        """
        for patience in (5, 10, 20, 40):
            main = self.main()
            self.screen.xdotool("windowfocus", "--sync", main)
            self.screen.xdotool("key", "--clearmodifiers", "--delay", "200", "alt+r", "Up", "Right", mnemonic)
            try:
                return self.screen.window(title, timeout=patience)
            except subprocess.TimeoutExpired:
                self.press("Escape", "Escape", "Escape")
        raise AssertionError(f"No window {title}.")

    def escape(self, window: str) -> None:
        """Presses Escape until the plug-in has ended: GIMP's own window may take the focus meanwhile."""
        wait_until(lambda: self._escaped(window), self.gimp, 30, "end of the plug-in")

    def clear(self) -> None:
        """Waits for the plug-in's end: until then it writes settings and results. What a failed test left is ended."""
        try:
            wait_until(lambda: not self.gimp.plugins_running(), self.gimp, 10, "end of the plug-in")
        except AssertionError:
            for pid in self.gimp.plugins_running():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def counts(self, image: int, number: int) -> Callable[[], bool]:
        return lambda: len(self.gimp.layers(image=image)) == number

    def cancel(self) -> None:
        """Presses Cancel in the main window's corner, beside the progress bar."""
        window = self.main()
        geometry = self.screen.xdotool("getwindowgeometry", "--shell", window)
        width, height = (int(re.findall(rf"{side}=(\d+)", geometry)[0]) for side in ("WIDTH", "HEIGHT"))
        self.screen.click(width - 45, height - 18, window=window)

    def apply(self, image: int, meanwhile: Callable[[], None] = lambda: None) -> int:
        """By the dialog, with the filter that it offers, ``meanwhile`` being done while it is open; gives the new
        layer."""
        before = len(self.gimp.layers(image=image))
        dialog = self.open_dialog()
        meanwhile()
        wait_until(lambda: self._applied(dialog, image, before), self.gimp, 60, "new layer")
        wait_until(lambda: not self.gimp.plugins_running(), self.gimp, 30, "end of the plug-in")
        return int(self.gimp.layers(image=image)[0]["id"])

    def pictured(self, path: Path) -> bool:
        """Whether the preview's border is on the screen: a white line from top to bottom of it."""
        shot = np.asarray(Image.open(self.screen.screenshot(path)).convert("L"))
        white = (shot == 255).astype(np.int8)
        return bool((white.sum(axis=0) > 250).any())

    def still(self, path: Path) -> bool:
        """Whether two pictures of the screen are the same: nothing turns any more."""
        before, after = (Image.open(self.screen.screenshot(path)).tobytes() for _ in range(2))
        return before == after

    def _escaped(self, window: str) -> bool:
        if not self.gimp.plugins_running():
            return True
        with suppress(AssertionError):  # the window has gone meanwhile
            self.screen.key("Escape", window=window)
        return not self.gimp.plugins_running()

    def _applied(self, dialog: str, image: int, before: int) -> bool:
        """Presses Return until it was heard: nothing can be applied before the filters have come."""
        if len(self.gimp.layers(image=image)) > before:
            return True
        with suppress(AssertionError):  # the dialog has gone meanwhile
            self.screen.key("Return", window=dialog)
        return False
