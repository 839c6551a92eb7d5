"""LocalEngine as a notebook has it: cells inside an event loop, one engine for many, and pictures of Pillow's."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pleinair.v1.translation_pb2 import Preview, Progress

from server.client import LocalEngine, TranslationError
from server.errors import StartProblem
from tests import factories
from tests.server.picture_files import SRGB_PROFILE, random_samples

PIXELS = random_samples((20, 30, 3))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("filters")
    for maker in (factories.identity, factories.inverting, factories.swapping, factories.slow):
        factories.put(folder, maker())
    return folder


@pytest.fixture(scope="module")
def engine(folder: Path) -> Iterator[LocalEngine]:
    with LocalEngine(folder, provider="cpu") as engine:
        yield engine


def test_a_cell_runs_inside_an_event_loop(folder: Path) -> None:
    async def cell() -> None:
        with LocalEngine(str(folder), provider="cpu") as engine:
            result, summary = engine.translate("inverting", PIXELS)
        np.testing.assert_array_equal(result, 255 - PIXELS)
        assert summary.filter_id == "inverting"

    asyncio.run(cell())


def test_one_engine_translates_again_with_several_filters(engine: LocalEngine) -> None:
    assert [found.id for found in engine.filters()] == ["identity", "inverting", "slow", "swapping"]
    for _ in range(2):
        for name, expected in (("inverting", 255 - PIXELS), ("swapping", PIXELS[..., ::-1]), ("identity", PIXELS)):
            np.testing.assert_array_equal(engine.translate(name, PIXELS)[0], expected)


def test_several_threads_share_an_engine(engine: LocalEngine) -> None:
    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(lambda _: engine.translate("inverting", PIXELS)[0], range(8)))
    for result in results:
        np.testing.assert_array_equal(result, 255 - PIXELS)


def test_progress_and_preview_are_told_in_the_cells_own_thread(engine: LocalEngine) -> None:
    heard: list[Progress | Preview] = []
    threads: set[int] = set()

    def hear(news: Progress | Preview) -> None:
        heard.append(news)
        threads.add(threading.get_ident())

    engine.translate("identity", random_samples((300, 400, 3)), on_progress=hear, on_preview=hear)
    assert {type(news) for news in heard} == {Progress, Preview}
    assert threads == {threading.get_ident()}


def test_an_error_in_a_callback_ends_the_translation_and_not_the_engine(engine: LocalEngine) -> None:
    def fail(news: Progress) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        engine.translate("slow", np.zeros((1024, 1024, 3), np.uint8), on_progress=fail)
    np.testing.assert_array_equal(engine.translate("inverting", PIXELS, timeout=30)[0], 255 - PIXELS)


def test_a_wrong_name_is_answered_with_the_right_ones(engine: LocalEngine) -> None:
    with pytest.raises(TranslationError, match="identity, inverting, slow, swapping"):
        engine.translate("monet", PIXELS)


def test_a_closed_engine_says_so_and_keeps_nothing(folder: Path) -> None:
    engine = LocalEngine(folder, provider="cpu")
    engine.translate("inverting", PIXELS)
    kept: list[Callable[[], object]] = [weakref.ref(engine._opened()), weakref.ref(engine._opened().handler)]
    engine.close()
    engine.close()
    gc.collect()
    assert [one() for one in kept] == [None, None]
    with pytest.raises(RuntimeError, match="This engine is closed; make another LocalEngine"):
        engine.translate("inverting", PIXELS)


def test_a_forgotten_engine_leaves_no_thread(folder: Path) -> None:
    def threads() -> int:
        return sum(thread.name == "pleinair-engine" for thread in threading.enumerate())

    before = threads()
    LocalEngine(folder, provider="cpu").translate("inverting", PIXELS)
    gc.collect()
    for thread in threading.enumerate():
        if thread.name == "pleinair-engine" and threads() > before:
            thread.join(10)
    assert threads() <= before


def test_an_unknown_provider_is_one_sentence(folder: Path) -> None:
    with pytest.raises(StartProblem, match="The provider is 'gpu'; expected one of auto, cpu, cuda, tensorrt"):
        LocalEngine(folder, provider="gpu")


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_a_picture_keeps_its_mode_and_what_belongs_to_it(mode: str, engine: LocalEngine) -> None:
    picture = Image.fromarray(random_samples((20, 30, 4)), "RGBA").convert(mode)
    picture.info |= {"icc_profile": SRGB_PROFILE, "dpi": (300, 300)}
    result = engine.translate_picture("identity", picture)
    assert (result.mode, result.size, result.info) == (picture.mode, picture.size, picture.info)
    np.testing.assert_array_equal(np.asarray(result), np.asarray(picture))


def test_sixteen_bit_grey_stays_so(engine: LocalEngine) -> None:
    picture = Image.fromarray(random_samples((20, 30, 1), np.uint16)[..., 0])
    result = engine.translate_picture("identity", picture)
    assert result.mode == "I;16"
    np.testing.assert_array_equal(np.asarray(result), np.asarray(picture))


@pytest.mark.parametrize(("mode", "expected"), [("P", "RGB"), ("1", "L"), ("CMYK", "RGB"), ("YCbCr", "RGB")])
def test_other_modes_become_colour(mode: str, expected: str, engine: LocalEngine) -> None:
    picture = Image.fromarray(PIXELS).convert(mode)
    result = engine.translate_picture("inverting", picture)
    assert result.mode == expected
    np.testing.assert_array_equal(np.asarray(result), 255 - np.asarray(picture.convert(expected)))


def test_a_palette_with_transparency_keeps_it(engine: LocalEngine) -> None:
    picture = Image.fromarray(PIXELS).convert("P")
    picture.info["transparency"] = 0
    result = engine.translate_picture("identity", picture)
    assert result.mode == "RGBA"
    np.testing.assert_array_equal(np.asarray(result), np.asarray(picture.convert("RGBA")))


@pytest.mark.parametrize("mode", ["I", "F"])
def test_a_picture_whose_white_nobody_knows_is_refused(mode: str, engine: LocalEngine) -> None:
    with pytest.raises(ValueError, match=f"The picture's mode is {mode}, whose black and white nobody knows"):
        engine.translate_picture("identity", Image.new(mode, (3, 3)))
