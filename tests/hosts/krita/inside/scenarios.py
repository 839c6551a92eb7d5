"""What is played inside Krita. Each gives what the tests outside compare."""

from __future__ import annotations

import os
import random
import signal
import struct
import time
from typing import Any

from krita import InfoObject, Krita, Selection
from PyQt5.QtCore import QTimer

from .lab import Lab, Steps, text

WIDTH, HEIGHT = 37, 23
SRGB, LINEAR, GREY = "sRGB-elle-V2-srgbtrc.icc", "sRGB-elle-V2-g10.icc", "Gray-D50-elle-V2-srgbtrc.icc"
WIDE = "ClayRGB-elle-V2-g22.icc"
SPACES = [
    *(("RGBA", depth, profile) for depth in ("U8", "U16", "F16", "F32") for profile in (SRGB, LINEAR, WIDE)),
    *(("GRAYA", depth, GREY) for depth in ("U8", "U16", "F16", "F32")),
    ("GRAYA", "U16", "Gray-D50-elle-V2-g10.icc"),
    ("GRAYA", "U8", "Gray-D50-elle-V2-g22.icc"),
]
_RANGE = {"U8": ("B", 255), "U16": ("H", 65535), "F16": ("e", 1.0), "F32": ("f", 1.0)}


def samples(model: str, depth: str, count: int, low: float = 0.0, high: float = 1.0) -> bytes:
    """Random colours; alpha 0, half and full take turns."""
    code, full = _RANGE[depth]
    chance = random.Random(7)
    channels = 4 if model == "RGBA" else 2
    values: list[float] = []
    for number in range(count):
        values += [chance.uniform(low, high) * full for _ in range(channels - 1)]
        values.append((0, 0.5, 1, 1)[number % 4] * full)
    exact = values if code in "ef" else [round(value) for value in values]
    return struct.pack(f"<{len(exact)}{code}", *exact)


def connects(lab: Lab) -> Steps:
    yield from lab.document(16, 16)
    yield from lab.show_docker()
    yield from lab.connected()
    return {"labels": lab.labels(), "filters": [one.id for one in lab.studio.session.filters]}


def every_space(lab: Lab) -> Steps:
    """Identity in each colour space, and inversion where numbers are easily told."""
    results: dict[str, Any] = {}
    for model, depth, profile in SPACES:
        wide = profile == WIDE  # from the middle, so that nothing lies outside sRGB
        pixels = samples(model, depth, WIDTH * HEIGHT, *((0.47, 0.57) if wide else (0.0, 1.0)))
        document = yield from lab.document(WIDTH, HEIGHT, model, depth, profile)
        source = lab.layer(document, "source", pixels, 0, 0, WIDTH, HEIGHT)
        yield from lab.activate(document, source)
        result: dict[str, Any] = {"source": lab.seen(source)}
        for name in ("identity", "inverting") if profile in (SRGB, GREY) else ("identity",):
            run = yield from lab.apply(name)
            result[name] = lab.seen(lab.made(document)) if run and run.made else None
            yield from lab.activate(document, source)
        result["source after"] = lab.seen(source)
        results[" ".join((model, depth, profile))] = result
        yield from lab.tidy()
    return results


def layer_in_another_space(lab: Lab) -> Steps:
    """An 8-bit layer in a 16-bit linear picture."""
    document = yield from lab.document(WIDTH, HEIGHT, "RGBA", "U16", LINEAR)
    source = document.createNode("source", "paintlayer")
    source.setColorSpace("RGBA", "U8", SRGB)
    lab.put(source, samples("RGBA", "U8", WIDTH * HEIGHT), 0, 0, WIDTH, HEIGHT)
    document.rootNode().addChildNode(source, None)
    yield from lab.activate(document, source)
    before = lab.undo_steps()
    yield from lab.apply("identity")
    return {
        "source": lab.seen(source),
        "made": lab.seen(lab.made(document)),
        "steps": lab.undo_steps() - before,
    }


