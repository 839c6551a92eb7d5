"""Layers that show other pixels than their own, each alone in a picture, so that the picture is what it shows."""

from __future__ import annotations

from typing import Any

from .built import Builder
from .lab import Lab, Steps, text
from .shown_kinds import HEIGHT, KINDS, WIDTH, Build


def shown(lab: Lab) -> Steps:
    """Every kind, translated by identity."""
    results: dict[str, Any] = {}
    document = yield from _empty(lab)
    for name, choice, build in KINDS:
        results[name] = yield from _one(lab, document, choice, build)
    return results


def shown_in_other_spaces(lab: Lab) -> Steps:
    results: dict[str, Any] = {}
    for model, depth, profile in (
        ("RGBA", "U16", "sRGB-elle-V2-g10.icc"),
        ("RGBA", "F32", "sRGB-elle-V2-g10.icc"),
        ("GRAYA", "U8", "Gray-D50-elle-V2-srgbtrc.icc"),
    ):
        document = yield from _empty(lab, model, depth, profile)
        for name, choice, build in KINDS[:2]:
            results[f"{name}, {model} {depth}"] = yield from _one(lab, document, choice, build)
        yield from lab.tidy()
    return results


def frames(lab: Lab) -> Steps:
    """An animated layer with one square in its first frame and another in its fifth."""
    document = yield from _empty(lab)
    builder = Builder(document)
    node = builder.paint("animated", (4, 4, 8, 8))
    yield from lab.activate(document, node)
    lab.trigger(document, "add_blank_frame")
    results: dict[str, Any] = {}
    for frame, place in ((4, (20, 12, 6, 6)), (0, None)):
        document.setCurrentTime(frame)
        yield from lab.rest(0.3)
        if place:
            lab.trigger(document, "add_blank_frame")
            lab.put(node, builder.opaque() * (place[2] * place[3]), *place)
        lab.use(source="layer")
        yield from lab.activate(document, node)
        yield from lab.apply("identity")
        results[str(frame)] = lab.seen(lab.made(document))["area"]
    return results


def _empty(lab: Lab, *space: str) -> Steps:
    document = yield from lab.document(WIDTH, HEIGHT, *space)
    document.topLevelNodes()[0].remove()
    return document


def _one(lab: Lab, document: Any, choice: str, build: Build) -> Steps:
    """A hidden layer is seen afterwards, since Krita does not compute hidden ones."""
    node = build(Builder(document))
    yield from lab.rest(0.3)
    lab.use(source=choice)
    lab.take_messages()
    yield from lab.activate(document, node)
    run = yield from lab.apply("identity")
    result: dict[str, Any] = {"messages": lab.take_messages()}
    if run is not None and run.made:
        made = lab.made(document)
        result["made"] = lab.seen(made)
        made.setVisible(False)
        _show_fully(node)
        document.refreshProjection()
        document.waitForDone()
        result["alone"] = _picture(document)
    for one in document.topLevelNodes():
        one.remove()
    yield from lab.rest(0.1)
    return result


def _show_fully(node: Any) -> None:
    node.setInheritAlpha(False)
    node.setOpacity(255)
    node.setBlendingMode("normal")
    node.setVisible(True)


def _picture(document: Any) -> str:
    return text(bytes(document.rootNode().projectionPixelData(0, 0, WIDTH, HEIGHT)))
