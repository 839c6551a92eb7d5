"""Every kind of layer that Krita has."""

from __future__ import annotations

from typing import Any

from .lab import Lab, Steps, text
from .made import SRGB
from .untyped import InfoObject, Krita, Selection


def kinds_of_layers(lab: Lab) -> Steps:
    """Each kind, in one picture of 32 x 24 in which every layer has one colour."""
    document = yield from lab.document(32, 24)
    root = document.rootNode()
    colours = iter(range(10, 250, 10))

    def paint(name: str, area: tuple[int, int, int, int], parent: Any = None) -> Any:
        shade = next(colours)
        node = document.createNode(name, "paintlayer")
        if area[2] * area[3]:
            lab.put(node, bytes([shade, shade + 1, shade + 2, 255]) * (area[2] * area[3]), *area)
        (parent or root).addChildNode(node, None)
        return node

    group = document.createGroupLayer("group")
    root.addChildNode(group, None)
    inner = paint("inner", (2, 2, 4, 4), group)
    locked = paint("locked", (0, 0, 8, 8))
    locked.setLocked(True)
    paint("empty", (0, 0, 0, 0))
    paint("away", (100, 100, 4, 4))
    paint("half away", (28, 20, 10, 10))
    paint("one pixel", (7, 7, 1, 1))
    masked = paint("masked", (0, 0, 8, 8))
    mask = document.createTransparencyMask("mask")
    masked.addChildNode(mask, None)
    selection = Selection()
    selection.select(0, 0, 4, 8, 255)
    mask.setSelection(selection)
    root.addChildNode(document.createCloneLayer("clone", inner), None)
    vector = document.createVectorLayer("vector")
    root.addChildNode(vector, None)
    vector.addShapesFromSvg(
        '<svg xmlns="http://www.w3.org/2000/svg" width="32" height="24" viewBox="0 0 32 24">'
        '<rect x="4" y="4" width="8" height="8" fill="#ff0000"/></svg>'
    )
    colour = InfoObject()
    root.addChildNode(document.createFillLayer("fill", "color", colour, Selection()), None)
    root.addChildNode(document.createFilterLayer("filter", Krita.instance().filter("invert"), Selection()), None)
    root.addChildNode(document.createFileLayer("file", _picture_file(lab), "None"), None)
    document.refreshProjection()
    document.waitForDone()
    yield from lab.until(lambda: document.nodeByName("file").bounds().width() == 6, "file layer loaded")
    yield from lab.until(lambda: document.nodeByName("vector").bounds().width() > 0, "vector drawn")
    results: dict[str, Any] = {}
    names = [node.name() for node in document.topLevelNodes()] + ["mask"]
    for name in names:
        if name != "Background":
            yield from _one_kind(lab, document, name, "layer", results)
    yield from _one_kind(lab, document, "masked", "layer-with-masks", results)
    yield from _one_kind(lab, document, "locked", "picture", results)
    return results


def _one_kind(lab: Lab, document: Any, name: str, choice: str, results: dict[str, Any]) -> Steps:
    node = document.nodeByName(name)
    yield from lab.activate(document, node)
    lab.use(source=choice)
    lab.take_messages()
    run = yield from lab.apply("identity")
    result: dict[str, Any] = {"messages": lab.take_messages()}
    if run is not None and run.made:
        made = lab.made(document)
        result["made"] = lab.seen(made)
        area = result["made"]["area"]
        result["projection"] = text(
            bytes((node if choice != "picture" else document.rootNode()).projectionPixelData(*area))
        )
        siblings = [one.uniqueId() for one in made.parentNode().childNodes()]
        result["above"] = siblings[siblings.index(made.uniqueId()) - 1] == node.uniqueId()
        made.remove()
        document.waitForDone()
    results[f"{name} ({choice})"] = result


def _picture_file(lab: Lab) -> str:
    path = f"{lab.orders['results']}/picture.png"
    small = lab.krita.createDocument(6, 6, "file", "RGBA", "U8", SRGB, 72.0)
    small.setBatchmode(True)
    lab.put(small.topLevelNodes()[0], bytes([1, 2, 3, 255] * 36), 0, 0, 6, 6)
    small.refreshProjection()
    small.exportImage(path, InfoObject())
    small.setModified(False)
    small.close()
    return path
