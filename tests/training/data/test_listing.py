from __future__ import annotations

from pathlib import Path

import pytest
from pleinair.common.hidden import others_text

from tests.training.factories import gradient
from training.data.listing import list_pictures
from training.errors import InputError


def put(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        gradient().save(folder / name, "PNG")
    return folder


def names(folder: Path) -> list[str]:
    return [file.relative_to(folder).as_posix() for file in list_pictures(folder).files]


HIDDEN = [".hidden.png", "._a.jpg", ".thumbnails/t.png", "deep/.git/x.png", ".ipynb_checkpoints/y.png", "@eaDir/x.jpg"]
HIDDEN += ["__MACOSX/a.png", "#recycle/b.png", "$RECYCLE.BIN/c.png", "@Recycle/d.png", "a.png~", "lost+found/e.png"]


@pytest.mark.parametrize("name", HIDDEN)
def test_what_is_hidden_or_a_systems_own_is_left_out_and_counted(tmp_path: Path, name: str) -> None:
    put(tmp_path, "a.png", "deep/b.png", name)
    assert names(tmp_path) == ["a.png", "deep/b.png"]
    assert list_pictures(tmp_path).hidden == 1


def test_a_hidden_folder_that_is_named_itself_is_read(tmp_path: Path) -> None:
    folder = put(tmp_path / ".pictures" / "@eaDir", "a.png")
    assert names(folder) == ["a.png"]


def test_hidden_files_that_are_no_pictures_are_not_counted(tmp_path: Path) -> None:
    put(tmp_path, "a.png", ".DS_Store", "Thumbs.db", "desktop.ini", ".git/config")
    assert (list_pictures(tmp_path).hidden, dict(list_pictures(tmp_path).others)) == (0, {})


READ = ["a.jfif", "b.jpe", "c.JPG", "d.Jpeg", "e.mpo", "f.avif", "g.webp", "h.tif", "i.TIFF", "j.bmp", "k.gif"]
READ += ["l.ppm", "m.pgm", "n.pbm", "o.pnm", "p.apng"]


def test_files_of_every_kind_that_is_read_are_found_in_any_case(tmp_path: Path) -> None:
    assert names(put(tmp_path, *READ)) == READ


def test_other_files_are_counted_by_suffix(tmp_path: Path) -> None:
    put(tmp_path, "a.png", "a.psd", "b/a.PSD", "c.exr", "notes")
    others = list_pictures(tmp_path).others
    assert dict(others) == {".psd": 2, ".exr": 1, "": 1}
    assert others_text(others) == "4 files of kinds that are not read: 2 .psd, 1 without a suffix, 1 .exr"


def test_a_folder_of_other_kinds_alone_is_refused_with_their_number(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no pictures \(but 1 file of kinds that are not read: 1 \.psd\); put"):
        list_pictures(put(tmp_path, "a.psd"))
