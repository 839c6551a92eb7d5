"""What a training learns from, gathered from the smallest editor there can be, and the training itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from plugins.client import Picture
from plugins.client.messages import RawPixels, TrainingState
from plugins.core.gathering import LayerChoice, TrainingChoice, gather_training, suggested_title
from plugins.core.problems import Problem
from plugins.core.session import Session
from plugins.core.settings import Settings
from plugins.core.training import Trainings
from plugins.core.training_wish import QUICK
from server.config import TrainingMode
from tests.plugins.core.sessions import Interface
from tests.plugins.core.toy_editor import FORMAT, Layer, ToyDocument, finish, picture
from tests.plugins.training_servers import training_server


def test_a_training_learns_from_what_is_selected_and_from_whole_photos(document: ToyDocument) -> None:
    document.selection = np.zeros((72, 96), np.uint8)
    document.selection[2:70, 10:90] = 255
    painting, photo = (
        LayerChoice(document, document.layers[0], "sea"),
        LayerChoice(document, large(document), "photo"),
    )
    choice = TrainingChoice(painting, "Coast", [photo, Path("photo.png")], "Étretat", QUICK, {"seed": "3"})
    wish = finish(Interface(), gather_training(choice))
    (source,), (layer, file) = wish.sources, wish.targets
    assert isinstance(source, Picture) and isinstance(layer, Picture)
    assert (source.name, source.pixels) == ("Coast", raw(80, 68))
    np.testing.assert_array_equal(
        np.frombuffer(bytes(source.data), np.uint8).reshape(68, 80, 4), document.layers[0].pixels[2:70, 10:90]
    )
    assert (layer.name, layer.pixels, file) == ("photo", raw(96, 72), Path("photo.png"))
    assert suggested_title(painting) == "Coast"


def raw(width: int, height: int) -> RawPixels:
    return RawPixels(width=width, height=height, pixel_format=FORMAT.message)


def large(document: ToyDocument) -> Layer:
    photo = Layer("photo", (0, 0), np.full((72, 96, 4), 90, np.uint8))
    document.layers.append(photo)
    return photo


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("sea", "“sea” is the painting and cannot be its own photo. Choose another layer."),
        ("boat", "“boat” has only 14 x 12 pixels to learn from."),
        ("gone", "The layer “gone” is no longer in an open picture. Choose another layer."),
    ],
)
def test_what_cannot_be_learned_from_is_told_of(target: str, said: str) -> None:
    document = picture()
    layers = {layer.name: layer for layer in document.layers}
    chosen = LayerChoice(document, layers.get(target, Layer(target, (0, 0), layers["sea"].pixels)), target)
    painting = LayerChoice(document, layers["sea"], "sea")
    with pytest.raises(Problem) as caught:
        finish(Interface(), gather_training(TrainingChoice(painting, "", [chosen], "Sea", QUICK, {})))
    assert str(caught.value).startswith(said)


def test_what_was_gathered_is_trained_on(tmp_path: Path) -> None:
    document, interface = picture(), Interface()
    painting, photo = (LayerChoice(document, layer, layer.name) for layer in (document.layers[0], large(document)))
    wish = finish(interface, gather_training(TrainingChoice(painting, "Coast", [photo], "Étretat", QUICK, {})))
    with training_server(tmp_path, training=TrainingMode.ON) as server:
        session = Session(Settings(address=server.address), interface.post)
        trainings = Trainings(session, lambda *followed: None)
        trainings.open()
        trainings.start(wish)
        interface.until(lambda: trainings.seen.is_in(TrainingState.FINISHED))
        assert trainings.seen.job is not None
        assert (trainings.seen.job.source_names, trainings.seen.job.target_names) == (["Coast"], ["photo"])
        trainings.end()
        session.close()
