"""A training's pictures out of GIMP, and its filter onto the layer that it was made from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Union

from ..client import ClientError, Picture, TrainingClient
from ..client.messages import ChannelOrder, Filter, PixelFormat, RawPixels
from ..core.area import Area
from ..core.problems import Problem
from ..core.session import Session
from ..core.settings import Settings, SettingsStore
from ..core.texts import _, told
from ..core.training_seen import MadeFrom
from ..core.training_wish import TrainingWish, check_size, file_to_send, options_from, own_photo
from . import apply, keeping, layers, pixels, source_place

_FORM = pixels.named_format("R'G'B'A u8")  # training sees no more than 8 bits


@dataclass(frozen=True)
class LayerChoice:
    """A layer of an open picture, as it was called when it was chosen."""

    layer: Any
    name: str


Target = Union[LayerChoice, Path]


def wish_from(config: Any, image: Any, drawables: list[Any], settings: Settings) -> TrainingWish:
    """What the procedure's arguments say. Raises Problem."""
    source = source_layer(image, drawables)
    named = config.get_property("target")
    layer = [LayerChoice(named, named.get_name())] if named else []
    targets: list[Target] = [*map(Path, config.get_property("target-files")), *layer]
    if not targets:
        raise Problem(_("No photo is named."), _("Name files in the argument “target-files”, or a layer in “target”."))
    title = config.get_property("title") or suggested_title(image, source)
    return wish(source, targets, title, config.get_property("preset"), settings)


def wish(source: Any, targets: Sequence[Target], title: str, preset: str, settings: Settings) -> TrainingWish:
    """Reads the layers; files are read when they are sent. Of the source only what is selected, as a rectangle. Raises
    Problem."""
    for target in targets:
        if isinstance(target, LayerChoice) and target.layer == source:
            raise Problem(*own_photo(target.name))
    pictures = [_picture(source, with_selection=True)]
    photos = [one if isinstance(one, Path) else _picture(_still_there(one)) for one in targets]
    return TrainingWish(title, preset, pictures, photos, options_from(settings.training_options))


def start(settings: Settings, wished: TrainingWish) -> str:
    """The training's identifier, as soon as the server has the pictures. Raises Problem."""
    with _told(), TrainingClient(settings.endpoint) as client:
        targets = [file_to_send(one) if isinstance(one, Path) else one for one in wished.targets]
        return client.start_training(wished.header, wished.sources, targets).id


def source_layer(image: Any, drawables: list[Any]) -> Any:
    """The painting: the layer that was active when the procedure was called. Raises Problem."""
    if image is None or not image.is_valid():
        raise Problem(_("No picture is open."), _("Open one, or make a new one, and try again."))
    return layers.chosen_layers(image, drawables, layers.LAYER)[-1]


def suggested_title(image: Any, layer: Any) -> str:
    """The picture's name says more than the one that GIMP gives to layers."""
    file = image.get_file()
    title: str = Path(file.get_basename()).stem if file else layer.get_name()
    return title


def translate_source(session: Session, store: SettingsStore, found: Filter, made_from: MadeFrom) -> None:
    """The layer that a training was made from, with its filter, into a new layer above. Raises Problem."""
    layer = source_place.find(made_from.place, made_from.names)
    if layer is None:
        raise Problem(
            _("The layer that this training was made from is not in an open picture."),
            _("Open its picture; or choose Translate… and apply the filter to another layer."),
        )
    options = apply.Options(found.id, layers.LAYER, layers.Look())
    keeping.translate_and_keep(session, store, layer.get_image(), [layer], options)


def _picture(layer: Any, *, with_selection: bool = False) -> Picture:
    image = layer.get_image()
    with layers.readable(image, layer) as drawable:
        whole = Area(0, 0, drawable.get_width(), drawable.get_height())
        area = layers.selected_area(image, drawable) if with_selection else whole
        if area is None:
            raise Problem(
                _("The selection does not touch the layer."), _("Select a part of it, or nothing, and try again.")
            )
        with _told():
            check_size(layer.get_name(), area.width, area.height)
        data = pixels.read(drawable, area, _FORM)
    form = PixelFormat(
        channels=_FORM.channels,
        sample_type=_FORM.sample_type,
        transfer_function=_FORM.transfer_function,
        channel_order=ChannelOrder.RGB,
    )
    return Picture(layer.get_name(), data, RawPixels(width=area.width, height=area.height, pixel_format=form))


def _still_there(choice: LayerChoice) -> Any:
    if not choice.layer.is_valid():
        raise Problem(
            _("The layer “{name}” is not in an open picture any more.").format(name=choice.name),
            _("Choose another layer."),
        )
    return choice.layer


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        raise Problem(*told(error)) from error
