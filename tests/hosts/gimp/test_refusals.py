"""What cannot be translated is refused in words, and the picture stays as it is."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from server.client.translations import Client
from tests import factories
from tests.hosts.gimp.pictures import Bench, noise
from tests.hosts.gimp.remote import wait_until
from tests.processes import ServerProcess, serving


@pytest.fixture
def picture(bench: Bench) -> tuple[int, int, np.ndarray]:
    """An image, its layer, and the layer's pixels."""
    image = bench.image()
    source = noise("U8", 4)
    return image, bench.layer(image, source), source


def unchanged(bench: Bench, image: int, layer: int, source: np.ndarray) -> bool:
    only = [found["id"] for found in bench.gimp.layers(image=image)] == [layer]
    return only and bool((bench.pixels(layer, source) == source).all())


@pytest.mark.parametrize(
    ("arguments", "sentences"),
    [
        ({"filter": ""}, "No filter was given. Choose one in the dialog, or give it in the argument “filter”."),
        (
            {"filter": "monet"},
            "The server has no filter “monet”. Choose one of these: identity, inverting, slow.",
        ),
        (
            {"filter": "identity", "address": "127.0.0.1:1"},
            "No server answers at 127.0.0.1:1. Start one, or correct the address in the settings.",
        ),
        (
            {"filter": "identity", "address": "here"},
            "“here” is not an address. Write the server's name and port, such as 127.0.0.1:50051.",
        ),
    ],
)
def test_wrong_arguments_are_answered_in_words(
    bench: Bench, picture: tuple[int, int, np.ndarray], arguments: dict[str, str], sentences: str
) -> None:
    image, layer, source = picture
    assert bench.translate(image, layer, **arguments) == sentences
    assert unchanged(bench, image, layer, source)


def test_indexed_picture_is_refused(bench: Bench) -> None:
    image = bench.image()
    layer = bench.layer(image, noise("U8", 3))
    bench.gimp.make_indexed(image=image)
    layer = bench.gimp.layers(image=image)[0]["id"]
    assert bench.translate(image, layer, filter="identity") == (
        "This picture has indexed colours, which a filter cannot mix. Choose Image > Mode > RGB first."
    )
    assert len(bench.gimp.layers(image=image)) == 1


def test_empty_group_is_refused(bench: Bench) -> None:
    image = bench.image()
    group = bench.group(image, "rocks")
    assert bench.translate(image, group, filter="identity") == (
        "The group “rocks” is empty. Put layers into it, or select another layer."
    )
    assert [found["id"] for found in bench.gimp.layers(image=image)] == [group]


def test_channel_is_refused(bench: Bench, picture: tuple[int, int, np.ndarray]) -> None:
    image, layer, source = picture
    channel = bench.gimp.new_channel(image=image)
    assert bench.translate(image, channel, filter="identity") == (
        "“spare” is a channel, which has no colours. Select a layer and try again."
    )
    assert unchanged(bench, image, layer, source)


def test_selection_beside_the_layer_is_refused(bench: Bench, picture: tuple[int, int, np.ndarray]) -> None:
    image, layer, source = picture
    bench.gimp.select(image=image, ellipse=[30, 24, 6, 6])
    assert bench.translate(image, layer, filter="identity") == (
        "The selection does not touch the layer. Select a part of it, or nothing, and try again."
    )
    assert unchanged(bench, image, layer, source)


def test_floating_selection_is_refused(bench: Bench, picture: tuple[int, int, np.ndarray]) -> None:
    image, layer, _ = picture
    bench.gimp.select(image=image, ellipse=[2, 6, 9, 9])
    bench.gimp.float_selection(layer=layer)
    before = len(bench.gimp.layers(image=image))
    assert bench.translate(image, layer, filter="identity") == (
        "This picture has a floating selection. Anchor it or make it a layer first, in the Layer menu."
    )
    assert len(bench.gimp.layers(image=image)) == before


def test_picture_over_the_servers_limit_is_refused(
    bench: Bench, picture: tuple[int, int, np.ndarray], tmp_path: Path
) -> None:
    image, layer, source = picture
    factories.put(tmp_path, factories.identity())
    with serving(tmp_path, "--max-pixels", "100") as small:
        said = bench.translate(image, layer, filter="identity", address=small.address)
    assert "pixels" in said and said.endswith(".")
    assert unchanged(bench, image, layer, source)


def test_filter_that_fails_leaves_the_picture_alone(bench: Bench, own_server: ServerProcess) -> None:
    """In a batch, too: what was translated before is not written either."""
    factories.put(own_server.folder, factories.failing())
    image = bench.image()
    small = bench.layer(image, noise("U8", 3, size=(16, 16)))
    large = bench.layer(image, noise("U8", 3, size=(40, 40)))
    wait_until(lambda: _serves(own_server, "failing"), bench.gimp, 30, "filter that fails")
    said = bench.translate(image, small, large, filter="failing", address=own_server.address)
    assert "fail" in said and said.endswith(".") and "Traceback" not in said
    assert [layer["id"] for layer in bench.gimp.layers(image=image)] == [large, small]


def test_server_that_is_killed_in_the_middle_leaves_the_picture_alone(bench: Bench, own_server: ServerProcess) -> None:
    image = bench.image()
    source = noise("U8", 4, size=(900, 700))
    layer = bench.layer(image, source)
    answer = bench.gimp.ask("translate", image=image, drawables=[layer], filter="slow", address=own_server.address)
    wait_until(lambda: bool(bench.gimp.plugins_running()), bench.gimp, 30, "translation")
    wait_until(lambda: _computes(own_server), bench.gimp, 60, "computation")
    own_server.kill()
    status, said = answer.value()
    assert status == "EXECUTION_ERROR"
    assert said == (
        f"The server at {own_server.address} ended the connection. "
        "It may have been stopped or restarted; try again when it is back."
    )
    assert unchanged(bench, image, layer, source)


def test_plugin_that_is_killed_leaves_the_picture_alone_and_frees_the_server(
    bench: Bench, own_server: ServerProcess
) -> None:
    """As GIMP does when Cancel is pressed in its progress bar."""
    image = bench.image()
    source = noise("U8", 4, size=(900, 700))
    layer = bench.layer(image, source)
    answer = bench.gimp.ask("translate", image=image, drawables=[layer], filter="slow", address=own_server.address)
    wait_until(lambda: bool(bench.gimp.plugins_running()), bench.gimp, 30, "translation")
    wait_until(lambda: _computes(own_server), bench.gimp, 60, "computation")
    for process in bench.gimp.plugins_running():
        os.kill(process, signal.SIGKILL)
    assert answer.value()[0] != "SUCCESS"
    assert unchanged(bench, image, layer, source)
    wait_until(lambda: not _computes(own_server), bench.gimp, 30, "free server")
    assert bench.translate(image, layer, filter="identity", address=own_server.address) == ""


def _serves(server: ServerProcess, identifier: str) -> bool:
    with Client(server.address) as client:
        return identifier in [found.id for found in client.filters()]


def _computes(server: ServerProcess) -> bool:
    """Whether the server's processor time grows as it does in a computation."""
    return _seconds(server, 0.5) > 0.25


def _seconds(server: ServerProcess, during: float) -> float:
    def used() -> float:
        fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    before = used()
    time.sleep(during)
    return used() - before
