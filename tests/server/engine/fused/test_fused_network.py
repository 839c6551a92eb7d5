from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from server.engine.fused import band_division, fused_plan
from server.engine.fused.cuda_driver import CudaError, CudaGraph
from server.engine.fused.fused_network import FusedNetwork
from server.engine.fused.fusion import NotFused, fuse
from server.engine.fused.kernel_operands import MOST_BLOCKS
from server.engine.fused.picture_layout import PictureLayout
from server.engine.fused.recomputing import can_be_recomputed
from server.engine.fused.steps import Measure
from server.engine.network.arrays import Array
from tests.server.engine.fused.on_the_host import HostConvolutions, HostGpu, resources_on_the_host
from tests.server.engine.tiled import networks
from tests.server.engine.tiled.drafts import INPUT, Draft
from tests.server.engine.tiled.networks import NETWORKS
from tests.server.engine.tiled.running import noise, read, whole

NOT_FUSED = (
    networks.unet,
    networks.two_norms_of_one,
    networks.norms_side_by_side,
    networks.group_normed,
    networks.squeezed,
    networks.means_spelled_out,
    networks.pixel_shuffled,
)
FUSED = [network for network in NETWORKS if network not in NOT_FUSED]


def model_of(network: Callable[[Draft], str]) -> bytes:
    draft = Draft()
    return draft.model(network(draft))


def computed(fused: FusedNetwork, picture: Array, memory: int = 1 << 40) -> Array:
    rows: list[Array] = []
    height, width = picture.shape[2:]
    plan = fused.plan(height, width, memory)
    assert plan is not None
    fused.run(
        lambda top, bottom: picture[:, :, top:bottom].copy(), rows.append, PictureLayout(*picture.shape[1:]), plan
    )
    return np.concatenate(rows, axis=2)


@pytest.mark.parametrize("network", FUSED)
def test_steps_compute_what_the_network_does(network: Callable[[Draft], str]) -> None:
    model, picture = model_of(network), noise(3, 48, 36)
    expected = whole(model, picture)
    fused = FusedNetwork(read(model), np.float32, resources_on_the_host())
    if expected.shape != picture.shape:
        with pytest.raises(ValueError, match="answers"):
            computed(fused, picture)
        return
    np.testing.assert_allclose(computed(fused, picture), expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("network", NOT_FUSED)
def test_what_has_no_step_is_named(network: Callable[[Draft], str]) -> None:
    with pytest.raises(NotFused, match=r"Concat|Sub|Mul|MaxPool|groups|Statistic|SpaceToDepth"):
        FusedNetwork(read(model_of(network)), np.float32, resources_on_the_host())


def test_one_channel_that_is_added_to_several_has_no_step() -> None:
    draft = Draft()
    model = draft.model(draft.add("Add", draft.conv(INPUT, 1), draft.conv(INPUT, 3)))
    with pytest.raises(NotFused, match="one channel"):
        FusedNetwork(read(model), np.float32, resources_on_the_host())


def test_bands_of_rows_are_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fused_plan, "BAND_BYTES", (20_000,))
    monkeypatch.setattr(band_division, "MOST_VALUES", 10_000)
    model, picture, resources = model_of(networks.antialiased), noise(3, 52, 40), resources_on_the_host()
    network = read(model)
    result = computed(FusedNetwork(network, np.float32, resources), picture)
    np.testing.assert_allclose(result, whole(model, picture), rtol=0, atol=1e-4)
    convolutions = resources.convolutions
    assert isinstance(convolutions, HostConvolutions)
    # Each session keeps one plan.
    assert {len(shapes) for shapes in convolutions.seen.values()} == {1}
    assert {shape[1] for shapes in convolutions.seen.values() for shape in shapes} != {52, 54, 58}


def test_pictures_of_other_sizes_and_again() -> None:
    model, resources = model_of(networks.antialiased), resources_on_the_host()
    fused = FusedNetwork(read(model), np.float32, resources)
    gpu = resources.gpu
    assert isinstance(gpu, HostGpu)
    launched = []
    for height, width in [(32, 48), (64, 64), (32, 48), (32, 48), (32, 48), (64, 64)]:
        picture, before = noise(3, height, width)[..., ::-1], gpu.launched
        np.testing.assert_allclose(computed(fused, picture), whole(model, picture), rtol=0, atol=1e-4)
        launched.append(gpu.launched - before)
    # From the second time on a recording runs, until a larger picture takes the memory.
    assert [count == 0 for count in launched] == [False, False, False, True, True, True]


@pytest.mark.parametrize(("samples", "places"), [(3, (0, 1, 2)), (4, (2, 1, 0))])
def test_bytes_are_what_their_values_are(samples: int, places: tuple[int, int, int]) -> None:
    model = model_of(networks.antialiased)
    fused = FusedNetwork(read(model), np.float32, resources_on_the_host())
    pixels = np.random.default_rng(0).integers(0, 256, (40, 32, samples), np.uint8)
    plan, rows = fused.plan(40, 32, 1 << 40), list[Array]()
    assert plan is not None
    fused.run(lambda top, bottom: pixels[top:bottom], rows.append, PictureLayout(samples, 40, 32, places), plan)
    tensor = (pixels[..., places] / np.float32(127.5) - 1).transpose(2, 0, 1)[None]
    levels = (np.clip(whole(model, tensor), -1, 1)[0].transpose(1, 2, 0) + 1) * 127.5
    np.testing.assert_allclose(np.concatenate(rows)[..., places], levels, rtol=0, atol=0.51)


