from pathlib import Path

import pytest
from PIL import features

from server.batches.folders import make_folder
from server.batches.tasks import Batch, Existing, PictureTask, plan
from server.errors import UsageError
from server.pictures.formats import AVIF, JPEG, PNG, TIFF, WEBP, Format


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files(*names: str) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(b"a picture")


def pairs(inputs: list[str], output: str, suffix: str = "") -> list[tuple[str, str]]:
    tasks = plan(inputs, output, suffix=suffix).tasks
    return [(task.source.as_posix(), task.target.as_posix()) for task in tasks if task.source and task.target]


def refusal(inputs: list[str], output: str, suffix: str = "", *, existing: Existing = Existing.REFUSE) -> str:
    with pytest.raises(UsageError) as caught:
        plan(inputs, output, suffix=suffix, existing=existing)
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
        ("empty", "The folder empty holds no pictures."),
        ("*.png", "No picture matches *.png."),
    ],
)
def test_an_input_that_names_no_picture_is_refused(name: str, sentence: str) -> None:
    Path("empty").mkdir()
    assert refusal([name], "out/") == sentence


@pytest.mark.parametrize(
    ("name", "form"), [("a.PNG", PNG), ("a.jfif", JPEG), ("a.webp", WEBP), ("a.tif", TIFF), ("a.avif", AVIF)]
)
def test_the_suffix_of_a_result_says_its_format(name: str, form: Format) -> None:
    files("in.png")
    assert plan(["in.png"], name).tasks == [PictureTask(Path("in.png"), Path(name), form)]


def test_a_suffix_of_none_of_the_formats_is_refused_with_a_name_to_write() -> None:
    files("in.png")
    expected = "Results are PNG, JPEG, WebP, TIFF or AVIF files: write -o out.png instead of out.gif."
    assert refusal(["in.png"], "out.gif") == expected
    assert refusal(["in.png"], "out/", ".gif").startswith("--suffix is '.gif'; Results are PNG, JPEG, WebP, TIFF or")


@pytest.mark.parametrize("suffix", [".jpeg", "jpeg"])
def test_the_suffix_of_results_in_a_folder_can_be_chosen(suffix: str) -> None:
    files("in/a.b.png", "in/c.tif")
    assert pairs(["in"], "out", suffix) == [("in/a.b.png", "out/a.b.jpeg"), ("in/c.tif", "out/c.jpeg")]
    assert {task.form for task in plan(["in"], "out", suffix=suffix).tasks} == {JPEG}


def test_a_result_and_another_suffix_contradict_each_other() -> None:
    files("in.png")
    assert "say different kinds of files" in refusal(["in.png"], "out.png", ".jpg")
    assert pairs(["in.png"], "out.jpeg", ".jpg") == [("in.png", "out.jpeg")]


def test_a_result_without_an_ending_is_refused_as_unclear() -> None:
    files("in.png")
    assert refusal(["in.png"], "out") == "-o out could be a file or a folder; write out.png or out/."


def test_several_pictures_are_not_squeezed_into_one_file() -> None:
    files("a.png", "b.png", "there")
    for output in ("new.png", "new.tiff", "there"):
        assert "need a folder" in refusal(["a.png", "b.png"], output)


@pytest.mark.parametrize("other", ["in/a.png", "in/A.jpg"])
def test_two_pictures_that_would_get_one_name_are_refused(other: str) -> None:
    files("in/a.jpg", other)
    assert "would both be written to" in refusal(["in"], "out")


def test_a_result_that_exists_is_replaced_only_when_asked_to() -> None:
    files("in.png", "out.png")
    assert refusal(["in.png"], "out.png") == "out.png exists already; add --force to replace it or choose another -o."
    tasks = plan(["in.png"], "out.png", existing=Existing.REPLACE).tasks
    assert tasks == [PictureTask(Path("in.png"), Path("out.png"))]


