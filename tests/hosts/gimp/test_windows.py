"""The artist's way: menus, the dialog, the progress bar and undo, in GIMP on a screen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from tests import factories
from tests.hosts.gimp.desk import Desk
from tests.hosts.gimp.pictures import noise
from tests.hosts.gimp.remote import settle, wait_until
from tests.processes import ServerProcess, serving


def test_choosing_undoing_redoing_and_repeating_are_one_step_each(desk: Desk, artifacts: Path) -> None:
    gimp, screen = desk.gimp, desk.screen
    source = noise("U16", 3, size=(400, 300))
    image, layer = desk.open(source, "U16_NON_LINEAR")
    dialog = desk.open_dialog()
    screen.key("i", "n", "v", window=dialog)  # into the search: the inverting filter is left
    wait_until(lambda: desk.pictured(artifacts / "gimp-dialog.png"), gimp, 60, "dialog with a preview")
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
    desk.escape(dialog)
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


def test_shadow_of_a_text_layer_is_previewed_translated_and_undone_with_the_rest(desk: Desk, artifacts: Path) -> None:
    gimp, screen = desk.gimp, desk.screen
    image, _ = desk.open(noise("U8", 3, size=(400, 500)), "U8_NON_LINEAR")
    layer = gimp.new_text(image=image, text="S", height=300)
    gimp.give_effect(layer=layer, operation="gegl:dropshadow", radius=2.0, x=40.0, y=0.0)
    gimp.choose(image=image, layers=[layer])
    told, pictures = gimp.told(layer=layer), gimp.pictures()
    dialog = desk.open_dialog()
    screen.key("i", "n", "v", window=dialog)
    wait_until(lambda: desk.pictured(artifacts / "gimp-shadow.png"), gimp, 60, "dialog with a preview")
    screen.key("Return", window=dialog)
    wait_until(desk.counts(image, 3), gimp, 60, "new layer")
    grown, before = (found["size"][0] for found in gimp.layers(image=image)[:2])
    assert grown > before + 10
    wait_until(lambda: gimp.pictures() == pictures, gimp, 30, "hidden pictures gone")
    desk.press("ctrl+z")
    wait_until(desk.counts(image, 2), gimp, 30, "undone step")
    assert gimp.told(layer=layer) == told


def test_dialog_without_a_server_says_what_to_do(
    desk: Desk, artifacts: Path, tmp_path: Path, free_address: str
) -> None:
    """And goes on by itself when there is one."""
    gimp, screen = desk.gimp, desk.screen
    source = noise("U8", 3, size=(60, 40))
    image, _ = desk.open(source, "U8_NON_LINEAR")
    settle(gimp.profile, address=free_address, last_filter="inverting")
    dialog = desk.open_dialog()
    screen.screenshot(artifacts / "gimp-no-server.png")
    screen.key("Return", window=dialog)  # nothing can be applied yet
    factories.put(tmp_path, factories.inverting())
    with serving(tmp_path, address=free_address):
        wait_until(lambda: _applied(desk, dialog, image), gimp, 90, "translation by the server that came")
        np.testing.assert_array_equal(desk.pixels(gimp.layers(image=image)[0]["id"], source), 255 - source)


def test_settings_are_kept_and_what_keeps_a_server_from_starting_is_said(
    desk: Desk, artifacts: Path, free_address: str
) -> None:
    gimp, screen = desk.gimp, desk.screen
    desk.open(noise("U8", 3, size=(60, 40)), "U8_NON_LINEAR")
    folder = gimp.profile.gimp_folder / "pleinair"
    settings = desk.open_entry("s", "^Pleinair settings$")
    screen.key("End", *("BackSpace",) * 30, window=settings)
    screen.type("studio.example:50051")
    screen.screenshot(artifacts / "gimp-settings.png")
    screen.key("Return", window=settings)
    wait_until(lambda: _told(folder / "settings.json", "address") == "studio.example:50051", gimp, 30, "setting")
    settle(gimp.profile, address=free_address, python="/usr/bin/python3", filters_folder="/tmp")
    local = desk.open_entry("l", "^Local server$")
    screen.key("alt+s", window=local)
    wait_until(lambda: bool(_told(folder / "server/state.json", "problem")), gimp, 60, "reason")
    screen.screenshot(artifacts / "gimp-local-server.png")
    desk.escape(local)
    assert _told(folder / "server/state.json", "problem")[0] == "/usr/bin/python3 does not have Pleinair's server."


def test_set_up_is_checked_in_a_window(desk: Desk, server: ServerProcess, artifacts: Path) -> None:
    desk.open(noise("U8", 3, size=(60, 40)), "U8_NON_LINEAR")
    window = desk.open_entry("c", "^Check set-up$")
    wait_until(lambda: desk.still(artifacts / "gimp-check.png"), desk.gimp, 60, "end of the checks")
    wait_until(lambda: _copied(desk, window, "A small picture is translated: passed."), desk.gimp, 60, "verdict")
    report = desk.gimp.clipboard()
    assert "Editor: GIMP 3" in report
    assert "failed" not in report
    assert server.address in report
    desk.escape(window)


def _applied(desk: Desk, dialog: str, image: int) -> bool:
    if len(desk.gimp.layers(image=image)) == 2:
        return True
    with suppress(AssertionError):  # the dialog has gone meanwhile
        desk.screen.key("Return", window=dialog)
    return False


def _copied(desk: Desk, window: str, sentence: str) -> bool:
    """Copies the report; whether this stands in it."""
    desk.screen.key("alt+r", window=window)
    return sentence in desk.gimp.clipboard()


def _told(file: Path, name: str) -> Any:
    """What stands in a JSON file under this name; None while there is no such file."""
    return json.loads(file.read_text()).get(name) if file.exists() else None


def _pressing(desk: Desk) -> Iterator[bool]:
    """Whether the plug-in has ended; presses Cancel until then, for the button comes a moment after the plug-in."""
    while desk.gimp.plugins_running():
        desk.cancel()
        yield False
    yield True
