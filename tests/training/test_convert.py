from __future__ import annotations

import base64
import io
import math
import pickle
import re
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from tests.training.factories import gradient
from tests.training.known import fill, picture
from tests.training.published_layouts import renamed, resnet, stylegan2, with_statistics
from tests.training.test_known_values import assert_known
from training import convert
from training.convert import default_domains, default_identifier
from training.errors import InputError
from training.filters.published import read_published
from training.networks.patchgan import PatchGAN
from training.networks.projection import ProjectionHead
from training.networks.resnet import ResnetGenerator
from training.networks.stylegan2 import StyleGAN2Discriminator, StyleGAN2Generator


def saved(state: Any, folder: Path, name: str = "latest_net_G.pth") -> Path:
    torch.save(state, folder / name)
    return folder / name


def filled(network: nn.Module) -> list[Tensor]:
    """Weights of the network, filled, in their order."""
    fill(network, scaled=not isinstance(network, StyleGAN2Generator))
    return list(network.state_dict().values())


def small_resnet(**options: Any) -> tuple[ResnetGenerator, dict[str, Tensor]]:
    """One of ours, and its weights under published names."""
    options = {"width": 4, "blocks": 2, **options}
    network = ResnetGenerator(**options)
    return network, renamed(filled(network), resnet(**options))


def small_stylegan2(**options: Any) -> tuple[StyleGAN2Generator, dict[str, Tensor]]:
    network = StyleGAN2Generator(width=1, **options)
    options = {"channels": (8, 16), **options}
    if options.pop("halvings", 1) == 2:
        options["channels"] = (8, 16, 32)
    return network, renamed(filled(network), stylegan2(**options))


def assert_same_answers(network: nn.Module, file: Path, channels: int = 3) -> None:
    network.eval()
    image = picture(3)[:, :channels]
    assert torch.equal(read_published(file).generator.eval()(image), network(image))


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


@pytest.mark.parametrize("blocks", [6, 9])
@pytest.mark.parametrize("dropout", [False, True])
@pytest.mark.parametrize("antialias_up", [False, True])
@pytest.mark.parametrize("antialias", [False, True])
def test_every_layout_of_the_resnet_generator_is_recognised(
    antialias: bool, antialias_up: bool, dropout: bool, blocks: int, tmp_path: Path
) -> None:
    network, state = small_resnet(
        blocks=blocks, antialias=antialias, antialias_up=antialias_up, dropout=dropout, width=2
    )
    file = saved(state, tmp_path)
    assert_same_answers(network, file)
    assert read_published(file).method == ("cut" if antialias else "cyclegan")


def test_width_and_channels_follow_from_the_shapes(tmp_path: Path) -> None:
    network, state = small_resnet(width=6, channels_in=1, channels_out=2)
    assert_same_answers(network, saved(state, tmp_path), channels=1)


@pytest.mark.parametrize(
    "options",
    [{}, {"blocks": 2}, {"blocks": 4}, {"halvings": 2}, {"channels_in": 1}],
    ids=["stylegan2", "smallstylegan2", "4 blocks", "2 halvings", "grey"],
)
def test_every_layout_of_the_stylegan2_generator_is_recognised(options: dict[str, int], tmp_path: Path) -> None:
    network, state = small_stylegan2(**options)
    file = saved(state, tmp_path)
    assert_same_answers(network, file, options.get("channels_in", 3))
    assert read_published(file).method == "sincut"


def test_the_published_sincut_sizes_are_recognised(tmp_path: Path) -> None:
    state = renamed(StyleGAN2Generator().state_dict().values(), stylegan2())
    read_published(saved(state, tmp_path))


def test_legacy_statistics_of_instance_normalisation_are_left_out(tmp_path: Path) -> None:
    network, state = small_resnet(antialias=False, antialias_up=False, blocks=1)
    norms = {"model.2": 4, "model.5": 8, "model.8": 16, "model.10.conv_block.2": 16, "model.10.conv_block.6": 16}
    norms |= {"model.12": 8, "model.15": 4}
    assert_same_answers(network, saved(with_statistics(state, norms), tmp_path))


def test_statistics_where_no_norm_is_do_not_fit(tmp_path: Path) -> None:
    _, state = small_resnet()
    assert_refused(with_statistics(state, {"model.3": 4}), tmp_path, "unexpected key 'model.3.running_mean'")


def test_what_data_parallel_and_torch_put_around_the_weights_is_taken_off(tmp_path: Path) -> None:
    network, state = small_resnet()
    wrapped = OrderedDict((f"module.{name}", value) for name, value in state.items())
    wrapped._metadata = {"": {"version": 1}}  # type: ignore[attr-defined]
    assert_same_answers(network, saved(wrapped, tmp_path))
    assert_same_answers(network, saved({**state, "_metadata": {"": {"version": 1}}}, tmp_path))