def test_a_batch_that_was_done_in_part_is_refused_with_the_way_to_go_on() -> None:
    files("in/a.png", "in/b.jpg", "in/c.png", "out/a.png", "out/b.png")
    assert refusal(["in"], "out") == (
        "out/a.png exists already, as 1 more results do; add --missing to translate only what has no result yet,"
        " --force to replace results, or choose another -o."
    )
    missing = [PictureTask(Path("in/c.png"), Path("out/c.png"))]
    assert plan(["in"], "out", existing=Existing.KEEP) == Batch(missing, done=2)


def test_results_of_another_suffix_are_others() -> None:
    files("in/a.png", "out/a.png")
    assert pairs(["in"], "out", ".jpg") == [("in/a.png", "out/a.jpg")]


@pytest.mark.parametrize(("name", "output"), [("in/a.png", "in/a.png"), ("in", "in"), ("in/a.png", "in/../in")])
def test_an_original_is_never_replaced(name: str, output: str) -> None:
    files("in/a.png")
    assert "never replaced" in refusal([name], output, existing=Existing.REPLACE)


def test_a_folder_that_stands_where_a_result_should_go_is_refused() -> None:
    files("in.png", "out/in.png/other")
    assert "is a folder, but a result should go there" in refusal(["in.png"], "out", existing=Existing.REPLACE)


def test_a_folder_is_made_and_left_empty() -> None:
    make_folder(Path("new/deeper"), "-o")
    assert list(Path("new/deeper").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_refused() -> None:
    files("file")
    with pytest.raises(UsageError, match=r"Nothing can be written into file/new .*; choose another -o"):
        make_folder(Path("file/new"), "-o")


def test_a_picture_from_standard_input_goes_to_a_file_or_to_standard_output() -> None:
    assert plan(["-"], "out.webp").tasks == [PictureTask(None, Path("out.webp"), WEBP)]
    assert plan(["-"], "-").tasks == [PictureTask(None, None, PNG)]
    assert plan(["-"], "-", suffix="tif").tasks == [PictureTask(None, None, TIFF)]


def test_one_picture_goes_to_standard_output() -> None:
    files("in.png", "in/a.png")
    assert plan(["in.png"], "-", suffix=".jpg").tasks == [PictureTask(Path("in.png"), None, JPEG)]
    assert plan(["in"], "-").tasks == [PictureTask(Path("in/a.png"), None, PNG)]


@pytest.mark.parametrize(
    ("inputs", "output", "sentence"),
    [
        (["-", "a.png"], "-", "- is standard input, which is one picture; name nothing beside it."),
        (["-"], "out/", "A picture from standard input has no name; write -o out.png, or -o - for standard output."),
        (["-"], "out", "-o out could be a file or a folder; write out.png or out/."),
        (["a.png", "b.png"], "-", "Standard output takes one picture, and these are 2; write -o FOLDER/."),
    ],
)
def test_what_does_not_fit_a_pipe_is_refused(inputs: list[str], output: str, sentence: str) -> None:
    files("a.png", "b.png")
    assert refusal(inputs, output) == sentence


def test_subfolders_keep_their_structure_among_the_results() -> None:
    files("nest/a.png", "nest/one/a.png", "nest/one/two/a.jpg")
    expected = ["out/a.png", "out/one/a.png", "out/one/two/a.png"]
    assert [target for _, target in pairs(["nest/**"], "out")] == expected


def test_two_sources_in_one_subfolder_with_one_name_are_refused() -> None:
    files("nest/one/a.png", "nest/one/a.jpg")
    assert "would both be written to out/one/a.png" in refusal(["nest/**/*"], "out")


def test_a_format_that_pillow_was_built_without_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    files("in.png")
    monkeypatch.setattr(features, "check", lambda feature: feature != "avif")
    assert refusal(["in.png"], "out.avif") == (
        "The Pillow that is installed here cannot write AVIF files; write .png files."
    )
    assert pairs(["in.png"], "out.webp") == [("in.png", "out.webp")]
