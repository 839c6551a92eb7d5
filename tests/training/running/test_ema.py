from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

from tests.training.known import picture
from tests.training.runs import arguments
from training import fit
from training.methods.cut.step import Cut
from training.running.checkpoint import Checkpoint
from training.running.ema import GeneratorAverage, averaged
from training.running.run import RunFolder

AVERAGE = averaged("generator")


def one_weight(value: float) -> nn.Linear:
    network = nn.Linear(1, 1, bias=False)
    nn.init.constant_(network.weight, value)
    return network


def test_the_average_follows_its_formula() -> None:
    network = one_weight(1.0)
    average = GeneratorAverage(network, 0.5)
    nn.init.constant_(network.weight, 2.0)
    average.update(images_seen=3, batch=3)  # min(0.5, 4/13) ** 3
    expected = 2 - (4 / 13) ** 3
    assert average.average["weight"].item() == pytest.approx(expected)
    average.update(images_seen=1000, batch=2)
    assert average.average["weight"].item() == pytest.approx(2 - (2 - expected) * 0.5**2)


def test_half_precision_weights_are_averaged_in_full_precision() -> None:
    network = one_weight(1.0).bfloat16()
    average = GeneratorAverage(network, 0.999)
    nn.init.constant_(network.weight, 2.0)
    average.update(images_seen=100_000, batch=1)
    assert average.average["weight"].item() == pytest.approx(1.001, abs=1e-6)


def test_the_generator_has_its_own_weights_back_after_the_averages_were_in_use() -> None:
    network = one_weight(1.0)
    average = GeneratorAverage(network, 0.9)
    nn.init.constant_(network.weight, 0.1)
    with average.in_use():
        assert network.weight.item() == 1
    assert torch.equal(network.weight, torch.full((1, 1), 0.1))


def test_an_averaging_run_trains_as_any_other_and_exports_the_average(tmp_path: Path) -> None:
    for name, more in (("plain", []), ("averaging", ["--ema", "0.9"])):
        assert fit.main(arguments(tmp_path / name, "--images", "5", *more)) == 0
    plain, averaging = (
        Checkpoint.load(RunFolder(tmp_path / name / "run").latest_checkpoint()) for name in ("plain", "averaging")
    )
    for name, weight in plain.networks["generator"].items():
        assert torch.equal(weight, averaging.networks["generator"][name])

    method = Cut(averaging.config, torch.device("cpu"))
    method.generator.load_state_dict(dict(averaging.networks[AVERAGE]))
    session = onnxruntime.InferenceSession(tmp_path / "averaging" / "run" / "filter.onnx")
    (answer,) = session.run(None, {"image": picture(1, 32, 32).numpy()})
    np.testing.assert_allclose(answer, method.translate(picture(1, 32, 32)).numpy(), atol=1e-5)
    assert any(
        not torch.equal(weight, averaging.networks[AVERAGE][name])
        for name, weight in plain.networks["generator"].items()
    )
