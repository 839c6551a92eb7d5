from __future__ import annotations

import math
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.training.published_files import saved, small_resnet, small_stylegan2
from tests.training.published_layouts import with_statistics
from training.errors import InputError
from training.filters.published import read_published
from training.networks.patchgan import PatchGAN
from training.networks.projection import ProjectionHead
from training.networks.stylegan2 import StyleGAN2Discriminator


def assert_refused(state: Any, folder: Path, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        read_published(saved(state, folder))
    assert sentence in str(caught.value)
    assert str(caught.value).endswith(".")


def changed(state: dict[str, Tensor], name: str, value: Tensor | None) -> dict[str, Tensor]:
    """Another value under this name, or none."""
    return {**state, name: value} if value is not None else {key: state[key] for key in state if key != name}


def test_statistics_where_no_norm_is_do_not_fit(tmp_path: Path) -> None:
    _, state = small_resnet()
    assert_refused(with_statistics(state, {"model.3": 4}), tmp_path, "unexpected key 'model.3.running_mean'")


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
        ({"epoch": 5, "net": {"a": torch.ones(3)}}, "has no residual blocks (its first key is 'net.a'"),
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
