"""Krita with servers of other kinds: trained filters, large pictures, certificates and tokens."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from server.client.translations import Client
from tests.certificates import make_certificate
from tests.hosts.conftest import small_filters
from tests.hosts.editors import Editors, Profile
from tests.hosts.krita.pixels import Pixels, pixels_of
from tests.hosts.krita.playing import Played, install_driver, play
from tests.processes import ServerProcess, serving

pytestmark = pytest.mark.timeout(600)
TOKEN = "a-token-of-some-length"


@pytest.fixture
def ready(editors: Editors, profile: Profile, krita_zip: Path) -> Profile:
    """With the plug-in and the driver."""
    editors.install_krita(krita_zip, profile)
    install_driver(profile)
    return profile


@pytest.fixture(scope="module")
def secured(
    editors: Editors, krita_zip: Path, artifacts: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Played, Path]]:
    """What was seen with a server that has a certificate and wants a token, and the certificate."""
    folder = tmp_path_factory.mktemp("secured")
    certificate, key = make_certificate(folder)
    secret = folder / "token"
    secret.write_text(TOKEN)
    secret.chmod(0o600)
    filters = folder / "filters"
    filters.mkdir()
    options = ["--tls-certificate", str(certificate), "--tls-key", str(key), "--token-file", str(secret)]
    with editors.profile() as profile, serving(small_filters(filters), *options) as server:
        editors.install_krita(krita_zip, profile)
        install_driver(profile)
        yield play(editors, profile, ["secured"], server=server, artifacts=artifacts, token=TOKEN), certificate


def test_fingerprint_is_asked_for_and_pinned(secured: tuple[Played, Path]) -> None:
    krita, certificate = secured
    seen = krita["secured"]
    expected = hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate.read_text())).hexdigest()
    assert seen["fingerprint"] == expected
    assert expected[:4].upper() in seen["question"].replace(":", "")


def test_wrong_token_is_told_and_the_right_one_lets_in(secured: tuple[Played, Path]) -> None:
    seen = secured[0]["secured"]
    assert "The token is missing or wrong." in seen["wrong token"]
    assert "Enter the token that the server was started with in the settings." in seen["wrong token"]
    assert seen["state"] == "done"


def test_certificate_that_is_not_the_pinned_one_is_told(secured: tuple[Played, Path]) -> None:
    assert any(
        "presented a different certificate from the one you trust." in one
        for one in secured[0]["secured"]["other certificate"]
    )


def test_a_trained_filter_gives_in_krita_what_it_gives_a_script(
    editors: Editors, ready: Profile, trained: ServerProcess, artifacts: Path
) -> None:
    krita = play(editors, ready, ["trained"], server=trained, artifacts=artifacts)
    for depth in ("U8", "U16"):
        seen = krita["trained"][depth]
        source, made = rgba(pixels_of(seen["source"])), rgba(pixels_of(seen["made"]))
        with Client(trained.address) as client:
            expected, _ = client.translate("small", source)
        np.testing.assert_array_equal(made, expected)
        visible = source[..., 3] > 0
        assert np.abs(made.astype(float) - source)[visible].mean() > np.iinfo(source.dtype).max / 100


@pytest.mark.slow
def test_canvas_of_48_megapixels_goes_and_comes(
    editors: Editors,
    ready: Profile,
    artifacts: Path,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    with serving(small_filters(tmp_path), "--max-pixels", str(8000 * 6000)) as large:
        krita = play(editors, ready, ["huge"], server=large, artifacts=artifacts, seconds=300)
    seen = krita["huge"]
    print(seen)
    for name in ("seconds", "peak before", "peak"):
        record_property(name, seen[name])
    assert seen["same"]


def rgba(bgra: Pixels) -> Pixels:
    """Krita keeps integer colours blue first."""
    return np.ascontiguousarray(bgra[..., [2, 1, 0, 3]])
