"""What plug-ins do, in the smallest editor there can be, against the real server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pytest

from plugins.core.area import Area
from plugins.core.history import History
from plugins.core.host import LAYER, PICTURE
from plugins.core.look import Look
from plugins.core.pixels import Pixels
from plugins.core.preview_frame import whole_frame
from plugins.core.previewing import Previewing
from plugins.core.problems import Problem
from plugins.core.restoring import PastResult, insert_again, keep_in
from plugins.core.session import Session
from plugins.core.settings import Settings
from plugins.core.steps import Steps
from plugins.core.translating import Order, RunProgress, translate_layers
from plugins.core.translation_jobs import TranslationRequest
from plugins.core.translation_run import TranslationRun
from tests import factories
from tests.plugins.core.sessions import Interface
from tests.plugins.core.toy_editor import FORMAT, Layer, ToyDocument, finish, launch, picture


@dataclass
class Studio:
    """The toy editor while it runs."""

    session: Session
    interface: Interface
    history: History = field(default_factory=History)
    reported: list[str] = field(default_factory=list)

    def apply(
        self, document: ToyDocument, layers: Sequence[Layer | None], name: str = "inverting", **order: Any
    ) -> Any:
        """A run that was begun."""
        found = self.session.find(name)
        assert found
        choice = PICTURE if list(layers) == [None] else LAYER
        return TranslationRun(
            document,
            Order(layers, choice, found, **order),
            self.session,
            keep_in(self.history),
            launch=partial(launch, self.interface),
            changed=lambda: None,
            report=lambda error: self.reported.append(str(error)),
        )

    def applied(self, *arguments: Any, **named: Any) -> TranslationRun:
        """A run that has ended."""
        run: TranslationRun = self.apply(*arguments, **named)
        self.interface.until(lambda: run.ended)
        return run


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("filters")
    for maker in (factories.identity, factories.inverting, factories.failing, factories.slow):
        factories.put(folder, maker())
    with factories.running_server(folder) as server:
        yield server.address


@pytest.fixture
def studio(address: str) -> Iterator[Studio]:
    interface = Interface()
    session = Session(Settings(address=address), interface.post)
    session.connect()
    interface.until(lambda: session.connection.kind == "connected")
    yield Studio(session, interface)
    session.close()


def inverted(pixels: np.ndarray) -> np.ndarray:
    return np.concatenate([255 - pixels[..., :3], pixels[..., 3:]], axis=-1)


def test_each_layer_gets_its_translation_above_it_and_stays_as_it_is(studio: Studio, document: ToyDocument) -> None:
    sea, boat = document.layers
    before, look = sea.pixels.copy(), Look(40, True)
    run = studio.applied(document, [sea, boat], look=look)
    assert [layer.name for layer in document.layers] == ["sea", "Inverting: sea", "boat", "Inverting: boat"]
    assert (run.state, run.made, run.fraction) == ("done", document.layers[1::2], 1.0)
    assert run.describe().startswith("Done in ")
    made = document.layers[3]
    np.testing.assert_array_equal(made.pixels, inverted(boat.pixels))
    assert (made.place, made.look) == ((5, 7), look)
    np.testing.assert_array_equal(sea.pixels, before)


def test_a_batch_is_one_undo_step_where_the_editor_groups_them(studio: Studio, document: ToyDocument) -> None:
    before = list(document.layers)
    studio.applied(document, before)
    assert len(document.undo) == (1 if document.groups_undo else 2)
    assert document.undo[0] == before


def test_what_made_a_layer_is_remembered(studio: Studio, document: ToyDocument) -> None:
    (made,) = studio.applied(document, [document.layers[1]]).made
    origin = document.origin_of(made)
    assert origin is not None
    assert (origin.filter, origin.title, origin.source, origin.choice) == ("inverting", "Inverting", "boat", LAYER)
    assert len(origin.sha256) == 64
    assert origin.execution_provider


def test_the_whole_picture_is_translated_onto_the_top_and_a_place_may_be_named(
    studio: Studio, document: ToyDocument
) -> None:
    sea, boat = document.layers
    (top,) = studio.applied(document, [None]).made
    np.testing.assert_array_equal(top.pixels, inverted(_flat(sea, boat)))
    assert document.layers[-1] is top
    (over,) = studio.applied(document, [sea], above=boat).made
    assert document.layers == [sea, boat, over, top]


def test_a_soft_selection_limits_the_result_and_goes_into_its_alpha(studio: Studio, document: ToyDocument) -> None:
    boat = document.layers[1]
    document.selection = np.zeros((72, 96), np.uint8)
    document.selection[10:15, 8:12] = np.arange(100, 120).reshape(5, 4)
    (made,) = studio.applied(document, [boat]).made
    part, selected = boat.pixels[3:8, 3:7], document.selection[10:15, 8:12]
    assert made.area == Area(8, 10, 4, 5)
    np.testing.assert_array_equal(made.pixels[..., :3], 255 - part[..., :3])
    np.testing.assert_array_equal(made.pixels[..., 3], np.floor(part[..., 3] * selected.astype(float) / 255 + 0.5))


def test_layers_beside_the_selection_are_left_out(studio: Studio, document: ToyDocument) -> None:
    document.selection = np.zeros((72, 96), np.uint8)
    document.selection[60:70, 50:60] = 255
    run = studio.applied(document, document.layers[::-1])
    assert [layer.name for layer in run.made] == ["Inverting: sea"]
    nothing = studio.applied(document, [document.layers[-1]])
    assert (nothing.state, nothing.describe()) == ("failed", "Nothing was added.")
    assert studio.reported[-1] == "The selection is beside it."


def test_a_failure_spares_the_others_unless_all_are_one_step(studio: Studio, document: ToyDocument) -> None:
    run = studio.applied(document, document.layers[::-1], "failing")  # which does not take the large one
    assert [layer.name for layer in run.made] == ([] if document.groups_undo else ["Failing: boat"])
    assert run.state == ("failed" if document.groups_undo else "done")
    assert len(document.layers) == (2 if document.groups_undo else 3)
    assert len(studio.reported) == 1


def test_cancelling_frees_the_server_at_once_and_adds_nothing(studio: Studio) -> None:
    large = Layer("large", (0, 0), np.full((1024, 1024, 4), 200, np.uint8))
    document = ToyDocument((1024, 1024), layers=[large])
    run = studio.apply(document, [large], "slow")
    studio.interface.until(lambda: "Translating" in run.describe())
    run.cancel()
    assert (run.state, run.describe(), document.layers) == ("cancelled", "Cancelled; nothing was added.", [large])
    assert studio.applied(picture(), [None], "identity").state == "done"


def test_a_closed_picture_ends_its_translation(studio: Studio) -> None:
    large = Layer("large", (0, 0), np.full((1024, 1024, 4), 200, np.uint8))
    document = ToyDocument((1024, 1024), layers=[large])
    run = studio.apply(document, [large], "slow")
    studio.interface.until(lambda: "Translating" in run.describe())
    document.is_open = False
    studio.interface.until(lambda: run.ended)
    assert (run.state, studio.reported) == ("failed", ["The picture was closed."])


def test_an_editor_that_is_called_runs_the_same_steps_to_their_end(studio: Studio, document: ToyDocument) -> None:
    found = studio.session.find("inverting")
    assert found
    progress, order = RunProgress(1), Order(document.layers[:1], LAYER, found)
    finish(
        studio.interface,
        translate_layers(document, order, studio.session, progress, keep_in(studio.history), lambda problem: None),
    )
    assert [made.layer for made in progress.made] == [document.layers[1]]


def test_a_result_is_inserted_again_as_it_was(studio: Studio, document: ToyDocument) -> None:
    boat = document.layers[1]
    document.selection = np.full((72, 96), 128, np.uint8)
    (made,) = studio.applied(document, [boat]).made
    document.layers.remove(made)
    (entry,) = studio.history.entries
    past = PastResult(entry, lambda: studio.history.pixels(entry), "It is gone.", Look(70), made.origin)
    again = finish(studio.interface, insert_again(document, past))
    assert document.layers.index(again) == document.layers.index(boat) + 1
    assert (again.name, again.place, again.look, again.origin) == (made.name, made.place, Look(70), made.origin)
    np.testing.assert_array_equal(again.pixels, made.pixels)
    assert len(document.undo) == 2


def test_a_result_that_is_not_kept_any_more_is_told_of(studio: Studio, document: ToyDocument) -> None:
    studio.applied(document, [document.layers[1]])
    (entry,) = studio.history.entries
    past = PastResult(entry, lambda: History().pixels(entry), "It is gone.", Look())
    with pytest.raises(Problem, match=r"^It is gone\. Apply the filter again\.$"):
        finish(studio.interface, insert_again(document, past))


@dataclass
class View:
    """What an editor would show."""

    seen: list[Any] = field(default_factory=list)

    def show_begun(self) -> None:
        self.seen.append("begun")

    def show_translation(self, pixels: Any) -> None:
        self.seen.append(bytes(pixels))

    def show_failure(self, error: Exception) -> None:
        self.seen.append(str(error))


def glance(document: ToyDocument, layer: Layer, name: str) -> Steps[TranslationRequest]:
    with document.capture(layer) as source:
        frame = whole_frame(source.kept, 400)
        pixels = yield from source.read(frame.sent, FORMAT)
    return TranslationRequest.of(name, Pixels(frame.sent, FORMAT, pixels.data))


def test_only_the_last_wish_is_previewed_once_the_choice_rests(studio: Studio, document: ToyDocument) -> None:
    view, boat = View(), document.layers[1]
    previewing = Previewing(studio.session, view, partial(launch, studio.interface), 0.05)
    for name in ("slow", "identity", "inverting"):
        previewing.want(partial(glance, document, boat, name))
    studio.interface.until(lambda: not previewing.busy)
    assert view.seen == ["begun", inverted(boat.pixels).tobytes()]


def test_a_preview_that_fails_says_why_and_one_that_was_stopped_nothing(studio: Studio, document: ToyDocument) -> None:
    view, sea = View(), document.layers[0]
    previewing = Previewing(studio.session, view, partial(launch, studio.interface), 0.0)
    previewing.want(partial(glance, document, sea, "nowhere"))
    studio.interface.until(lambda: not previewing.busy)
    assert view.seen == ["begun", "The server no longer has this filter. Choose another one."]
    previewing.want(partial(glance, document, sea, "identity"))
    previewing.stop()
    studio.applied(document, [sea], "identity")
    assert len(view.seen) == 2


def _flat(sea: Layer, boat: Layer) -> np.ndarray:
    """The lower layer with the upper one in its place."""
    flat = sea.pixels.copy()
    flat[boat.area.y : boat.area.bottom, boat.area.x : boat.area.right] = boat.pixels
    return flat
