"""Reads a training's pictures from an editor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Union

from ..client import ClientError, Picture
from ..client.messages import RawPixels
from .host import Document, Layer
from .problems import Problem
from .steps import Steps
from .texts import _, told
from .training_wish import TrainingWish, check_size, own_photo


@dataclass(frozen=True)
class LayerChoice:
    """A layer of an open picture: ``layer`` as ``Document.find`` takes it, ``name`` as it was when chosen."""

    document: Document
    layer: Layer
    name: str


ChosenTarget = Union[LayerChoice, Path]


@dataclass(frozen=True)
class TrainingChoice:
    """What the artist has chosen for a training. ``source_name`` is what the server calls the painting; if empty, the
    layer's name is used."""

    source: LayerChoice
    source_name: str
    targets: Sequence[ChosenTarget]
    title: str
    preset: str
    options: Mapping[str, str]


def suggested_title(choice: LayerChoice) -> str:
    """Returns the picture's file name, which says more than the names that editors give to layers; else the layer's."""
    return choice.document.file_title or choice.name


def gather_training(choice: TrainingChoice) -> Steps[TrainingWish]:
    """Reads the chosen layers, of the source only the rectangle around the selection; files are read when they are
    sent. Raises Problem."""
    for target in choice.targets:
        if isinstance(target, LayerChoice) and target.layer == choice.source.layer:
            raise Problem(*own_photo(target.name))
    source = yield from _picture(choice.source, choice.source_name, with_selection=True)
    targets: list[Picture | Path] = []
    for target in choice.targets:
        if isinstance(target, LayerChoice):
            targets.append((yield from _picture(target, "", with_selection=False)))
        else:
            targets.append(target)
    return TrainingWish(choice.title, choice.preset, [source], targets, choice.options)


def _picture(choice: LayerChoice, name: str, *, with_selection: bool) -> Steps[Picture]:
    """Reads one layer as a picture named ``name``, or the layer's present name if that is empty. Raises Problem."""
    document = choice.document
    layer = document.find(choice.layer)
    if layer is None:
        raise Problem(
            _("The layer “{name}” is no longer in an open picture.").format(name=choice.name),
            _("Choose another layer."),
        )
    yield from document.idle()
    with document.capture(layer, with_selection=with_selection) as source:
        area, format = source.kept, document.eight_bit  # training sees no more than 8 bits
        try:
            check_size(source.name, area.width, area.height)
        except ClientError as error:
            raise Problem(*told(error)) from error
        pixels = yield from source.read(area, format)
    raw = RawPixels(width=area.width, height=area.height, pixel_format=format.message)
    return Picture(name or source.name, pixels.data, raw)
