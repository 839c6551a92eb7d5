"""Takes a training's pictures from GIMP, and applies its filter to the layer that it was made from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from gi.repository import Gimp

from ..client import ClientError, TrainingClient
from ..client.messages import Filter
from ..core.gathering import ChosenTarget, LayerChoice, TrainingChoice, gather_training, suggested_title
from ..core.look import Look
from ..core.problems import Problem
from ..core.session import Session
from ..core.settings import Settings, SettingsStore
from ..core.texts import _, told
from ..core.training_seen import MadeFrom
from ..core.training_wish import TrainingWish, file_to_send, options_from
from . import apply, keeping, layers, source_place
from .document import GimpDocument
from .steps import finish


def wish_from(
    config: Gimp.ProcedureConfig, image: Gimp.Image | None, drawables: list[Gimp.Drawable], settings: Settings
) -> TrainingWish:
    """Returns the training that the procedure's arguments ask for. Raises Problem."""
    source = source_layer(image, drawables)
    named = config.get_property("target")
    targets: list[ChosenTarget] = [
        *map(Path, config.get_property("target-files")),
        *([layer_choice(named)] if named else []),
    ]
    if not targets:
        raise Problem(_("No photo was given."), _("Give files in the argument “target-files”, or a layer in “target”."))
    title = config.get_property("title") or suggested_title(layer_choice(source))
    return wish(source, targets, title, config.get_property("preset"), settings)


def wish(
    source: Gimp.Layer, targets: Sequence[ChosenTarget], title: str, preset: str, settings: Settings
) -> TrainingWish:
    """Reads the layers and returns what the server needs to begin the training. Raises Problem."""
    options = options_from(settings.training_options)
    return finish(gather_training(TrainingChoice(layer_choice(source), "", targets, title, preset, options)))


def layer_choice(layer: Gimp.Layer) -> LayerChoice:
    return LayerChoice(GimpDocument(layer.get_image()), layer, layer.get_name())


def start(settings: Settings, wished: TrainingWish) -> str:
    """Starts a training and returns its identifier as soon as the server has the pictures. Raises Problem."""
    with _told(), TrainingClient(settings.endpoint) as client:
        targets = [file_to_send(one) if isinstance(one, Path) else one for one in wished.targets]
        return client.start_training(wished.header, wished.sources, targets).id


def source_layer(image: Gimp.Image | None, drawables: list[Gimp.Drawable]) -> Gimp.Layer:
    """Returns the painting: the last of the layers with which the procedure was called. Raises Problem."""
    if image is None or not image.is_valid():
        raise Problem(_("No picture is open."), _("Open one, or make a new one, and try again."))
    return layers.selected_layers(image, drawables)[-1]


def translate_source(session: Session, store: SettingsStore, found: Filter, made_from: MadeFrom) -> None:
    """Applies a training's filter to the layer that it was made from; the result is a new layer. Raises Problem."""
    layer = source_place.find(made_from.place, made_from.names)
    if layer is None:
        raise Problem(
            _("The layer that this training was made from is not in an open picture."),
            _("Open its picture; or choose Translate… and apply the filter to another layer."),
        )
    options = apply.Options(found.id, layers.LAYER, Look())
    keeping.translate_and_keep(session, store, layer.get_image(), [layer], options)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        raise Problem(*told(error)) from error
