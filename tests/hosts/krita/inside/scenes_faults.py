"""What goes wrong or is cancelled."""

from __future__ import annotations

import os
import signal
import time

from .lab import Lab, Steps


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


def no_document(lab: Lab) -> Steps:
    lab.take_messages()
    lab.studio.choose("identity")
    yield
    lab.press("apply")
    return lab.take_messages()


def cancelled_late(lab: Lab) -> Steps:
    """Cancels as soon as the new layer is in the picture, as a click does that waited while Krita drew."""
    document = yield from lab.document(2048, 2048)
    yield from lab.show_docker()
    lab.studio.choose("identity")
    yield from lab.until(lambda: lab.studio.session.find("identity"), "filter identity")
    lab.press("apply")
    yield from lab.until(lambda: len(lab.names(document)) == 2, "layer added")
    lab.studio.cancel()
    document.setActiveNode(document.topLevelNodes()[-1])
    yield from lab.until(lambda: "Made with “Identity”" in lab.labels(), "origin of the result")
    return {"said": lab.studio.run.describe(), "made": len(lab.studio.run.made)}


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


def leaves_during_a_job(lab: Lab) -> Steps:
    """The last one: Krita is quit while the server computes."""
    yield from lab.document(1024, 1024)
    yield from lab.begin("slow")
    return True
