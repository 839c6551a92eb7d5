"""The artist's way: menus, the dialog, the progress bar and undo, in GIMP on a screen."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests import factories
from tests.hosts.editors import Editors
from tests.hosts.gimp.pictures import Bench, noise
from tests.hosts.gimp.remote import running, settle, wait_until
from tests.hosts.screen import Screen
from tests.hosts.serving import HostServer, serving

MAIN = "GIMP$"
FREE = "127.0.0.1:50999"  # nobody listens there
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

    def press(self, *keys: str) -> None:
        """In the main window."""
        self.screen.key(*keys, window=self.screen.window(MAIN))

    def open_dialog(self) -> str:
        return self.open_entry("t", DIALOG)

    def open_entry(self, mnemonic: str, title: str) -> str:
        """By the menu: Filters, its last entry, Pleinair, and one of its entries. Gives the window.

        A menu that was not open yet when the next key came is closed, and tried again.
        """
        for patience in (5, 10, 20, 40):
            main = self.screen.window(MAIN)
            self.screen.xdotool("windowfocus", "--sync", main)
            self.screen.xdotool("key", "--clearmodifiers", "--delay", "200", "alt+r", "Up", "Right", mnemonic)
            try:
                return self.screen.window(title, timeout=patience)
            except subprocess.TimeoutExpired:
                self.press("Escape", "Escape", "Escape")
        raise AssertionError(f"No window {title}.")

    def counts(self, image: int, number: int) -> Callable[[], bool]:
        return lambda: len(self.gimp.layers(image=image)) == number

    def cancel(self) -> None:
        """Presses Cancel in the main window's corner, beside the progress bar."""
        window = self.screen.window(MAIN)
        geometry = self.screen.xdotool("getwindowgeometry", "--shell", window)
        width, height = (int(re.findall(rf"{side}=(\d+)", geometry)[0]) for side in ("WIDTH", "HEIGHT"))
        self.screen.click(width - 45, height - 18, window=window)


@pytest.fixture(scope="module")
def desk(editors: Editors, gimp_zip: Path, server: HostServer) -> Iterator[Desk]:
    with editors.profile() as profile, editors.display(profile) as screen:
        editors.install_gimp(gimp_zip, profile)
        settle(profile, address=server.address)
        with running(editors, profile, screen=screen) as gimp:
            yield Desk(gimp, screen)


def test_choosing_undoing_redoing_and_repeating_are_one_step_each(desk: Desk, artifacts: Path) -> None:
    gimp, screen = desk.gimp, desk.screen
    source = noise("U16", 3, size=(400, 300))
    image, layer = desk.open(source, "U16_NON_LINEAR")
    dialog = desk.open_dialog()
    screen.key("i", "n", "v", window=dialog)  # into the search: the inverting filter is left
    wait_until(lambda: _pictured(screen, artifacts / "gimp-dialog.png"), gimp, 60, "dialog with a preview")
    screen.key("Return", window=dialog)
    wait_until(desk.counts(image, 2), gimp, 60, "new layer")
    np.testing.assert_array_equal(desk.pixels(gimp.layers(image=image)[0]["id"], source), 65535 - source)
    wait_until(lambda: gimp.selected(image=image) == [layer], gimp, 30, "artist's layer selected again")
    screen.screenshot(artifacts / "gimp-result.png")
    desk.press("ctrl+z")
    wait_until(desk.counts(image, 1), gimp, 30, "undone step")
    np.testing.assert_array_equal(desk.pixels(layer, source), source)
    desk.press("ctrl+y")
    wait_until(desk.counts(image, 2), gimp, 30, "redone step")
    np.testing.assert_array_equal(desk.pixels(gimp.layers(image=image)[0]["id"], source), 65535 - source)
    desk.press("ctrl+f")
    wait_until(desk.counts(image, 3), gimp, 60, "repeated translation")


def test_escape_empties_the_search_and_then_ends_the_dialog(desk: Desk) -> None:
    gimp, screen = desk.gimp, desk.screen
    image, layer = desk.open(noise("U8", 3, size=(60, 40)), "U8_NON_LINEAR")
    dialog = desk.open_dialog()
    screen.key("i", "n", "v", "Escape", window=dialog)
    assert gimp.plugins_running()
    screen.key("Escape", window=dialog)
    wait_until(lambda: not gimp.plugins_running(), gimp, 30, "end of the dialog")
    assert [found["id"] for found in gimp.layers(image=image)] == [layer]


def test_cancel_leaves_the_picture_alone_and_frees_the_server(desk: Desk, artifacts: Path) -> None:
    gimp = desk.gimp
    source = noise("U8", 4, size=(1800, 1400))  # minutes for the slow filter
    image, layer = desk.open(source, "U8_NON_LINEAR")
    answer = gimp.ask("translate", image=image, drawables=[layer], filter="slow")
    wait_until(lambda: bool(gimp.plugins_running()), gimp, 30, "translation")
    desk.screen.screenshot(artifacts / "gimp-progress.png")
    end = _pressing(desk)
    wait_until(lambda: next(end), gimp, 60, "cancelled translation")
    assert answer.value()[0] == "CANCEL"
    assert [found["id"] for found in gimp.layers(image=image)] == [layer]
    np.testing.assert_array_equal(desk.pixels(layer, source), source)
    assert desk.translate(image, layer, filter="identity") == ""


