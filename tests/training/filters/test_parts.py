from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.training.known import picture
from tests.training.published_files import saved, small_resnet, small_stylegan2
from training.errors import InputError
from training.filters.published import read_published
from training.networks.patchgan import PatchGAN

NETWORK, STATE = small_resnet()
OTHER = {name: value / 2 for name, value in STATE.items() if not name.endswith("filt")} | {
    name: value for name, value in STATE.items() if name.endswith("filt")
}


def prefixed(prefix: str, state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {prefix + name: value for name, value in state.items()}


def lightning() -> dict[str, Any]:
    """A whole training as PyTorch Lightning writes it: one flat state_dict, counters, an optimiser."""
    networks = {**prefixed("generator.", STATE), **prefixed("discriminator.", PatchGAN(width=2).state_dict())}
    return {"epoch": 3, "state_dict": networks, "optimizer_states": [{"state": {0: {"exp_avg": torch.ones(3)}}}]}


@pytest.mark.parametrize(
    "contents",
    [
        *(
            {name: STATE}
            for name in ("state_dict", "netG", "G_A2B", "model_state_dict", "generator", "params_ema", "net")
        ),
        *(
            prefixed(before, STATE)
            for before in ("netG_A.", "module.", "_orig_mod.", "generator.", "_orig_mod.module.")
        ),
        {"epoch": 7, "best": 0.5, "names": ["a"], "state_dict": prefixed("netG.module.", STATE)},
        {"models": [{"netG": STATE}, {"netD": PatchGAN(width=2).state_dict()}]},
        {**prefixed("netG.", STATE), **prefixed("netD.", PatchGAN(width=2).state_dict())},
        {"epoch": 5, **STATE},
        lightning(),
    ],
)
def test_a_generator_is_found_wherever_it_lies(contents: Any, tmp_path: Path) -> None:
    found = read_published(saved(contents, tmp_path)).generator.eval()
    assert torch.equal(found(picture(3)), NETWORK.eval()(picture(3)))


def test_sincuts_generator_is_found_as_well(tmp_path: Path) -> None:
    _, state = small_stylegan2(blocks=2)
    published = read_published(saved({"state_dict": prefixed("netG.module.", state)}, tmp_path))
    assert (published.method, published.part) == ("sincut", "state_dict.netG.module")


@pytest.mark.parametrize("part", ["netG_B", "state_dict.netG_B", "state_dict.netG_B.module"])
def test_one_of_several_generators_is_chosen_by_a_word_of_its_name(part: str, tmp_path: Path) -> None:
    both = {**prefixed("netG_A.module.", STATE), **prefixed("netG_B.module.", OTHER)}
    generator = read_published(saved({"state_dict": both}, tmp_path), part=part).generator
    assert torch.equal(next(generator.parameters()), OTHER["model.1.weight"])


@pytest.mark.parametrize(
    ("contents", "part", "sentence"),
    [
        ({"G_A2B": STATE, "G_B2A": OTHER}, "", "holds 2 generators, 'G_A2B', 'G_B2A'; choose one with --part, such as"),
        ({"G_A2B": STATE, "G_B2A": OTHER}, "G", "has no generator called 'G'; those in it are 'G_A2B', 'G_B2A':"),
        ({"G": {"a": STATE, "b": OTHER}}, "G", "holds 2 generators, 'G.a', 'G.b'; choose one with --part, such as"),
        (STATE, "netG_A", "holds one generator, which has no name such as 'netG_A'; leave out --part."),
        ({"net": {"a": torch.ones(3)}}, "net", "holds no generator, so --part net names none"),
        ({"netD": PatchGAN(width=2).state_dict()}, "", "is a PatchGAN discriminator (net_D), which judges pictures"),
        ({"epoch": 5}, "", "holds no tensors (its first key is 'epoch'); expected the state_dict()"),
    ],
)
def test_what_cannot_be_chosen_is_answered_with_the_names(
    contents: Any, part: str, sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=re.escape(sentence)):
        read_published(saved(contents, tmp_path), part=part)


def test_a_checkpoint_that_holds_itself_is_read(tmp_path: Path) -> None:
    contents: dict[str, Any] = {"netG": STATE}
    contents["self"] = contents
    assert read_published(saved(contents, tmp_path)).part == "netG"
