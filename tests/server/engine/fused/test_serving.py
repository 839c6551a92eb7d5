"""Filters for pictures of any size, as on a GPU, against the processor."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from numpy.typing import NDArray

from server.engine.any_size import AnySizeNetwork
from server.engine.backend import Settings
from server.engine.cancel import CancelToken
from server.engine.feed import Feed
from server.engine.fused import fused_plan
from server.engine.fused.executor import FusedExecutor, PlannedFused
from server.engine.onnxruntime.backend import OnnxruntimeBackend
from server.engine.onnxruntime.loaded import OnnxruntimeNetwork
from server.engine.pixels import ChannelOrder, Channels, PixelFormat, SampleType, TransferFunction
from server.engine.provider import Provider
from server.translation.picture import RawPicture
from tests.server.engine.fused.on_the_host import HostKernels, resources_on_the_host
from tests.server.engine.tiled import networks
from tests.server.engine.tiled.drafts import Draft, channels_last

HEIGHT, WIDTH = 45, 62  # no multiples of 4

FORMATS = {
    "RGB": PixelFormat(Channels.RGB, SampleType.UINT8),
    "BGRA": PixelFormat(Channels.RGBA, SampleType.UINT8, channel_order=ChannelOrder.BGR),
    "grey": PixelFormat(Channels.GREY_ALPHA, SampleType.UINT8),
    "linear": PixelFormat(Channels.RGB, SampleType.UINT8, TransferFunction.LINEAR),
    "16 bits": PixelFormat(Channels.RGBA, SampleType.UINT16),
}


def loaded(feed: Feed = Feed(), *, has_gpu: bool) -> OnnxruntimeNetwork:  # noqa: B008 - it is frozen
    device, draft = OnnxruntimeBackend(Provider.CPU, Settings()), Draft()
    if has_gpu:
        device.gpu_resources = resources_on_the_host()
    return device.open(draft.model(networks.antialiased(draft)), feed)


def test_a_network_whose_channels_come_last_is_fused_too() -> None:
    draft, device = Draft(), OnnxruntimeBackend(Provider.CPU, Settings())
    device.gpu_resources = resources_on_the_host()
    model = channels_last(draft.model(networks.antialiased(draft)))
    network = device.open(model, Feed(channels_last=True))
    assert is_fused(network)
    raw = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    found, expected = (translated(one, raw, FORMATS["RGB"]) for one in (network, loaded(has_gpu=False)))
    assert np.abs(found.astype(int) - expected.astype(int)).max() <= 1


def is_fused(network: OnnxruntimeNetwork) -> bool:
    return any(isinstance(executor, FusedExecutor) for executor in network.executors)


def translated(network: OnnxruntimeNetwork, raw: NDArray[np.generic], pixel_format: PixelFormat) -> NDArray[np.generic]:
    picture = RawPicture(raw, width=WIDTH, height=HEIGHT, pixel_format=pixel_format)
    picture.prepare()
    bands, row = [], 0
    for rows in emitted(AnySizeNetwork(network, multiple=4), picture):
        bands.append(picture.samples(row, rows))
        row += rows.shape[2]
    return np.concatenate(bands)


def emitted(network: AnySizeNetwork, picture: RawPicture) -> list[NDArray[np.generic]]:
    rows: list[NDArray[np.generic]] = []
    plan = network.plan(HEIGHT, WIDTH, 1 << 40)
    assert list(network.translate([picture], [rows.append], plan, CancelToken()))[-1] == 1
    return rows


def pixels(pixel_format: PixelFormat, *, holes: bool = False) -> NDArray[np.generic]:
    limits = np.iinfo(pixel_format.sample_type.dtype)
    shape = (HEIGHT, WIDTH, int(pixel_format.channels))
    made = np.random.default_rng(0).integers(1, limits.max, shape, pixel_format.sample_type.dtype, endpoint=True)
    if holes:
        made[10:20, 10:30, -1] = 0
    return made


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("holes", [False, True])
def test_every_format_gives_what_the_processor_gives(name: str, holes: bool) -> None:
    pixel_format, results = FORMATS[name], []
    raw = pixels(pixel_format, holes=holes and pixel_format.channels.has_alpha)
    for has_gpu in (True, False):
        network = loaded(has_gpu=has_gpu)
        assert is_fused(network) == has_gpu
        results.append(translated(network, raw, pixel_format).astype(np.int32))
    level = 257 if pixel_format.sample_type is SampleType.UINT16 else 1
    np.testing.assert_allclose(results[0], results[1], rtol=0, atol=level)
    if pixel_format.channels.has_alpha:
        np.testing.assert_array_equal(results[0][..., -1], raw[..., -1])


@pytest.mark.parametrize(("name", "kind"), [("RGB", np.uint8), ("BGRA", np.uint8), ("linear", np.float32)])
def test_bytes_stay_bytes_where_the_filter_sees_them_as_they_are(name: str, kind: type[np.generic]) -> None:
    pixel_format = FORMATS[name]
    picture = RawPicture(pixels(pixel_format), width=WIDTH, height=HEIGHT, pixel_format=pixel_format)
    picture.prepare()
    assert {rows.dtype.type for rows in emitted(AnySizeNetwork(loaded(has_gpu=True), multiple=4), picture)} == {kind}


def test_a_network_with_a_range_of_its_own_sees_that() -> None:
    feed = Feed(input_range=(0.0, 1.0), output_range=(-2.0, 2.0))
    results = []
    for has_gpu in (True, False):
        network = loaded(feed, has_gpu=has_gpu)
        results.append(translated(network, pixels(FORMATS["RGB"]), FORMATS["RGB"]).astype(np.int32))
    np.testing.assert_allclose(results[0], results[1], rtol=0, atol=1)


def test_a_network_that_is_computed_wrongly_is_left_to_onnxruntime(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(HostKernels, "_vector", lambda kernels, address, channels: np.full(channels, 0.7, np.float32))
    with caplog.at_level(logging.WARNING):
        assert not is_fused(loaded(has_gpu=True))
    assert "off by" in caplog.text


def test_several_pictures_at_once_are_computed_one_by_one() -> None:
    network, pixel_format, results = AnySizeNetwork(loaded(has_gpu=True), multiple=4), FORMATS["RGB"], []
    sources = [
        RawPicture(raw, width=WIDTH, height=HEIGHT, pixel_format=pixel_format)
        for raw in (pixels(pixel_format), pixels(pixel_format)[::-1].copy())
    ]
    rows: list[list[NDArray[np.generic]]] = [[], []]
    plan = network.plan(HEIGHT, WIDTH, 1 << 40)
    for _ in network.translate(sources, [rows[0].append, rows[1].append], plan, CancelToken()):
        pass
    for source, given in zip(sources, rows, strict=True):
        (alone,) = emitted(network, source)
        np.testing.assert_array_equal(np.concatenate(given, axis=2), alone)
        results.append(alone)
    assert (results[0] != results[1]).any()


def test_little_memory_recomputes_and_less_makes_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fused_plan, "BAND_BYTES", (8 << 20,))
    network = AnySizeNetwork(loaded(has_gpu=True), multiple=4)
    stored, recomputing, pieces = (network.plan(2048, 2048, memory) for memory in (1 << 40, 600 << 20, 200 << 20))
    assert isinstance(stored, PlannedFused) and not stored.plan.recomputed and stored.memory_bytes > 600 << 20
    assert isinstance(recomputing, PlannedFused) and recomputing.plan.recomputed
    assert recomputing.memory_bytes <= 600 << 20
    assert not isinstance(pieces, PlannedFused) and pieces.pieces > 1