def undo(lab: Lab) -> Steps:
    document = yield from lab.document(WIDTH, HEIGHT)
    source = lab.layer(document, "source", samples("RGBA", "U8", WIDTH * HEIGHT), 0, 0, WIDTH, HEIGHT)
    top = lab.layer(document, "top", samples("RGBA", "U8", 4), 0, 0, 2, 2)
    yield from lab.activate(document, source)
    lab.use(keep_luminance=True, opacity=40)
    before, names = lab.undo_steps(), lab.names(document)
    yield from lab.apply("inverting")
    made = lab.seen(lab.made(document))
    look = (lab.made(document).opacity(), lab.made(document).blendingMode())
    result = {"names": names, "after": lab.names(document), "steps": lab.undo_steps() - before, "look": look}
    yield from lab.until(lambda: document.activeNode().name() == "source", "source active again")
    lab.trigger(document, "edit_undo")
    yield
    result["undone"] = lab.names(document)
    result["source"] = lab.seen(source)
    lab.trigger(document, "edit_redo")
    yield
    result["redone"] = lab.names(document)
    result["same again"] = lab.seen(lab.made(document)) == made
    result["top"] = top.name()
    return result


def soft_selection(lab: Lab) -> Steps:
    """Selected from left (not) to right (wholly), reaching over the layer's edge; the layer begins at 5, 3."""
    results: dict[str, Any] = {}
    for depth in ("U8", "U16", "F16", "F32"):
        document = yield from lab.document(64, 48, "RGBA", depth, SRGB)
        source = lab.layer(document, "source", samples("RGBA", depth, WIDTH * HEIGHT), 5, 3, WIDTH, HEIGHT)
        yield from lab.activate(document, source)
        selected = bytes([min(255, 12 * x) for x in range(30)] * 20)
        lab.select(document, selected, 20, 10, 30, 20)
        yield from lab.apply("identity")
        made = lab.made(document)
        area = (21, 10, 5 + WIDTH - 21, 3 + HEIGHT - 10)
        results[depth] = {
            "source": text(lab.raw(source, *area)),
            "made": text(lab.raw(made, *area)),
            "bounds": lab.seen(made)["area"],
            "selected": text(b"".join(selected[row * 30 + 1 : row * 30 + 1 + area[2]] for row in range(area[3]))),
            "width": area[2],
        }
        yield from lab.tidy()
    document = yield from lab.document(64, 48)
    lab.layer(document, "source", samples("RGBA", "U8", 16), 5, 3, 4, 4)
    yield from lab.activate(document, document.topLevelNodes()[-1])
    lab.select(document, bytes([255] * 16), 40, 30, 4, 4)
    lab.take_messages()
    yield from lab.apply("identity")
    results["beside"] = lab.take_messages()
    return results


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


def refused_model(lab: Lab) -> Steps:
    yield from lab.document(8, 8, "CMYKA", "U8")
    yield from lab.apply("identity")
    return lab.message()


def cancelled(lab: Lab) -> Steps:
    """A long one is cancelled; then a short one runs at once."""
    document = yield from lab.document(1024, 1024)
    source = lab.layer(document, "source", bytes([9, 8, 7, 255]) * (1024 * 1024), 0, 0, 1024, 1024)
    yield from lab.activate(document, source)
    names, steps = lab.names(document), lab.undo_steps()
    yield from lab.show_docker()
    yield from lab.begin("slow")
    yield from lab.screenshot("krita-running")
    lab.press("cancel")
    ended = lab.studio.run.ended
    said = lab.studio.run.describe()
    begun = time.monotonic()
    run = yield from lab.apply("identity")
    return {
        "ended at once": ended,
        "said": said,
        "names": names,
        "next": run.state,
        "next took": time.monotonic() - begun,
        "steps": lab.undo_steps() - steps,
    }


