"""The artist's way: menus, the dialog, the progress bar and undo, in GIMP on a screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.hosts.editors import Editors
from tests.hosts.gimp.pictures import Bench, noise
from tests.hosts.gimp.remote import Gimp, running, settle, wait_until
from tests.hosts.screen import Screen
from tests.hosts.serving import HostServer

MAIN = "GIMP$"


class Desk(Bench):
    """GIMP on a screen, with one picture open."""

    def __init__(self, gimp: Gimp, screen: Screen) -> None:
        super().__init__(gimp)
        object.__setattr__(self, "screen", screen)

    screen: Screen

    def press(self, *keys: str, window: str = MAIN) -> None:
        self.screen.key(*keys, window=self.screen.window(window))

    def open_dialog(self) -> str:
        """By the menu: Filters, its last entry, Pleinair, its first."""
        self.press("alt+r", "Up", "Right", "Return")
        return self.screen.window("^Translate$")


@pytest.fixture(scope="module")
def desk(editors: Editors, gimp_zip: Path, server: HostServer) -> Iterator[Desk]:
    with editors.profile() as profile, editors.display(profile) as screen:
        editors.install_gimp(gimp_zip, profile)
        settle(profile, address=server.address, last_filter="inverting")
        with running(editors, profile, screen=screen) as gimp:
            yield Desk(gimp, screen)


def test_an_artists_session(desk: Desk, artifacts: Path) -> None:
    """Choose in the dialog, Return, undo, redo, repeat: each is one step."""
    gimp, screen = desk.gimp, desk.screen
    image = desk.image("U16_NON_LINEAR")
    source = noise("U16", 4, size=(400, 300))
    layer = desk.layer(image, source, place=(0, 0))
    gimp.show(image=image)

    def counts(number: int) -> Callable[[], bool]:
        return lambda: len(gimp.layers(image=image)) == number

    dialog = desk.open_dialog()
    screen.screenshot(artifacts / "gimp-dialog.png")
    screen.type("invert")
    screen.key("Return", window=dialog)
    wait_until(counts(2), gimp, 60, "new layer")
    result = gimp.layers(image=image)[0]
    np.testing.assert_array_equal(desk.pixels(result["id"], source)[..., :3], 65535 - source[..., :3])
    screen.screenshot(artifacts / "gimp-result.png")
    desk.press("ctrl+z")
    wait_until(counts(1), gimp, 30, "undone step")
    np.testing.assert_array_equal(desk.pixels(layer, source), source)
    desk.press("ctrl+y")
    wait_until(counts(2), gimp, 30, "redone step")
    np.testing.assert_array_equal(
        desk.pixels(gimp.layers(image=image)[0]["id"], source)[..., :3], 65535 - source[..., :3]
    )
    desk.press("ctrl+f")
    wait_until(counts(3), gimp, 60, "repeated filter")
