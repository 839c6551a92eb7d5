"""Networks that are ready to compute, with progress."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
import pytest

from server.engine.cancel import CancelToken, RunControl
from server.engine.network.arrays import Array
from server.engine.network.network import Network
from server.engine.network.unsupported import UnsupportedNetwork
from server.engine.tiled.layout import CHANNELS_LAST
from server.engine.tiled.tiled_network import TiledNetwork, TiledNetworks
from tests.server.engine.tiled.drafts import INPUT, Draft
from tests.server.engine.tiled.networks import antialiased, made, norm_alone, norm_last, strided
from tests.server.engine.tiled.running import noise, open_part, read, whole

MIB = 1 << 20


def network_of(model: bytes) -> TiledNetwork:
    return TiledNetwork(read(model), CHANNELS_LAST, open_part)


def translate(network: TiledNetwork, picture: Array, memory: int, bands: list[Array]) -> Generator[float, None, None]:
    height, width = picture.shape[2:]
    return network.translate(
        lambda top, bottom: picture[:, :, top:bottom],
        lambda band: bands.append(band.copy()),
        network.plan(height, width, memory),
        RunControl(CancelToken()),
    )


@pytest.mark.parametrize("memory", [2 * MIB, 1024 * MIB])
def test_the_share_of_the_work_grows_to_one(memory: int) -> None:
    """Twice: the second time by what the first one took."""
    model, picture = made(antialiased), noise(3, 96, 72)
    network = network_of(model)
    for _ in range(2):
        bands: list[Array] = []
        shares = list(translate(network, picture, memory, bands))
        assert len(shares) == network.plan(96, 72, memory).tiles
        assert shares == sorted(shares)
        assert 0 < shares[0] < 1
        assert shares[-1] == pytest.approx(1)
        np.testing.assert_allclose(np.concatenate(bands, axis=2), whole(model, picture), atol=5e-3)


def test_two_pictures_in_turns_do_not_mix() -> None:
    network, pictures = network_of(made(strided)), [noise(3, 48, 40), -noise(3, 48, 40)]
    bands: list[list[Array]] = [[], []]
    for _ in zip(*(translate(network, *both) for both in zip(pictures, [MIB] * 2, bands, strict=True)), strict=True):
        pass
    for picture, found in zip(pictures, bands, strict=True):
        np.testing.assert_allclose(np.concatenate(found, axis=2), whole(made(strided), picture), atol=5e-3)


def test_a_result_of_another_size_is_an_error() -> None:
    draft = Draft()
    network = network_of(draft.model(draft.grow(INPUT)))
    with pytest.raises(ValueError, match="The network answered"):
        next(translate(network, noise(3, 20, 20), 1024 * MIB, []))


def test_networks_are_made_once_and_the_one_not_used_for_longest_goes() -> None:
    read_models: list[str] = []
    networks = TiledNetworks(CHANNELS_LAST, open_part, most=2)

    def get(name: str) -> TiledNetwork:
        def model() -> Network:
            read_models.append(name)
            return read(made(norm_alone if name == "a" else norm_last))

        return networks.network(name, model)

    assert get("a") is get("a")
    for name in ("b", "a", "c", "a", "b"):
        get(name)
    assert read_models == ["a", "b", "c", "b"]


def test_what_is_not_in_tiles_is_not_kept() -> None:
    draft, networks = Draft(), TiledNetworks(CHANNELS_LAST, open_part)
    model = draft.model(draft.add("GlobalMaxPool", INPUT))
    for _ in range(2):
        with pytest.raises(UnsupportedNetwork, match="GlobalMaxPool"):
            networks.network("whole", lambda: read(model))
