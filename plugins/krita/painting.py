"""Takes a training's pictures from Krita, and applies its filter to the layer that it was made from."""

from __future__ import annotations

from pathlib import Path

from krita import Document, Krita, Node

from ..client.messages import Filter
from ..core.gathering import LayerChoice
from ..core.host import LAYER
from ..core.problems import Problem
from ..core.texts import _
from ..core.training_seen import MadeFrom
from . import host
from .document import KritaDocument
from .studio import Studio


def layer_choice(document: KritaDocument, node: Node) -> LayerChoice:
    return LayerChoice(document, node.uniqueId().toString(), node.name())


def place_of(choice: LayerChoice) -> str:
    """Returns the identifier and the name of a layer, for the settings: only .kra files keep identifiers."""
    return f"{choice.layer} {choice.name}"


def translate_source(studio: Studio, found: Filter, made_from: MadeFrom) -> None:
    """Applies a training's filter to the layer that it was made from; the result is a new layer. Raises Problem."""
    document, node = _source_layer(made_from)
    studio.choose(found.id)
    studio.apply(found.id, [node], LAYER, document=document)


def _source_layer(made_from: MadeFrom) -> tuple[Document, Node]:
    """Finds the layer by its identifier in any open picture, else by its name, in a picture with a name that was sent
    or in the active one; else takes the active layer of a picture with such a name. A training that was begun
    elsewhere gives only the name of its picture or its layer. Raises Problem."""
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
        active_node = document.activeNode()
        if active_node is not None:
            return document, active_node
    raise Problem(
        _("The layer that this training was made from is not in an open picture."),
        _("Open its picture; or select another layer, and apply the filter in the docker."),
    )