def test_text_and_link_layers_become_new_layers(desk: Desk) -> None:
    gimp = desk.gimp
    image, _ = desk.open(noise("U8", 3, size=(200, 100)), "U8_NON_LINEAR")
    linked = gimp.profile.home / "linked.png"
    desk.screen.screenshot(linked)
    requests = (("new_text", {"text": "Sea"}), ("new_link", {"path": gimp.inside(linked)}))
    for name, arguments in requests:
        layer = gimp.ask(name, image=image, **arguments).value()
        if not layer:
            continue
        before = gimp.raw(layer)
        assert desk.translate(image, layer, filter="identity") == ""
        above, below = (found["id"] for found in gimp.layers(image=image)[:2])
        assert below == layer and gimp.raw(layer) == before == gimp.raw(above)


def test_dialog_without_a_server_says_what_to_do(desk: Desk, artifacts: Path, tmp_path: Path) -> None:
    """And goes on by itself when there is one."""
    gimp, screen = desk.gimp, desk.screen
    source = noise("U8", 3, size=(60, 40))
    image, _ = desk.open(source, "U8_NON_LINEAR")
    before = (gimp.profile.gimp_folder / "pleinair/settings.json").read_text()
    settle(gimp.profile, address=FREE, last_filter="inverting")
    try:
        dialog = desk.open_dialog()
        screen.screenshot(artifacts / "gimp-no-server.png")
        screen.key("Return", window=dialog)  # nothing can be applied yet
        factories.put(tmp_path, factories.inverting())
        with serving(tmp_path, address=FREE):
            wait_until(lambda: _applied(desk, dialog, image), gimp, 90, "translation by the server that came")
            np.testing.assert_array_equal(desk.pixels(gimp.layers(image=image)[0]["id"], source), 255 - source)
    finally:
        (gimp.profile.gimp_folder / "pleinair/settings.json").write_text(before)


def test_settings_are_kept_and_what_keeps_a_server_from_starting_is_said(desk: Desk, artifacts: Path) -> None:
    gimp, screen = desk.gimp, desk.screen
    desk.open(noise("U8", 3, size=(60, 40)), "U8_NON_LINEAR")
    folder = gimp.profile.gimp_folder / "pleinair"
    kept = json.loads((folder / "settings.json").read_text())
    try:
        settings = desk.open_entry("s", "^Pleinair settings$")
        screen.key("End", *("BackSpace",) * 30, window=settings)
        screen.type("studio.example:50051")
        screen.screenshot(artifacts / "gimp-settings.png")
        screen.key("Return", window=settings)
        wait_until(lambda: _told(folder / "settings.json", "address") == "studio.example:50051", gimp, 30, "setting")
        settle(gimp.profile, **kept | {"address": FREE, "python": "/usr/bin/python3", "filters_folder": "/tmp"})
        local = desk.open_entry("l", "^Local server$")
        screen.key("alt+s", window=local)
        wait_until(lambda: bool(_told(folder / "server/state.json", "problem")), gimp, 60, "reason")
        screen.screenshot(artifacts / "gimp-local-server.png")
        screen.key("Escape", window=local)
        assert _told(folder / "server/state.json", "problem")[0] == "/usr/bin/python3 does not have Pleinair's server."
    finally:
        settle(gimp.profile, **kept)


def test_set_up_is_checked_in_a_window(desk: Desk, artifacts: Path) -> None:
    desk.open(noise("U8", 3, size=(60, 40)), "U8_NON_LINEAR")
    window = desk.open_entry("c", "^Check set-up$")
    wait_until(lambda: _ended(desk, artifacts / "gimp-check.png"), desk.gimp, 60, "end of the checks")
    desk.screen.key("Escape", window=window)


def _applied(desk: Desk, dialog: str, image: int) -> bool:
    if len(desk.gimp.layers(image=image)) == 2:
        return True
    with suppress(AssertionError):  # the dialog has gone meanwhile
        desk.screen.key("Return", window=dialog)
    return False


def _told(file: Path, name: str) -> Any:
    """What stands in a JSON file under this name; None while there is no such file."""
    return json.loads(file.read_text()).get(name) if file.exists() else None


def _ended(desk: Desk, path: Path) -> bool:
    """Whether two pictures of the screen are the same: nothing turns any more."""
    before, after = (Image.open(desk.screen.screenshot(path)).tobytes() for _ in range(2))
    return before == after


def _pressing(desk: Desk) -> Iterator[bool]:
    """Whether the plug-in has ended; presses Cancel until then, for the button comes a moment after the plug-in."""
    while desk.gimp.plugins_running():
        desk.cancel()
        yield False
    yield True


def _pictured(screen: Screen, path: Path) -> bool:
    """Whether the preview's border is on the screen: a white line from top to bottom of it."""
    shot = np.asarray(Image.open(screen.screenshot(path)).convert("L"))
    white = (shot == 255).astype(np.int8)
    return bool((white.sum(axis=0) > 250).any())