def test_old_and_half_precision_files_are_read(tmp_path: Path) -> None:
    network, state = small_resnet()
    torch.save(state, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    assert_same_answers(network, tmp_path / "old.pth")
    network.half().float()
    assert_same_answers(network, saved({name: value.half() for name, value in state.items()}, tmp_path))


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


def assert_refused(state: Any, folder: Path, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        read_published(saved(state, folder))
    assert sentence in str(caught.value)
    assert str(caught.value).endswith(".")


def changed(state: dict[str, Tensor], name: str, value: Tensor | None) -> dict[str, Tensor]:
    """Another value under this name, or none."""
    return {**state, name: value} if value is not None else {key: state[key] for key in state if key != name}


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("model.1.weight", None, "model.1.weight (64 x 3 x 7 x 7) is missing"),
        ("model.8.bias", None, "model.8.bias (16) is missing"),
        ("model.13.conv_block.5.weight", torch.ones(16, 8, 3, 3), "is 16 x 8 x 3 x 3, expected 16 x 16 x 3 x 3"),
        ("model.4.weight", torch.ones(()), "model.4.weight is a single number, expected 8 x 4 x 3 x 3"),
        ("model.1.weight", torch.ones(0, 3, 7, 7), "model.1.weight is 0 x 3 x 7 x 7, expected 1 x 3 x 7 x 7"),
        ("model.99.bias", torch.ones(3), "unexpected key 'model.99.bias'; name"),
        ("model.4.bias", torch.full((8,), math.nan), "model.4.bias holds values that are not finite numbers"),
        ("model.4.bias", torch.ones(8, dtype=torch.int64), "model.4.bias holds values that are not finite numbers"),
        ("model.7.filt", torch.ones(8, 1, 3, 3) / 9, "model.7.filt is not the published code's blur, 1 2 1"),
        ("model.14.filt", torch.ones(8, 1, 5, 5), "model.14.filt is not the published code's blur, 1 3 3 1"),
        ("model.999999999.conv_block.1.weight", torch.ones(1), "is missing"),
    ],
)
def test_the_first_key_that_does_not_fit_is_named(
    name: str, value: Tensor | None, sentence: str, tmp_path: Path
) -> None:
    assert_refused(changed(small_resnet()[1], name, value), tmp_path, sentence)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("encoder.convs.1.1.bias", None, "encoder.convs.1.1.bias (1 x 8 x 1 x 1) is missing"),
        (
            "encoder.convs.2.conv2.1.weight",
            torch.ones(17, 8, 3, 3),
            "has 8 and 17 channels in encoder.convs.1.0.weight",
        ),
        ("decoder.convs.3.conv.weight", None, "decoder.convs.3.conv.weight (1 x 8 x 16 x 3 x 3) is missing"),
        ("decoder.convs.3.conv.blur.kernel", torch.ones(4, 4) / 16, "is not the published code's blur"),
        ("decoder.convs.4.0.bias", torch.ones(3), "unexpected key 'decoder.convs.4.0.bias'"),
    ],
)
def test_the_first_key_of_sincut_that_does_not_fit_is_named(
    name: str, value: Tensor | None, sentence: str, tmp_path: Path
) -> None:
    assert_refused(changed(small_stylegan2()[1], name, value), tmp_path, sentence)


def batch_normalised() -> dict[str, Tensor]:
    _, state = small_resnet()
    return {"model.2.weight": torch.ones(4), **{name: value for name, value in state.items() if "1.bias" not in name}}


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (batch_normalised(), "is a network with batch normalisation or weights in its norms"),
        (PatchGAN(width=2).state_dict(), "is a PatchGAN discriminator (net_D)"),
        (StyleGAN2Discriminator(width=1, crop_size=8).state_dict(), "is StyleGAN2's discriminator (net_D)"),
        (ProjectionHead([3, 4], width=4).state_dict(), "is the projection head of PatchNCE (net_F)"),
        ({"model.model.0.weight": torch.ones(4, 3, 4, 4)}, "is a U-Net generator"),
        ({"layer1.weight": torch.ones(4, 3, 4, 4)}, "has no residual blocks (its first key is 'layer1.weight'"),
        ({}, "holds nothing; expected the state_dict() of a generator"),
        ([torch.ones(3)], "holds a list in place of named weights"),
        ({"epoch": 5, "net": {"a": torch.ones(3)}}, "holds 'epoch', which is not a tensor"),
        ({"format": 1, "config": "", "networks": {}}, "is a checkpoint of Pleinair; export it with python -m training"),
    ],
)
def test_other_files_are_refused_by_what_they_are(state: Any, sentence: str, tmp_path: Path) -> None:
    assert_refused(state, tmp_path, sentence)


class Evil:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.mark,)


def test_a_file_runs_no_code(tmp_path: Path) -> None:
    torch.save({"model.1.weight": Evil(tmp_path / "mark")}, tmp_path / "a.pth", pickle_module=pickle)
    with pytest.raises(InputError, match="holds more than weights, and loading it could run code"):
        read_published(tmp_path / "a.pth")
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize("name", ["a.pth", "a.t7"])
def test_files_that_are_none_of_pytorchs_are_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"\x04\x00\x00\x00\x01\x00\x00\x00" * 20)
    expected = "is a model of Lua Torch" if name.endswith("t7") else "is damaged or not a file of PyTorch"
    with pytest.raises(InputError, match=expected):
        read_published(tmp_path / name)


def test_a_cut_off_file_is_refused(tmp_path: Path) -> None:
    file = saved(small_resnet()[1], tmp_path)
    file.write_bytes(file.read_bytes()[:-500])
    with pytest.raises(InputError, match="is damaged or not a file of PyTorch; copy or download it again"):
        read_published(file)


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
        (["missing.pth", "--sample", "no.png"], "error: --sample no.png cannot be read: no such file"),
    ],
)
def test_bad_input_is_answered_in_a_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert convert.main(arguments) == 2
    printed = capsys.readouterr().err
    assert re.match(sentence, printed)
