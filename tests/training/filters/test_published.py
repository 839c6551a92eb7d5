from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from torch import nn

from tests.training.known import picture
from tests.training.published_files import saved, small_resnet, small_stylegan2
from tests.training.published_layouts import renamed, stylegan2, with_statistics
from training.filters.published import read_published
from training.networks.stylegan2 import StyleGAN2Generator


def assert_same_answers(network: nn.Module, file: Path, channels: int = 3) -> None:
    network.eval()
    image = picture(3)[:, :channels]
    assert torch.equal(read_published(file).generator.eval()(image), network(image))


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