def test_half_precision_comes_near() -> None:
    draft = Draft()
    model, picture = draft.model(networks.antialiased(draft)), noise(3, 48, 36)
    result = computed(FusedNetwork(read(model), np.float16, resources_on_the_host()), picture)
    np.testing.assert_allclose(result, whole(model, picture), rtol=0, atol=2 * 2 / 255)


def test_memory_is_what_is_stored_at_once() -> None:
    fused = FusedNetwork(read(model_of(networks.antialiased)), np.float32, resources_on_the_host())
    plans = [fused.plan(height, 128, 1 << 40) for height in (128, 256)]
    small, large = (plan.memory_bytes for plan in plans if plan)
    pixels = 128 * 128
    # The blur is stored with its border beside what the next convolution makes of it, at most three such pictures.
    assert 2 * 16 * 4 * pixels < large - small < 3 * 24 * 4 * pixels


@pytest.mark.parametrize("network", FUSED)
def test_what_is_not_stored_is_computed_anew(network: Callable[[Draft], str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fused_plan, "BAND_BYTES", (60_000, 30_000))
    monkeypatch.setattr(fused_plan, "WORKSPACE", 0)
    model, picture, resources = model_of(network), noise(3, 100, 36), resources_on_the_host()
    fused, expected = FusedNetwork(read(model), np.float32, resources), whole(model, picture)
    if expected.shape != picture.shape:
        return
    plan = fused.plan(100, 36, 1 << 40)
    while plan is not None:
        result = computed(fused, picture, plan.memory_bytes)
        np.testing.assert_allclose(result, expected, rtol=0, atol=1e-4)
        plan = fused.plan(100, 36, plan.memory_bytes - 1)


def test_there_are_no_more_bands_than_there_is_room_for_their_sums() -> None:
    network = read(model_of(networks.antialiased))
    steps, sizes = fuse(network), network.sizes(3000, 32)
    anew = frozenset(can_be_recomputed(steps))
    division = band_division.BandDivision(steps, sizes, 4, recomputed=anew, band_bytes=1)
    measured = [number for number, step in enumerate(steps) if isinstance(step, Measure)]
    assert MOST_BLOCKS // 2 < max(len(division.bands(number).spans) for number in measured) <= MOST_BLOCKS


def test_a_full_network_takes_less_than_half_of_the_memory_when_it_computes_anew() -> None:
    fused = FusedNetwork(read(model_of(networks.cut)), np.float16, resources_on_the_host())
    stored = fused.plan(4096, 4096, 1 << 40)
    assert stored is not None and not stored.recomputed
    plan = fused.plan(4096, 4096, stored.memory_bytes * 2 // 5)
    assert plan is not None and plan.recomputed
    assert fused.plan(4096, 4096, stored.memory_bytes // 10) is None


def test_a_picture_that_is_too_small_is_refused() -> None:
    fused = FusedNetwork(read(model_of(networks.antialiased)), np.float32, resources_on_the_host())
    with pytest.raises(ValueError, match="too small"):
        computed(fused, noise(3, 2, 2))


def test_values_that_are_not_finite_are_refused() -> None:
    fused = FusedNetwork(read(model_of(networks.antialiased)), np.float32, resources_on_the_host())
    picture = noise(3, 32, 32)
    picture[0, 0, 5, 5] = np.nan
    with pytest.raises(ValueError, match="finite"):
        computed(fused, picture)


def test_what_cannot_be_recorded_is_computed_every_time(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    @contextlib.contextmanager
    def disturbed(gpu: HostGpu) -> Iterator[list[CudaGraph]]:
        raise CudaError("not permitted")
        yield []

    monkeypatch.setattr(HostGpu, "recording", disturbed)
    model, picture = model_of(networks.antialiased), noise(3, 32, 32)
    fused = FusedNetwork(read(model), np.float32, resources_on_the_host())
    for _ in range(3):
        np.testing.assert_allclose(computed(fused, picture), whole(model, picture), rtol=0, atol=1e-4)
    assert [record.getMessage().endswith("not permitted") for record in caplog.records] == [True]


def test_what_was_large_goes_back() -> None:
    resources, picture = resources_on_the_host(), noise(3, 64, 64)
    gpu = resources.gpu
    assert isinstance(gpu, HostGpu)
    fused = FusedNetwork(read(model_of(networks.antialiased)), np.float32, resources)
    computed(fused, picture)
    kept = len(gpu.blocks)
    resources.arena._most_kept = 1000
    computed(fused, picture)
    assert len(gpu.blocks) == kept - 1
    computed(fused, picture)
