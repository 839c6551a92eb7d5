"""An encrypted server with a token, set up by the artist in GIMP's windows."""

from __future__ import annotations

import hashlib
import json
import ssl
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests import factories
from tests.certificates import make_certificate
from tests.hosts.gimp.desk import Desk
from tests.hosts.gimp.pictures import noise
from tests.hosts.gimp.remote import wait_until
from tests.processes import ServerProcess, serving

EDGE = 100  # pixels, where the sentences of the settings begin and no field does
TOKEN = "a-token-of-some-length"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def encrypted(certificate: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder, secret = tmp_path_factory.mktemp("filters"), tmp_path_factory.mktemp("secrets") / "token"
    factories.put(folder, factories.inverting())
    secret.write_text(TOKEN)
    options = ("--tls-certificate", certificate[0], "--tls-key", certificate[1], "--token-file", secret)
    with serving(folder, *map(str, options)) as server:
        yield server


def test_certificate_and_token_are_set_up_in_the_settings(
    desk: Desk, encrypted: ServerProcess, certificate: tuple[Path, Path], artifacts: Path
) -> None:
    gimp, screen = desk.gimp, desk.screen
    source = noise("U8", 3, size=(60, 40))
    image, layer = desk.open(source, "U8_NON_LINEAR")
    window = desk.open_entry("s", "^Pleinair settings$")
    fill(desk, window, "alt+a", encrypted.address)
    fill(desk, window, "alt+t", "another-token-of-some-length")
    screen.key("alt+e", window=window)  # encrypted
    picture = artifacts / "gimp-settings-encrypted.png"
    wait_until(lambda: desk.still(picture), gimp, 30, "quiet window")
    before = looks(picture)
    screen.key("alt+v", window=window)  # the server is asked for its certificate
    wait_until(lambda: desk.still(picture) and advised(before, picture), gimp, 30, "fingerprint")
    screen.key("Return", window=window)
    fingerprint = hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate[0].read_text())).hexdigest()
    wait_until(lambda: settings(desk).get("fingerprint") == fingerprint, gimp, 30, "fingerprint")
    assert desk.translate(image, layer, filter="inverting") == (
        "The token is missing or wrong. Enter the token that the server was started with in the settings."
    )
    dialog = desk.open_dialog()
    wait_until(lambda: desk.still(artifacts / "gimp-wrong-token.png"), gimp, 30, "sentence")
    desk.escape(dialog)
    window = desk.open_entry("s", "^Pleinair settings$")
    fill(desk, window, "alt+t", TOKEN)
    screen.key("Return", window=window)
    wait_until(lambda: settings(desk)["token"] == TOKEN, gimp, 30, "token")
    np.testing.assert_array_equal(desk.pixels(desk.apply(image), source), 255 - source)


def fill(desk: Desk, window: str, mnemonic: str, text: str) -> None:
    """The field of this mnemonic, in place of what was in it."""
    desk.screen.key(mnemonic, "ctrl+a", window=window)
    desk.screen.type(text)


def advised(before: np.ndarray, path: Path) -> bool:
    """Whether something is new at the left edge: the advice to compare the fingerprint that came."""
    return bool((looks(path)[:, :EDGE] != before[:, :EDGE]).any())


def looks(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB"))


def settings(desk: Desk) -> dict[str, object]:
    found: dict[str, object] = json.loads((desk.gimp.profile.gimp_folder / "pleinair/settings.json").read_text())
    return found
