"""The interfaces of GIMP, GTK and GLib are as the stubs say, by which the plug-in's code is checked."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.hosts.gimp.remote import Gimp
from tests.hosts.interfaces import ASKING, STUBS, promised

VERSIONS = {"Gtk": "3.0", "Gdk": "3.0", "GimpUi": "3.0"}


def test_gimp_has_all_that_the_stubs_promise(console: Gimp) -> None:
    script = Path(shutil.copy(ASKING, console.profile.home))
    namespaces = sorted(stub.stem for stub in (STUBS / "gi/repository").glob("[A-Z]*.pyi"))
    modules = ("gi", *(f"gi.repository.{namespace}" for namespace in namespaces))
    assert console.missing(script=console.inside(script), promised=promised(*modules), versions=VERSIONS) == []
