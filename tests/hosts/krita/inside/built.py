"""Layers of every kind, made in few words."""

from __future__ import annotations

import random
import re
from typing import Any

from .untyped import InfoObject, Krita, QByteArray, QColor, Selection

Place = tuple[int, int, int, int]

_SHADOW = """<!DOCTYPE asl><asl><node classId="null" type="Descriptor" name="">
<node key="masterFXSwitch" type="Boolean" value="1"/>
<node key="DrSh" classId="DrSh" type="Descriptor" name="">
<node key="enab" type="Boolean" value="1"/><node key="Md  " type="Enum" typeId="BlnM" value="Nrml"/>
<node key="Clr " type="Descriptor" classId="RGBC" name=""><node key="Rd  " type="Double" value="9"/>
<node key="Grn " type="Double" value="90"/><node key="Bl  " type="Double" value="200"/></node>
<node key="Opct" type="UnitFloat" unit="#Prc" value="100"/><node key="uglg" type="Boolean" value="0"/>
<node key="lagl" type="UnitFloat" unit="#Ang" value="120"/><node key="Dstn" type="UnitFloat" unit="#Pxl" value="6"/>
<node key="Ckmt" type="UnitFloat" unit="#Pxl" value="0"/><node key="blur" type="UnitFloat" unit="#Pxl" value="2"/>
</node></node></asl>"""
_CENTER = re.compile("<transformedCenter [^>]*>")


class Builder:
    """Adds layers to a document, each above the others of its parent."""

    def __init__(self, document: Any) -> None:
        self.document = document
        self._chance = random.Random(7)

    def add(self, node: Any, parent: Any = None) -> Any:
        (parent or self.document.rootNode()).addChildNode(node, None)
        self.document.waitForDone()
        return node

    def paint(self, name: str, place: Place, parent: Any = None, *, hidden: bool = False) -> Any:
        """A layer of one random opaque colour."""
        node = self.document.createNode(name, "paintlayer")
        if hidden:
            node.setVisible(False)
        node.setPixelData(QByteArray(self.opaque() * (place[2] * place[3])), *place)
        return self.add(node, parent)

    def opaque(self) -> bytes:
        """A pixel in the document's colour space."""
        depth, channels = self.document.colorDepth(), 4 if self.document.colorModel() == "RGBA" else 2
        full = {"U8": b"\xff", "U16": b"\xff\xff", "F32": b"\x00\x00\x80\x3f"}[depth]
        sample = {"U8": 1, "U16": 2}.get(depth)
        colour = self._chance.randbytes(sample * (channels - 1)) if sample else b"\x00\x00\x00\x3f" * (channels - 1)
        return colour + full

    def group(self, name: str, parent: Any = None, *, passes: bool = False) -> Any:
        group = self.add(self.document.createGroupLayer(name), parent)
        group.setPassThroughMode(passes)
        return group

    def blurred(self, node: Any) -> Any:
        """The node, with a mask that blurs it."""
        blur = Krita.instance().filter("gaussian blur")
        settings = blur.configuration()
        settings.setProperty("horizRadius", 3)
        settings.setProperty("vertRadius", 3)
        blur.setConfiguration(settings)
        return self._with(node, self.document.createFilterMask("blur", blur, node))

    def moved(self, node: Any, right: int, down: int) -> Any:
        """The node, with a mask that moves it."""
        mask = self.document.createTransformMask("move")
        self._with(node, mask)
        there = f'<transformedCenter type="pointf" x="{right}" y="{down}"/>'
        assert mask.fromXML(_CENTER.sub(there, mask.toXML()))
        return node

    def masked(self, node: Any, shown: Place) -> Any:
        """The node, with a mask that leaves one place."""
        mask = self.document.createTransparencyMask("mask")
        self._with(node, mask)
        selection = Selection()
        selection.select(*shown, 255)
        mask.setSelection(selection)
        return node

    def styled(self, node: Any) -> Any:
        """The node, with a drop shadow."""
        node.setLayerStyleFromAsl(_SHADOW)
        assert node.layerStyleToAsl()
        return node

    def fill(self, name: str, place: Place) -> Any:
        """A fill layer, not yet added, within a selection."""
        colour, selection = InfoObject(), Selection()
        colour.setProperty("color", QColor(200, 100, 50))
        selection.select(*place, 255)
        return self.document.createFillLayer(name, "color", colour, selection)

    def filter_layer(self, name: str, filter_name: str) -> Any:
        return self.document.createFilterLayer(name, Krita.instance().filter(filter_name), Selection())

    def _with(self, node: Any, mask: Any) -> Any:
        node.addChildNode(mask, None)
        self.document.waitForDone()
        return node
