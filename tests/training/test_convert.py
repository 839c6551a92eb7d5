from __future__ import annotations

import base64
import io
import math
import re
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from PIL import Image

from tests.training.factories import gradient
from tests.training.known import picture
from tests.training.published_files import saved, small_resnet, small_stylegan2
from tests.training.published_layouts import renamed, resnet
from tests.training.test_known_values import assert_known
from training import convert
from training.convert import default_domains, default_identifier


@pytest.mark.slow
def test_a_published_file_becomes_a_filter_with_the_published_answers(tmp_path: Path) -> None:
    """The whole way, at full size: names and shapes of CUT's file, numbered weights, onnxruntime's answer."""
    state, index = {}, 0
    for name, shape in resnet().items():
        if name.endswith("filt"):
            state[name] = renamed([], {name: shape})[name]
            continue
        scale = 0.1 if name.endswith("bias") else 1 / math.sqrt(math.prod(shape[1:]))
        state[name] = torch.from_numpy(np.random.RandomState(1000 + index).standard_normal(shape) * scale).float()
        index += 1
    file = saved(state, tmp_path)
    assert convert.main([str(file), "-o", str(tmp_path / "a.onnx")]) == 0
    session = onnxruntime.InferenceSession(tmp_path / "a.onnx", providers=["CPUExecutionProvider"])
    (translated,) = session.run(["translated"], {"image": picture(7).numpy()})
    expected = [-0.14175, 0.11254, 0.40238], [-0.02394, 0.10849, -0.22495]
    assert_known(torch.from_numpy(translated), -0.026776, 0.493284, *expected)


def test_the_command_writes_a_filter_that_describes_itself(tmp_path: Path) -> None:
    gradient(300, 200).save(tmp_path / "sample.png")
    folder = tmp_path / "Etretat SinCUT"
    folder.mkdir()
    file, sample = saved(small_stylegan2(blocks=2)[1], folder), str(tmp_path / "sample.png")
    texts = ["--source-domain", "painting", "--target-domain", "photo", "--licence", "CC0-1.0", "--description", "Sea."]
    output = tmp_path / "new" / "a.onnx"
    assert convert.main([str(file), "-o", str(output), *texts, "--sample", sample, "--fp16"]) == 0
    told = {entry.key.removeprefix("pleinair."): entry.value for entry in onnx.load(output).metadata_props}
    expected = {
        "identifier": "etretat-sincut-fp16",
        "title": "Etretat sincut fp16",
        "source_domain": "painting",
        "target_domain": "photo",
        "licence": "CC0-1.0",
        "description": "Sea.",
        "method": "sincut",
        "spatial_multiple": "2",
    }
    assert {key: told[key] for key in expected} == expected
    with Image.open(io.BytesIO(base64.b64decode(told["thumbnail"]))) as thumbnail:
        assert thumbnail.size == (256, 128)


@pytest.mark.parametrize(
    ("path", "identifier"),
    [
        ("checkpoints/horse2zebra_cut/latest_net_G.pth", "horse2zebra_cut"),
        ("checkpoints/maps/latest_net_G_B.pth", "maps_b"),
        ("checkpoints/maps/200_net_G.pth", "maps"),
        ("weights/style_monet.pth", "style_monet"),
    ],
)
def test_the_identifier_comes_from_the_name_that_tells_something(path: str, identifier: str) -> None:
    assert default_identifier(Path(path)) == identifier


@pytest.mark.parametrize(
    ("part", "identifier", "domains"),
    [
        ("netG_A", "horse2zebra_netg_a", ("horse", "zebra")),
        ("state_dict.netG_B.module", "horse2zebra_state_dict.netg_b.module", ("zebra", "horse")),
        ("G_B2A", "horse2zebra_g_b2a", ("zebra", "horse")),
    ],
)
def test_a_chosen_part_has_its_own_identifier_and_direction(
    part: str, identifier: str, domains: tuple[str, str]
) -> None:
    assert default_identifier(Path("horse2zebra.pt"), part) == identifier
    assert default_domains(Path("horse2zebra.pt"), part) == domains


def test_one_of_two_generators_is_converted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, state = small_resnet(blocks=1)
    both = {f"netG_{name}.{key}": value for name in "AB" for key, value in state.items()}
    file = saved({"epoch": 200, "state_dict": both}, tmp_path, "horse2zebra.ckpt")
    output = str(tmp_path / "a.onnx")
    assert convert.main([str(file), "-o", output]) == 2
    assert "choose one with --part, such as --part state_dict.netG_A." in capsys.readouterr().err
    assert convert.main([str(file), "-o", output, "--part", "netG_B"]) == 0
    told = {entry.key.removeprefix("pleinair."): entry.value for entry in onnx.load(output).metadata_props}
    assert (told["source_domain"], told["target_domain"]) == ("zebra", "horse")


@pytest.mark.parametrize(
    ("name", "options", "domains"),
    [
        ("horse2zebra.pth", "", ("horse", "zebra")),
        ("facades_photo2label.pth", "", ("photo", "label")),
        ("style_monet.pth", "", ("", "")),
        ("latest_net_G.pth", "direction: BtoA    [default: AtoB]", ("dog", "cat")),
        ("latest_net_G_B.pth", "direction: AtoB", ("dog", "cat")),
        ("latest_net_G.pth", "dataroot: ./datasets/day2night/   \t[default: placeholder]", ("day", "night")),
    ],
)
def test_domains_come_from_the_name_of_the_data_set(
    name: str, options: str, domains: tuple[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "cat2dog_cut"
    folder.mkdir()
    if options:
        (folder / "train_opt.txt").write_text(f"----- Options -----\n   batch_size: 1\n {options}\n----- End -----\n")
    assert default_domains(folder / name) == domains


def test_weights_that_half_precision_cannot_hold_are_answered_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, state = small_resnet(blocks=1)
    state["model.1.bias"] += 1e6
    assert convert.main([str(saved(state, tmp_path)), "-o", str(tmp_path / "a.onnx"), "--fp16"]) == 2
    assert re.match(r"error: The exported filter differs .* than 2e-02; leave out --fp16", capsys.readouterr().err)
    assert not (tmp_path / "a.onnx").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["missing.pth"], r"error: missing.pth cannot be read \(No such file"),
        (["missing.pth", "--identifier", "Étretat"], "error: --identifier is 'Étretat', but must be"),
        (
            ["missing.pth", "--sample", "no.png"],
            "error: --sample no.png cannot be read; .* No such file",
        ),
    ],
)
def test_bad_input_is_answered_in_a_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert convert.main(arguments) == 2
    printed = capsys.readouterr().err
    assert re.match(sentence, printed)
