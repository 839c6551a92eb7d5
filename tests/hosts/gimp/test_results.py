"""Results of the past, kept on disk and put into a picture again, in GIMP on a screen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.hosts.gimp.desk import Desk
from tests.hosts.gimp.pictures import noise
from tests.hosts.gimp.remote import settle, wait_until
from tests.processes import ServerProcess

RESULTS = "^Results$"


@pytest.fixture(autouse=True)
def no_results(desk: Desk) -> Iterator[None]:
    """Nothing is kept from another test."""
    yield
    for file in files(desk):
        file.unlink()


def files(desk: Desk) -> list[Path]:
    return sorted((desk.gimp.profile.gimp_folder / "pleinair/results").glob("*"))


def windows(desk: Desk) -> list[str]:
    return desk.screen.xdotool("search", "--onlyvisible", "--name", RESULTS).split()


def test_a_result_is_inserted_again_as_it_was_in_one_step(desk: Desk, artifacts: Path) -> None:
    gimp, screen = desk.gimp, desk.screen
    image, _ = desk.open(noise("U16", 3, size=(400, 300)), "U16_NON_LINEAR")
    gimp.select(image=image, ellipse=[40, 30, 200, 150], feather=9)
    made = desk.apply(image)
    raw, told = gimp.raw(made), gimp.layers(image=image)[0]
    assert [file.stat().st_mode & 0o777 for file in files(desk)] == [0o600]
    desk.press("ctrl+z")
    wait_until(desk.counts(image, 1), gimp, 30, "undone step")
    window = desk.open_entry("r", RESULTS)
    screen.screenshot(artifacts / "gimp-results.png")
    screen.key("Return", window=window)
    wait_until(desk.counts(image, 2), gimp, 30, "layer that is back")
    again = gimp.layers(image=image)[0]
    assert {**again, "id": 0} == {**told, "id": 0}
    assert gimp.raw(again["id"]) == raw
    desk.press("ctrl+z")
    wait_until(desk.counts(image, 1), gimp, 30, "undone step")


def test_repeating_inserts_the_one_that_was_chosen(desk: Desk) -> None:
    gimp = desk.gimp
    image, _ = desk.open(noise("U8", 3, size=(60, 40)), "U8_NON_LINEAR")
    older = gimp.raw(desk.apply(image))
    gimp.select(image=image, ellipse=[4, 4, 30, 30])
    desk.apply(image)
    window = desk.open_entry("r", RESULTS)
    desk.screen.key("Down", "Return", window=window)
    for count in (4, 5):
        wait_until(desk.counts(image, count), gimp, 30, "older result")
        assert gimp.raw(gimp.layers(image=image)[0]["id"]) == older
        wait_until(lambda: not gimp.plugins_running(), gimp, 30, "end of the plug-in")
        desk.press("ctrl+f")
    wait_until(desk.counts(image, 6), gimp, 30, "last repetition")


@pytest.mark.parametrize(
    ("precision", "base", "profile"), [("U8_LINEAR", "RGB", "adobe"), ("FLOAT_LINEAR", "GRAY", "")]
)
def test_a_result_fits_into_a_picture_of_another_kind(desk: Desk, precision: str, base: str, profile: str) -> None:
    gimp = desk.gimp
    image, _ = desk.open(np.full((17, 23, 3), 100, np.uint8), "U8_NON_LINEAR")
    made = desk.apply(image)
    other = desk.image(precision, base, profile)
    assert gimp.insert_again(image=other, number=1) == ["SUCCESS", ""]
    (again,) = gimp.layers(image=other)
    assert again["name"] == gimp.layers(image=image)[0]["name"]
    np.testing.assert_allclose(desk.srgb(again["id"]), desk.srgb(made), rtol=0, atol=2 / 255)


def test_a_masked_result_comes_back_with_its_mask_applied(desk: Desk) -> None:
    gimp, source = desk.gimp, noise("U8", 3, size=(60, 40))
    image, layer = desk.open(source, "U8_NON_LINEAR")
    mask = noise("U8", 1, size=(60, 40), seed=3)
    desk.mask(layer, mask)
    made = desk.apply(image)
    colours = desk.pixels(made, source)
    assert gimp.layers(image=image)[0]["mask"]
    other = desk.image()
    assert gimp.insert_again(image=other, number=1) == ["SUCCESS", ""]
    (again,) = gimp.layers(image=other)
    assert again["name"] == gimp.layers(image=image)[0]["name"]
    pixels = np.frombuffer(gimp.raw(again["id"]), np.uint8).reshape(40, 60, 4)
    np.testing.assert_array_equal(pixels, np.concatenate([colours, mask], axis=2))
    desk.press("ctrl+z")
    wait_until(desk.counts(image, 1), gimp, 30, "undone step")


def test_results_are_deleted_one_by_one_and_all_together(desk: Desk, artifacts: Path) -> None:
    gimp, screen = desk.gimp, desk.screen
    image, _ = desk.open(noise("U8", 3, size=(60, 40)), "U8_NON_LINEAR")
    for _ in range(3):
        desk.apply(image)
    oldest = files(desk)[:2]
    window = desk.open_entry("r", RESULTS)
    screen.key("alt+d", window=window)
    wait_until(lambda: files(desk) == oldest, gimp, 30, "deleted result")
    screen.key("alt+a", window=window)
    wait_until(lambda: len(windows(desk)) == 2, gimp, 30, "question")
    screen.screenshot(artifacts / "gimp-results-question.png")
    (question,) = set(windows(desk)) - {window}
    screen.key("alt+d", window=question)
    wait_until(lambda: files(desk) == [], gimp, 30, "empty folder")
    desk.escape(window)
    assert len(gimp.layers(image=image)) == 4


def test_nothing_is_kept_of_scripts_or_against_the_artists_wish(desk: Desk, server: ServerProcess) -> None:
    gimp = desk.gimp
    image, layer = desk.open(noise("U8", 3, size=(60, 40)), "U8_NON_LINEAR")
    assert desk.translate(image, layer, filter="identity") == ""
    assert files(desk) == []
    settle(gimp.profile, address=server.address, keep_results=False)
    desk.apply(image)
    assert files(desk) == []
    settle(gimp.profile, address=server.address)
    desk.apply(image, meanwhile=lambda: settle(gimp.profile, address=server.address, keep_results=False))
    assert files(desk) == []


def test_a_damaged_result_is_not_offered(desk: Desk) -> None:
    gimp = desk.gimp
    image, _ = desk.open(noise("U8", 3, size=(60, 40)), "U8_NON_LINEAR")
    desk.apply(image)
    (file,) = files(desk)
    file.write_bytes(file.read_bytes()[:-1])
    assert gimp.insert_again(image=image, number=1) == [
        "EXECUTION_ERROR",
        "There is no result 1; only 0 are kept. Give a smaller number, or apply a filter first.",
    ]
    assert len(gimp.layers(image=image)) == 2
