"""Layers, selections and whole batches go through a filter."""

from __future__ import annotations

from typing import Any

from .lab import Lab, Steps, text
from .made import GREY, HEIGHT, LINEAR, SPACES, SRGB, WIDE, WIDTH, samples
from .untyped import QPushButton


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


def refused_model(lab: Lab) -> Steps:
    yield from lab.document(8, 8, "CMYKA", "U8")
    yield from lab.apply("identity")
    return lab.message()


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


def again(lab: Lab) -> Steps:
    """A result is saved and opened again; its source has changed by then, and is gone at last."""
    document = yield from lab.document(WIDTH, HEIGHT)
    source = lab.layer(document, "source", bytes([10, 20, 30, 255]) * (WIDTH * HEIGHT), 0, 0, WIDTH, HEIGHT)
    yield from lab.activate(document, source)
    yield from lab.apply("inverting")
    path = f"{lab.orders['results']}/again.kra"
    document.saveAs(path)
    yield from lab.tidy()
    document = lab.krita.openDocument(path)
    document.setBatchmode(True)
    lab.krita.activeWindow().addView(document)
    yield from lab.until(lambda: lab.krita.activeDocument() == document and document.activeNode(), "opened again")
    yield from lab.show_docker()
    yield from lab.connected()
    source, made = document.nodeByName("source"), document.topLevelNodes()[-1]
    yield from lab.activate(document, source)
    button = lab.docker.findChild(QPushButton, "pleinair_again")
    yield from lab.until(lambda: not button.isVisible(), "no origin of a layer that was painted")
    yield from lab.activate(document, made)
    yield from lab.until(lambda: button.isVisible() and button.isEnabled(), "origin of the result")
    labels = lab.labels()
    yield from lab.screenshot("krita-again")
    lab.put(source, bytes([50, 60, 70, 255]) * (WIDTH * HEIGHT), 0, 0, WIDTH, HEIGHT)
    lab.studio.choose("identity")
    button.click()
    yield from lab.until(lambda: lab.studio.run.ended, "translated again")
    result = {
        "labels": labels,
        "names": lab.names(document),
        "pixel": list(lab.raw(lab.made(document), 0, 0, 1, 1)),
        "on top": document.topLevelNodes()[-1].uniqueId() == lab.studio.run.made[-1],
    }
    source.remove()
    yield from lab.activate(document, made)
    lab.take_messages()
    yield from lab.until(button.isVisible, "origin of the result")
    button.click()
    result["without source"] = lab.take_messages()
    lab.use(source="picture")
    yield from lab.apply("inverting")
    yield from lab.activate(document, lab.made(document))
    yield from lab.until(lambda: "Made with “Inverting”" in lab.labels() and not button.isVisible(), "no Again")
    return {**result, "offered for the picture": button.isVisible()}
