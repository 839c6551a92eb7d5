"""What an editor keeps on disk of its results, in the toy editor."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from plugins.core import stored_results
from plugins.core.host import NewLayer
from plugins.core.kept_results import ResultStore, Thumbnail
from plugins.core.look import Look
from plugins.core.origins import Origin
from plugins.core.pixels import Pixels
from plugins.core.problems import Problem
from plugins.core.restoring import insert_again
from plugins.core.translating import Made
from tests.plugins.core.sessions import Interface
from tests.plugins.core.toy_editor import FORMAT, Layer, ToyDocument, finish

ORIGIN = Origin("monet", "Monet", "0" * 64, "sea", "layer", "CPUExecutionProvider")
LOOK = Look(40.0, True)


@pytest.fixture
def document() -> ToyDocument:
    drawn = np.random.default_rng(3).integers(0, 256, (6, 8, 4), np.uint8)
    return ToyDocument((20, 20), layers=[Layer("Monet: sea", (3, 4), drawn, LOOK, ORIGIN)])


def keep(store: ResultStore, document: ToyDocument) -> list[str]:
    """The document's layer, as if it had just been made; gives what the artist is told."""
    (layer,), told = document.layers, list[str]()
    pixels = Pixels(layer.area, FORMAT, layer.pixels.tobytes())
    with document.capture(layer) as source:
        made = Made(layer, NewLayer(layer.name, pixels, layer.look), ORIGIN, source)
    taken = (layer.name, pixels, Thumbnail(1, 1, b"1234"))
    stored_results.store_all(store, document, [made], lambda one: taken, told.append)
    return told


def test_a_stored_result_is_inserted_again_with_its_look_and_what_made_it(
    document: ToyDocument, tmp_path: Path
) -> None:
    store = ResultStore(tmp_path)
    assert keep(store, document) == []
    (layer,) = document.layers
    past = stored_results.past_result(store, stored_results.numbered(store, 1))
    again = finish(Interface(), insert_again(document, past))
    assert (again.name, again.place, again.look) == (layer.name, layer.place, LOOK)
    assert again.origin == Origin("monet", "", "0" * 64, "sea", "", "CPUExecutionProvider")
    np.testing.assert_array_equal(again.pixels, layer.pixels)


def test_what_is_noted_can_be_read_by_every_version(document: ToyDocument, tmp_path: Path) -> None:
    store = ResultStore(tmp_path)
    keep(store, document)
    (kept,) = store.kept
    assert kept.entry.extra == {
        "picture": "Coast.toy",
        "depth": "8",
        "opacity": "40.0",
        "keep luminance": "yes",
        "origin": '{"filter": "monet", "sha256": "' + "0" * 64 + '", "execution_provider": "CPUExecutionProvider",'
        ' "source": "sea"}',
    }


def test_the_newest_is_number_one(document: ToyDocument, tmp_path: Path) -> None:
    store = ResultStore(tmp_path)
    for _ in range(2):
        keep(store, document)
    newest, oldest = store.kept
    assert stored_results.numbered(store, 2).file == oldest.file
    assert [stored_results.number_of(store, kept) for kept in (newest, oldest)] == [1, 2]
    store.remove(oldest)
    assert stored_results.number_of(store, oldest) == 1
    with pytest.raises(Problem, match=r"^There is no result 2; only 1 is kept\."):
        stored_results.numbered(store, 2)


def test_a_result_that_is_gone_or_damaged_is_told_of(document: ToyDocument, tmp_path: Path) -> None:
    store = ResultStore(tmp_path)
    keep(store, document)
    (kept,) = store.kept
    store.remove(kept)
    with pytest.raises(Problem, match=r"^This result is no longer kept, or it is damaged\. Apply the filter again\."):
        finish(Interface(), insert_again(document, stored_results.past_result(store, kept)))
    del kept.entry.extra["origin"]
    with pytest.raises(Problem, match="or it is damaged"):
        stored_results.past_result(store, kept)


def test_what_cannot_be_kept_is_told_to_the_artist(document: ToyDocument, tmp_path: Path) -> None:
    too_large = keep(ResultStore(tmp_path, cap_bytes=10), document)
    assert too_large == ["The result is in the picture, but it is too large to be kept for later."]
    (tmp_path / "file").write_text("")
    (unwritable,) = keep(ResultStore(tmp_path / "file"), document)
    assert unwritable.startswith("The result is in the picture, but it could not be kept for later (")