def batch(lab: Lab) -> Steps:
    document = yield from lab.document(16, 16)
    nodes = [
        lab.layer(document, f"layer {number}", bytes([number, 2, 3, 255]) * 256, 0, 0, 16, 16) for number in (1, 2, 3)
    ]
    yield from lab.activate(document, nodes[0])
    lab.krita.action("select_all_layers").trigger()
    yield from lab.until(lambda: len(lab.krita.activeWindow().activeView().selectedNodes()) == 4, "all selected")
    before = lab.undo_steps()
    run = yield from lab.apply("identity")
    return {
        "names": lab.names(document),
        "state": run.state,
        "said": run.describe(),
        "steps": lab.undo_steps() - before,
    }


def repeat_last(lab: Lab) -> Steps:
    document = yield from lab.document(16, 16)
    yield from lab.apply("inverting")
    lab.studio.choose("identity")
    yield from lab.until(lambda: document.activeNode().name() != lab.made(document).name(), "source active again")
    first = lab.studio.run
    action = lab.krita.action("pleinair_repeat")
    action.trigger()
    yield from lab.until(lambda: lab.studio.run is not first and lab.studio.run.ended, "repeated")
    keys = {sequence.toString() for sequence in action.shortcuts()}
    others = [
        other.objectName()
        for other in lab.krita.actions()
        if other is not action and keys & {sequence.toString() for sequence in other.shortcuts()}
    ]
    return {"names": lab.names(document), "keys": sorted(keys), "others": [x for x in others if x != "pleinair_repeat"]}


def strength_afterwards(lab: Lab) -> Steps:
    document = yield from lab.document(16, 16)
    yield from lab.apply("inverting")
    run = lab.studio.run
    lab.studio.restyle(50, True)
    made = lab.made(document)
    return {"opacity": made.opacity(), "mode": made.blendingMode(), "same run": lab.studio.run is run}


def history(lab: Lab) -> Steps:
    document = yield from lab.document(WIDTH, HEIGHT)
    source = lab.layer(document, "source", samples("RGBA", "U8", WIDTH * HEIGHT), 3, 4, WIDTH, HEIGHT)
    yield from lab.activate(document, source)
    yield from lab.apply("inverting")
    first = lab.seen(lab.made(document))
    lab.made(document).remove()
    document.waitForDone()
    steps = lab.undo_steps()
    lab.studio.insert_again(lab.studio.history.entries[0])
    yield from lab.until(lambda: len(lab.names(document)) == 3, "inserted again")
    again = document.nodeByName(first["name"])
    return {"same": lab.seen(again) == first, "steps": lab.undo_steps() - steps}


def no_document(lab: Lab) -> Steps:
    lab.take_messages()
    lab.studio.choose("identity")
    yield
    lab.press("apply")
    return lab.take_messages()


def closed_during_a_job(lab: Lab) -> Steps:
    document = yield from lab.document(1024, 1024)
    yield from lab.begin("slow")
    run = lab.studio.run
    document.setModified(False)
    lab.krita.action("file_close").trigger()
    yield from lab.until(lambda: run.ended, "run ended")
    said = lab.take_messages()
    yield from lab.document(16, 16)
    after = yield from lab.apply("identity")
    return {"state": run.state, "said": said, "next": after.state}


def server_killed(lab: Lab) -> Steps:
    """On a server of its own, which dies in the middle."""
    lab.use(address=lab.orders["own"]["address"])
    yield from lab.until(lambda: lab.studio.session.connection.kind == "connected", "connected to its own server")
    document = yield from lab.document(1024, 1024)
    source = lab.layer(document, "source", bytes([9, 8, 7, 255]) * (1024 * 1024), 0, 0, 1024, 1024)
    yield from lab.activate(document, source)
    names, steps = lab.names(document), lab.undo_steps()
    yield from lab.begin("slow")
    run = lab.studio.run
    os.kill(lab.orders["own"]["pid"], signal.SIGKILL)
    yield from lab.until(lambda: run.ended, "run ended")
    yield from lab.until(lambda: lab.studio.session.connection.kind == "failed", "lost server seen")
    yield from lab.show_docker()
    yield from lab.screenshot("krita-no-server")
    return {
        "state": run.state,
        "said": lab.message(),
        "same": names == lab.names(document) and steps == lab.undo_steps(),
        "connection": lab.labels(),
    }


