"""The procedure as scripts call it, by name and with named arguments."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from tests.hosts.editors import Editors, Profile
from tests.hosts.gimp.remote import running
from tests.processes import ServerProcess

SCRIPT_FU = """
(let* ((image (car (gimp-file-load RUN-NONINTERACTIVE "{before}")))
       (layers (car (gimp-image-get-layers image))))
  (plug-in-pleinair-translate #:run-mode RUN-NONINTERACTIVE #:image image #:drawables layers
                              #:filter "inverting" #:opacity 100 #:address "{address}")
  (gimp-image-flatten image)
  (file-png-export #:run-mode RUN-NONINTERACTIVE #:image image #:file "{after}"))
"""


def test_script_fu_calls_it_with_named_arguments(
    editors: Editors, gimp_zip: Path, profile: Profile, server: ServerProcess
) -> None:
    editors.install_gimp(gimp_zip, profile)
    colours = np.random.default_rng(1).integers(0, 255, (40, 60, 3), np.uint8)
    before, after = profile.home / "before.png", profile.home / "after.png"
    Image.fromarray(colours).save(before)
    batch = SCRIPT_FU.format(before=editors.inside(before), after=editors.inside(after), address=server.address)
    command = ["gimp-console", "-i", "--new-instance", "--no-data", "--no-fonts", "--quit"]
    done = editors.run([*command, "--batch-interpreter=plug-in-script-fu-eval", "-b", batch], profile, timeout=180)
    assert after.exists(), done.stdout[-3000:]
    np.testing.assert_array_equal(np.asarray(Image.open(after).convert("RGB")), 255 - colours)


def test_sentences_come_in_the_artists_language(editors: Editors, gimp_zip: Path, profile: Profile) -> None:
    editors.install_gimp(gimp_zip, profile)
    with running(editors, profile, language="de") as gimp:
        image = gimp.new_image(width=8, height=8, precision="U8_NON_LINEAR", base="RGB")
        layer = gimp.new_layer(image=image, name="l", size=[8, 8], place=[0, 0], alpha=True)
        _, said = gimp.translate(image=image, drawables=[layer], filter="")
        assert said.startswith("Es ist kein Filter")
