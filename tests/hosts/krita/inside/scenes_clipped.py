"""Layers that inherit alpha: they show only where the layers below them in their group do."""

from __future__ import annotations

from typing import Any

from .built import Builder
from .lab import Lab, Steps, text
from .untyped import QPushButton

WIDTH, HEIGHT = 48, 32


def clipped(lab: Lab) -> Steps:
    document = yield from lab.document(WIDTH, HEIGHT)
    yield from lab.show_docker()
    builder = Builder(document)
    group = builder.group("figure")
    base = builder.paint("base", (8, 8, 12, 12), group)
    shade = builder.paint("shade", (0, 0, WIDTH, HEIGHT), group)
    light = builder.group("light", group)
    builder.paint("glow", (0, 0, WIDTH, HEIGHT), light)
    soft = builder.group("soft", group, passes=True)
    for number in range(2):
        inner = builder.group("inner", soft, passes=True)
        builder.paint("spot", (8 * number, 4, 12, 20), inner).setInheritAlpha(True)
    stars = builder.group("stars", group, passes=True)
    stars.setInheritAlpha(True)
    builder.paint("star", (0, 0, 12, 12), stars)
    shade.setInheritAlpha(True)
    light.setInheritAlpha(True)
    document.refreshProjection()
    yield from lab.rest(0.3)
    results: dict[str, Any] = {}
    for node in (shade, light, soft, stars, base):
        results[node.name()] = yield from _one(lab, document, node)
    results["again"] = yield from _again(lab, document, shade)
    results["from the history"] = yield from _from_the_history(lab, document, shade)
    return results


def _one(lab: Lab, document: Any, node: Any) -> Steps:
    """Identity, which leaves the picture as it is."""
    yield from lab.activate(document, node)
    lab.use(source="layer", opacity=100, keep_luminance=False)
    before, steps = _picture(document), lab.undo_steps()
    yield from lab.apply("identity")
    document.waitForDone()
    made = lab.made(document)
    result = {**_seen(made), "same picture": _picture(document) == before, "steps": lab.undo_steps() - steps}
    made.remove()
    yield from lab.rest(0.2)
    return result


def _again(lab: Lab, document: Any, node: Any) -> Steps:
    """The second result goes over the first."""
    yield from lab.activate(document, node)
    before = _picture(document)
    yield from lab.apply("identity")
    first = lab.made(document)
    yield from lab.activate(document, first)
    yield from lab.until(lambda: lab.docker.findChild(QPushButton, "pleinair_again").isVisible(), "again is offered")
    lab.press("again")
    yield from lab.until(lambda: lab.studio.run.ended, "end of the run")
    document.waitForDone()
    second = lab.made(document)
    result = {**_seen(second), "same picture": _picture(document) == before}
    first.remove()
    second.remove()
    yield from lab.rest(0.2)
    return result


def _from_the_history(lab: Lab, document: Any, node: Any) -> Steps:
    yield from lab.activate(document, node)
    before = _picture(document)
    lab.studio.insert_again(lab.studio.history.entries[0])
    yield from lab.until(lambda: lab.studio.results.nodes, "inserted")
    document.waitForDone()
    return {**_seen(lab.studio.results.nodes[0]), "same picture": _picture(document) == before}


def _seen(made: Any) -> dict[str, Any]:
    return {"parent": made.parentNode().name(), "inherits": made.inheritAlpha(), "mode": made.blendingMode()}


def _picture(document: Any) -> str:
    return text(bytes(document.rootNode().projectionPixelData(0, 0, WIDTH, HEIGHT)))
