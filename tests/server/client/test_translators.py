"""What Client and LocalEngine promise alike: the same folder gives the same answers with a server and without one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pleinair.v1.filters_pb2 import PRECISION_FLOAT32
from pleinair.v1.translation_pb2 import Preview, Progress

from server.client.local_engine import LocalEngine
from server.client.translations import Client, TranslationError, Translator
from server.config import ServerConfig
from server.engine.provider import Provider
from server.pictures.files import decode_picture
from tests import factories

MOST_PIXELS = 1024 * 1024
BIG = np.zeros((1024, 1024, 3), np.uint8)  # minutes for the slow filter


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("filters")
    for maker in (factories.identity, factories.inverting, factories.slow, factories.failing):
        factories.put(folder, maker())
    factories.put_bytes(folder / "broken.onnx", b"nonsense")
    return folder


@contextmanager
def through_a_server(folder: Path) -> Iterator[Client]:
    with factories.running_server(folder, max_pixels=MOST_PIXELS) as server, Client(server.address) as client:
        yield client


def in_this_process(folder: Path) -> LocalEngine:
    return LocalEngine(ServerConfig(filters=folder, provider=Provider.CPU, threads=1, max_pixels=MOST_PIXELS))


@pytest.fixture(params=[through_a_server, in_this_process], scope="module")
def translator(request: pytest.FixtureRequest, folder: Path) -> Iterator[Translator]:
    with request.param(folder) as translator:
        yield translator


def failure(translator: Translator, filter_id: str, pixels: Any, **options: Any) -> TranslationError:
    with pytest.raises(TranslationError) as caught:
        translator.translate(filter_id, pixels, **options)
    return caught.value


def is_well(translator: Translator) -> bool:
    """Whether the device is free and answers."""
    pixels = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    return bool((translator.translate("identity", pixels, timeout=30)[0] == pixels).all())


def test_the_folders_filters_are_listed_in_order(translator: Translator) -> None:
    found = translator.filters()
    assert [one.id for one in found] == ["failing", "identity", "inverting", "slow"]
    assert (found[1].title, found[1].source_domain, found[1].target_domain) == ("Identity", "painting", "photo")


def test_files_that_are_not_served_are_listed_with_the_reason(translator: Translator) -> None:
    (rejected,) = translator.rejected_files()
    assert rejected.file_name == "broken.onnx"
    assert rejected.reason.startswith("It is not an ONNX file")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, ">u2"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_integers_of_any_kind_come_back_as_they_went(translator: Translator, dtype: Any, channels: int) -> None:
    pixels = np.arange(9 * 5 * channels).reshape(9, 5, channels).astype(dtype)
    result, _ = translator.translate("identity", pixels)
    np.testing.assert_array_equal(result, pixels)


def test_floats_come_back_within_rounding(translator: Translator) -> None:
    pixels = np.linspace(0, 1, 9 * 5 * 3, dtype=np.float32).reshape(9, 5, 3)
    np.testing.assert_allclose(translator.translate("identity", pixels)[0], pixels, atol=1e-6)


def test_a_picture_of_many_chunks_is_put_together_in_order(translator: Translator) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (700, 1000, 4), np.uint8)
    pixels[..., 3] |= 1  # what is fully transparent is not translated
    result, _ = translator.translate("inverting", pixels)
    np.testing.assert_array_equal(result[..., :3], 255 - pixels[..., :3])
    np.testing.assert_array_equal(result[..., 3], pixels[..., 3])


def test_the_summary_says_what_ran(translator: Translator) -> None:
    _, summary = translator.translate("identity", BIG[:2, :2])
    assert summary.filter_id == "identity"
    assert summary.filter_sha256 == translator.filters()[1].sha256
    assert (summary.execution_provider, summary.precision) == ("CPUExecutionProvider", PRECISION_FLOAT32)


def test_progress_is_told(translator: Translator) -> None:
    stages: list[int] = []
    translator.translate("identity", BIG[:2, :2], on_progress=lambda progress: stages.append(progress.stage))
    assert stages == [Progress.STAGE_TRANSLATING]


def test_a_preview_comes_before_the_result_to_who_wants_one(translator: Translator) -> None:
    previews: list[Preview] = []
    pixels = np.full((200, 300, 3), 55, np.uint8)
    result, _ = translator.translate("inverting", pixels, on_preview=previews.append, preview_side=60)
    (preview,) = previews
    assert (preview.width, preview.height) == (60, 40)
    assert (decode_picture(preview.png, max_pixels=10_000).pixels == 200).all()
    assert (result == 200).all()


@pytest.mark.parametrize(
    ("filter_id", "pixels", "code", "reason", "words"),
    [
        ("monet", BIG[:2, :2], "NOT_FOUND", "FILTER_NOT_FOUND", "there are failing, identity, inverting, slow"),
        ("identity", np.zeros((1025, 1024, 3), np.uint8), "INVALID_ARGUMENT", "PICTURE_TOO_LARGE", "at most 1048576"),
        ("failing", BIG[:40, :40], "INTERNAL", "FILTER_FAILED", "failed on this picture of 40 x 40 pixels"),
    ],
)
def test_what_cannot_be_translated_is_refused_in_the_same_words(
    translator: Translator, filter_id: str, pixels: Any, code: str, reason: str, words: str
) -> None:
    error = failure(translator, filter_id, pixels)
    assert (error.code, error.reason) == (code, reason)
    assert words in error.sentence
    assert is_well(translator)


def test_an_array_that_the_wire_cannot_carry_is_refused(translator: Translator) -> None:
    with pytest.raises(ValueError, match="uint8, uint16, float16 or float32, and these are int64"):
        translator.translate("identity", np.zeros((2, 2, 3), np.int64))


def test_the_timeout_stops_the_computation(translator: Translator) -> None:
    error = failure(translator, "slow", BIG, timeout=0.5)
    assert error.code == "DEADLINE_EXCEEDED"
    assert "took longer than the timeout" in error.sentence or "before its deadline" in error.sentence
    assert is_well(translator)


def test_an_interruption_stops_the_computation(translator: Translator) -> None:
    def interrupt(progress: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        translator.translate("slow", BIG, on_progress=interrupt)
    assert is_well(translator)
