from pathlib import Path

import pytest

from server.client.files import PictureTask, UsageError, make_folders, plan


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files(*names: str) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(b"a picture")


def pairs(inputs: list[str], output: str) -> list[tuple[str, str]]:
    return [(task.source.as_posix(), task.target.as_posix()) for task in plan(inputs, output, overwrite=False)]


def refusal(inputs: list[str], output: str, *, overwrite: bool = False) -> str:
    with pytest.raises(UsageError) as caught:
        plan(inputs, output, overwrite=overwrite)
    return str(caught.value)


def test_one_file_goes_to_the_file_that_is_named() -> None:
    files("in.jpg")
    assert pairs(["in.jpg"], "out.png") == [("in.jpg", "out.png")]


def test_one_file_goes_into_a_folder_that_is_there_or_ends_with_a_slash() -> None:
    files("in.jpg")
    Path("there").mkdir()
    assert pairs(["in.jpg"], "there") == [("in.jpg", "there/in.png")]
    assert pairs(["in.jpg"], "new/") == [("in.jpg", "new/in.png")]


def test_several_files_keep_their_names_in_the_folder() -> None:
    files("b.webp", "a.jpg")
    assert pairs(["b.webp", "a.jpg"], "out") == [("b.webp", "out/b.png"), ("a.jpg", "out/a.png")]


def test_of_a_folder_the_pictures_directly_in_it_are_taken_in_order() -> None:
    files("in/b.PNG", "in/a.jpeg", "in/notes.txt", "in/deeper/c.png")
    assert pairs(["in"], "out") == [("in/a.jpeg", "out/a.png"), ("in/b.PNG", "out/b.png")]


def test_a_glob_pattern_takes_what_it_matches(tmp_path: Path) -> None:
    files("in/a1.png", "in/a2.png", "in/b.png")
    assert [target for _, target in pairs([f"{tmp_path}/in/a*.png"], "out")] == ["out/a1.png", "out/a2.png"]


def test_a_file_whose_name_looks_like_a_pattern_is_a_file() -> None:
    files("a[1].png")
    assert pairs(["a[1].png"], "out.png") == [("a[1].png", "out.png")]


def test_a_file_named_twice_is_translated_once() -> None:
    files("in/a.png", "in/b.png")
    assert len(pairs(["in/a.png", "in"], "out")) == 2


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("missing.png", "There is no file or folder missing.png; check the name."),
        ("empty", "The folder empty holds no pictures (.png, .jpg, .jpeg, .webp)."),
        ("*.png", "No file matches *.png."),
    ],
)
def test_an_input_that_names_no_picture_is_refused(name: str, sentence: str) -> None:
    Path("empty").mkdir()
    assert refusal([name], "out/") == sentence


def test_a_result_that_is_not_png_is_refused_with_the_name_to_write() -> None:
    files("in.png")
    assert refusal(["in.png"], "out.jpg").startswith("Results are PNG files, which lose nothing: write -o out.png")


def test_a_result_without_an_ending_is_refused_as_unclear() -> None:
    files("in.png")
    assert refusal(["in.png"], "out") == "-o out could be a file or a folder; write out.png or out/."


def test_several_pictures_are_not_squeezed_into_one_file() -> None:
    files("a.png", "b.png", "there")
    for output in ("new.png", "there"):
        assert "need a folder" in refusal(["a.png", "b.png"], output)


@pytest.mark.parametrize("other", ["in/a.png", "in/A.jpg"])
def test_two_pictures_that_would_get_one_name_are_refused(other: str) -> None:
    files("in/a.jpg", other)
    assert "would both be written to" in refusal(["in"], "out")


def test_a_result_that_exists_is_replaced_only_when_asked_to() -> None:
    files("in.png", "out.png")
    assert refusal(["in.png"], "out.png") == "out.png exists already; add --force to replace it or choose another -o."
    assert plan(["in.png"], "out.png", overwrite=True) == [PictureTask(Path("in.png"), Path("out.png"))]


@pytest.mark.parametrize(("name", "output"), [("in/a.png", "in/a.png"), ("in", "in"), ("in/a.png", "in/../in")])
def test_an_original_is_never_replaced(name: str, output: str) -> None:
    files("in/a.png")
    assert "never replaced" in refusal([name], output, overwrite=True)


def test_a_folder_that_stands_where_a_result_should_go_is_refused() -> None:
    files("in.png", "out/in.png/other")
    assert "is a folder, but a result should go there" in refusal(["in.png"], "out", overwrite=True)


def test_folders_are_made_and_left_empty() -> None:
    make_folders([PictureTask(Path("a.png"), Path("new/deeper/a.png"))])
    assert list(Path("new/deeper").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_refused() -> None:
    files("file")
    with pytest.raises(UsageError, match=r"Nothing can be written into file/new .*; choose another -o"):
        make_folders([PictureTask(Path("a.png"), Path("file/new/a.png"))])
