"""A training's pictures out of Krita, and its filter onto the layer that it was made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from krita import Krita

from ..client import ClientError, Picture
from ..client.messages import ChannelOrder, Channels, Filter, PixelFormat, RawPixels, SampleType, TransferFunction
from ..core.texts import _, told
from ..core.training_seen import MadeFrom
from ..core.training_wish import TrainingWish, check_size, own_photo
from . import host, transfer
from .pixels import SRGB, Space, wire_format
from .problems import Problem
from .sources import LAYER, Source, find_source
from .steps import Steps
from .studio import Studio

_SPACE = Space("RGBA", "U8", SRGB)  # training sees no more than 8 bits
_FORMAT = PixelFormat(
    channels=Channels.RGBA,
    sample_type=SampleType.UINT8,
    transfer_function=TransferFunction.SRGB,
    channel_order=ChannelOrder.BGR,
)


@dataclass(frozen=True)
class LayerChoice:
    """A layer of an open picture, by its identifier."""

    document: Any
    identifier: str
    name: str

    @property
    def key(self) -> str:
        """How the settings remember it: a picture that is no .kra gives its layers other identifiers next time."""
        return f"{self.identifier} {self.name}"


@dataclass(frozen=True)
class PaintingChoice:
    """What the artist has chosen in the dialog."""

    source: LayerChoice
    targets: Sequence[LayerChoice | Path]
    title: str
    preset: str
    options: Mapping[str, str]


def layer_choice(document: Any, node: Any) -> LayerChoice:
    return LayerChoice(document, node.uniqueId().toString(), node.name())


def suggested_title(source: LayerChoice) -> str:
    """The picture's name says more than the one that Krita gives to layers."""
    return Path(host.name_of(source.document)).stem if source.document.fileName() else source.name


def gather(choice: PaintingChoice) -> Steps[TrainingWish]:
    """Reads the layers; files are read when they are sent. Of the source only what is selected, as a rectangle."""
    for target in choice.targets:
        if isinstance(target, LayerChoice) and target.identifier == choice.source.identifier:
            raise Problem(*own_photo(target.name))
    source = yield from _picture(choice.source, with_selection=True)
    source = replace(source, name=suggested_title(choice.source))
    targets: list[Picture | Path] = []
    for target in choice.targets:
        targets.append(target if isinstance(target, Path) else (yield from _picture(target, with_selection=False)))
    return TrainingWish(choice.title, choice.preset, [source], targets, choice.options)


def translate_source(studio: Studio, found: Filter, made_from: MadeFrom) -> None:
    """The layer that a training was made from, with its filter, into a new layer above. Raises Problem."""
    document, node = _source_layer(made_from)
    studio.choose(found.id)
    studio.apply(found.id, [node], LAYER, document=document)


def _picture(choice: LayerChoice, *, with_selection: bool) -> Steps[Picture]:
    node = host.node_by_identifier(choice.document, choice.identifier) if host.is_open(choice.document) else None
    if node is None:
        raise Problem(
            _("The layer “{name}” is not in an open picture any more.").format(name=choice.name),
            _("Choose another layer."),
        )
    yield from host.until_idle(choice.document)
    source = find_source(choice.document, node, LAYER, with_selection=with_selection)
    wire_format(source.space)  # refuses what Apply would refuse
    _refuse_too_small(source)
    return (yield from _read(source))


def _read(source: Source) -> Steps[Picture]:
    area = source.result_area
    pixels = yield from transfer.read(source, _SPACE, area)
    return Picture(source.name, pixels, RawPixels(width=area.width, height=area.height, pixel_format=_FORMAT))


def _refuse_too_small(source: Source) -> None:
    try:
        check_size(source.name, source.result_area.width, source.result_area.height)
    except ClientError as error:
        raise Problem(*told(error)) from error


def _source_layer(made_from: MadeFrom) -> tuple[Any, Any]:
    """Found by its identifier in any open picture, else by its name: in a picture of the name that was sent, or in the
    active one. A training that was begun elsewhere names its picture or its layer."""
    identifier, _space, name = made_from.place.partition(" ")
    documents = Krita.instance().documents()
    for document in documents:
        node = host.node_by_identifier(document, identifier)
        if node is not None:
            return document, node
    names = {name, *made_from.names} - {""}
    named = [document for document in documents if Path(host.name_of(document)).stem in made_from.names]
    active = host.active_document()
    for document in named if active is None else [*named, active]:
        for node in host.layers(document):
            if node.name() in names:
                return document, node
    for document in named:
        if document.activeNode() is not None:
            return document, document.activeNode()
    raise Problem(
        _("The layer that this training was made from is not in an open picture."),
        _("Open its picture; or select another layer, and apply the filter in the docker."),
    )
