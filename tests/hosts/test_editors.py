"""The harness itself: what it starts is on a screen of its own and leaves nothing behind."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from PIL import Image

from tests.hosts.editors import Editors, NoEditors, Profile
from tests.hosts.processes import marked
from tests.hosts.screen import open_screen


def test_program_sees_a_home_of_its_own(editors: Editors, profile: Profile) -> None:
    done = editors.run(["sh", "-c", "touch $HOME/seen; echo $GIMP3_DIRECTORY"], profile)
    assert (profile.home / "seen").exists()
    assert done.stdout.strip() == editors.inside(profile.home / "gimp")


def test_two_screens_are_apart(editors: Editors, profile: Profile, tmp_path: Path) -> None:
    with (
        open_screen(editors, profile, size=(320, 200)) as first,
        open_screen(editors, profile, size=(640, 400)) as second,
    ):
        assert size_of(first.screenshot(tmp_path / "first.png")) == (320, 200)
        assert size_of(second.screenshot(tmp_path / "second.png")) == (640, 400)


def test_late_program_is_ended_with_its_children(editors: Editors, profile: Profile) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        editors.run(["sh", "-c", "sleep 600 & sleep 600"], profile, timeout=0.5)
    assert marked(profile.mark) == []


def test_profile_ends_what_left_its_group(editors: Editors) -> None:
    with editors.profile() as profile:
        editors.run(["sh", "-c", "setsid sleep 600 >/dev/null 2>&1 &"], profile)
        assert len(marked(profile.mark)) == 1
    assert marked(profile.mark) == []
    assert not profile.home.exists()


def test_folder_without_editors_is_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLEINAIR_EDITORS", str(tmp_path / "root"))
    with pytest.raises(NoEditors, match=r"run .*\.ci/editors|run the tests as root"):
        Editors.find()


def size_of(picture: Path) -> tuple[int, int]:
    with Image.open(picture) as opened:
        return opened.size
