"""Krita's interfaces are as the stubs say, by which the plug-in's code is checked."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.hosts.editors import Editors, Profile
from tests.hosts.interfaces import ASKING, promised
from tests.hosts.krita.playing import install_driver, play
from tests.processes import ServerProcess

MODULES = ("krita", "PyQt5.QtCore", "PyQt5.QtGui", "PyQt5.QtWidgets")


def test_krita_has_all_that_the_stubs_promise(
    editors: Editors, profile: Profile, krita_zip: Path, server: ServerProcess, artifacts: Path
) -> None:
    editors.install_krita(krita_zip, profile)
    install_driver(profile)
    script = Path(shutil.copy(ASKING, profile.home))
    played = play(
        editors,
        profile,
        ["interfaces"],
        server=server,
        artifacts=artifacts,
        script=editors.inside(script),
        promised=promised(*MODULES),
    )
    assert played["interfaces"] == []
