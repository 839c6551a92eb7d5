"""Krita and GIMP at once, on one server."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.hosts.editors import Editors, Profile
from tests.hosts.krita.playing import install_driver, play
from tests.processes import ServerProcess

# Inverts a layer again and again until a file says stop, and looks at every result.
GIMP_SCRIPT = """
import json, os
from gi.repository import Gegl, Gimp

home = os.environ["HOME"]
whole = Gegl.Rectangle.new(0, 0, 96, 64)
image = Gimp.Image.new(96, 64, Gimp.ImageBaseType.RGB)
source = Gimp.Layer.new(image, "source", 96, 64, Gimp.ImageType.RGBA_IMAGE, 100, Gimp.LayerMode.NORMAL)
image.insert_layer(source, None, 0)
buffer = source.get_buffer()
buffer.set(whole, "R'G'B'A u8", bytes([10, 20, 30, 255]) * (96 * 64))
buffer.flush()
procedure = Gimp.get_pdb().lookup_procedure("plug-in-pleinair-translate")
good, bad = 0, []
while not os.path.exists(home + "/stop"):
    config = procedure.create_config()
    config.set_property("run-mode", Gimp.RunMode.NONINTERACTIVE)
    config.set_property("image", image)
    config.set_core_object_array("drawables", [source])
    config.set_property("filter", "inverting")
    config.set_property("address", os.environ["SERVER"])
    result = procedure.run(config)
    made = image.get_layers()[0]
    pixels = made.get_buffer().get(whole, 1.0, "R'G'B'A u8", Gegl.AbyssPolicy.NONE)
    if result.index(0) == Gimp.PDBStatusType.SUCCESS and pixels == bytes([245, 235, 225, 255]) * (96 * 64):
        good += 1
        image.remove_layer(made)
        os.makedirs(home + "/good/" + str(good))
    else:
        bad.append(str(result.index(1)) if result.length() > 1 else "wrong pixels")
        break
with open(home + "/gimp.json", "w") as file:
    json.dump({"good": good, "bad": bad}, file)
"""


@pytest.fixture
def gimp_profile(editors: Editors) -> Iterator[Profile]:
    """GIMP's own, beside Krita's."""
    with editors.profile() as profile:
        yield profile


def test_cancelling_in_krita_leaves_gimps_work_alone(
    editors: Editors,
    profile: Profile,
    gimp_profile: Profile,
    krita_zip: Path,
    gimp_zip: Path,
    server: ServerProcess,
    artifacts: Path,
) -> None:
    editors.install_krita(krita_zip, profile)
    install_driver(profile)
    editors.install_gimp(gimp_zip, gimp_profile)
    with ThreadPoolExecutor(1) as beside:
        gimp = beside.submit(translate_until_stopped, editors, gimp_profile, server)
        try:
            wait_for_another(gimp, gimp_profile)  # each editor starts in its own time
            krita = play(editors, profile, ["connects", "cancelled"], server=server, artifacts=artifacts)
            wait_for_another(gimp, gimp_profile)
        finally:
            (gimp_profile.home / "stop").touch()
        said = gimp.result()

    assert krita["cancelled"]["next"] == "done"
    told = gimp_profile.home / "gimp.json"
    assert told.exists(), said
    outcome = json.loads(told.read_text())
    assert outcome["bad"] == []
    assert outcome["good"] > 1


def wait_for_another(gimp: Future[str], profile: Profile) -> None:
    """Until GIMP has translated once more, or has ended."""
    done = profile.home / "good"
    before, end = translated(done), time.monotonic() + 120
    while translated(done) == before and not gimp.done() and time.monotonic() < end:
        time.sleep(0.05)


def translated(done: Path) -> int:
    return len(list(done.iterdir())) if done.is_dir() else 0


def translate_until_stopped(editors: Editors, profile: Profile, server: ServerProcess) -> str:
    """What GIMP printed."""
    script = profile.home / "script.py"
    script.write_text(GIMP_SCRIPT)
    command = ["gimp-console", "--no-interface", "--new-instance", "--no-data", "--no-fonts", "--quit"]
    batch = ["--batch-interpreter=python-fu-eval", "-b", f'exec(open("{editors.inside(script)}").read())']
    return editors.run([*command, *batch], profile, env={"SERVER": server.address}, timeout=280).stdout