def large(lab: Lab) -> Steps:
    """The longest time for which the interface did not answer, beside what Krita itself needs for an empty layer."""
    side = 4096
    document = yield from lab.document(side, side)
    source = document.topLevelNodes()[0]
    lab.put(source, os.urandom(4 * side) * side, 0, 0, side, side)
    document.refreshProjection()
    yield from lab.rest(2.0)
    gaps = Gaps(lab.docker)
    yield from lab.rest(1.0)
    idle = gaps.take()
    document.rootNode().addChildNode(document.createNode("empty", "paintlayer"), source)
    yield from lab.rest(1.0)
    own = gaps.take()
    yield from lab.activate(document, source)
    yield from lab.rest(1.0)
    gaps.take()
    lab.studio.choose("identity")
    lab.press("apply")
    run = lab.studio.run
    yield from lab.until(lambda: run.ended or run._job, "sent")
    reading = gaps.take()
    yield from lab.until(lambda: run.ended or run._job is None, "translated", 120)
    waiting = gaps.take()
    yield from lab.until(lambda: run.ended, "written", 60)
    yield from lab.rest(1.0)
    writing = gaps.take()
    same = lab.raw(source, 0, 0, side, side) == lab.raw(lab.made(document), 0, 0, side, side)
    return {
        "same": same,
        "gaps": {"idle": idle, "empty layer": own, "reading": reading, "waiting": waiting, "writing": writing},
        "said": run.describe(),
    }


class Gaps:
    """The longest time between two looks at the clock on the interface thread."""

    def __init__(self, parent: Any) -> None:
        self._last = time.monotonic()
        self._longest = 0.0
        self._timer = QTimer(parent)
        self._timer.setInterval(2)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def take(self) -> float:
        self._tick()
        longest, self._longest = self._longest, 0.0
        return round(longest, 3)

    def _tick(self) -> None:
        now = time.monotonic()
        self._longest = max(self._longest, now - self._last)
        self._last = now


def artist(lab: Lab) -> Steps:
    """A picture to look at: half of it seen through a filter, before Apply and after."""
    document = yield from lab.document(900, 600)
    source = document.topLevelNodes()[0]
    rows = [
        bytes(
            value
            for x in range(900)
            for value in (200 - y // 6, 90 + (x // 60 + y // 60) % 2 * 60 + y // 12, 60 + x * 180 // 900, 255)
        )
        for y in range(600)
    ]
    lab.put(source, b"".join(rows), 0, 0, 900, 600)
    document.refreshProjection()
    yield from lab.show_docker()
    lab.studio.choose("inverting")
    box = lab.docker._preview
    stale = box._view._preview
    box.look_again()
    yield from lab.until(lambda: box._view._preview not in (None, stale), "preview")
    yield from lab.screenshot("krita-preview")
    exact = box._view._preview.exact
    yield from lab.apply("inverting")
    yield from lab.rest(1.0)
    yield from lab.screenshot("krita-applied")
    return {"exact": exact}


def dialogs(lab: Lab) -> Steps:
    """Checks the set-up, looks at the settings, and tries to start a server without having named a Python."""
    yield from lab.document(16, 16)
    yield from lab.show_docker()
    check = yield from lab.choose_in_menu("Check set-up")
    verdict = check._verdict
    yield from lab.until(lambda: verdict.text() != "Checking…", "verdict")
    yield from lab.screenshot("krita-check")
    result = {"verdict": verdict.text(), "checks": check._list.count()}
    check.reject()
    yield
    settings = yield from lab.choose_in_menu("Settings")
    yield from lab.screenshot("krita-settings")
    settings.reject()
    yield
    server = yield from lab.choose_in_menu("Local server")
    server._start.click()
    yield from lab.screenshot("krita-local-server")
    result["server"] = server._state.text()
    server.accept()
    yield
    return result


def leaves_during_a_job(lab: Lab) -> Steps:
    """The last one: Krita is quit while the server computes."""
    yield from lab.document(1024, 1024)
    yield from lab.begin("slow")
    return True
