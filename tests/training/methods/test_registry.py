"""A new method is its own module and one entry of METHODS; everything else follows from what it says of itself."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pleinair.common.events import ExitStatus

from server.client import Client
from tests.factories import running_server
from tests.training.factories import tiny_config, two_folders
from tests.training.methods.means import MEANS
from tests.training.runs import go_on, stop_after
from training import export, fit
from training.computing.world import ALONE
from training.config import FitConfig
from training.methods import registry
from training.methods.registry import config_from_json, presets, spec_of
from training.networks.generator import Generator
from training.rules import options_of, types_of
from training.running.checkpoint import Checkpoint
from training.running.run import RunFolder

EVERY = ["--checkpoint-every", "2", "--preview-every", "2", "--evaluate-every", "2"]


@pytest.fixture
def with_means(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(registry, "METHODS", (*registry.METHODS, MEANS))
    yield


def arguments(root: Path, *more: str) -> list[str]:
    return [*two_folders(root), "--preset", "means", "--output", str(root / "run"), "--device", "cpu", *more]


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert fit.main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1
    return error


@pytest.mark.usefixtures("with_means")
def test_a_method_of_its_own_trains_previews_resumes_exports_and_is_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_after(monkeypatch, 3)
    options = ["--images", "6", "--ema", "0.5", "--mean-weight", "3", "--identifier", "means"]
    assert fit.main(arguments(tmp_path, *EVERY, *options)) == ExitStatus.INTERRUPTED
    run = RunFolder(tmp_path / "run")
    stop_after(monkeypatch, 9)
    assert go_on(run.path) == 0

    saved = json.loads((run.path / "config.json").read_text())
    assert (saved["method"], saved["mean_weight"], saved["crop_size"]) == ("means", 3, 32)
    checkpoint = Checkpoint.load(run.latest_checkpoint())
    assert (checkpoint.images_seen, set(checkpoint.networks)) == (6, {"painter", "painter_ema"})
    assert (run.path / "previews" / "images-000000006.png").is_file()
    rows = [json.loads(line) for line in (run.path / "metrics.jsonl").read_text().splitlines()]
    assert {"mean", "swd", "change"} <= set(rows[-1])

    (tmp_path / "filters").mkdir()
    shutil.copy(run.filter, tmp_path / "filters" / "means.onnx")
    picture = np.random.default_rng(0).integers(0, 256, (40, 36, 3), np.uint8)
    with running_server(tmp_path / "filters") as server, Client(server.address) as client:
        (served,) = client.filters()
        translated, _ = client.translate("means", picture)
    assert (served.id, served.method) == ("means", "means")
    painter = MEANS.generators["painter"].build(checkpoint.config)
    painter.load_state_dict(dict(checkpoint.networks["painter_ema"]))
    with torch.no_grad():
        expected = painter.eval()(torch.from_numpy(picture).permute(2, 0, 1)[None] / 127.5 - 1)
    levels = ((expected[0].permute(1, 2, 0).numpy() + 1) * 127.5).round()
    assert np.abs(translated - levels).max() <= 1


@pytest.mark.usefixtures("with_means")
def test_help_shows_the_options_of_the_presets_method(capsys: pytest.CaptureFixture[str]) -> None:
    told = {}
    for preset in ("means", "fastcut"):
        with pytest.raises(SystemExit):
            fit.main(["--preset", preset, "--help"])
        told[preset] = " ".join(capsys.readouterr().out.split())
    assert "weight of the distance between mean colours (default: 2.0)" in told["means"]
    assert MEANS.summary in told["means"]
    assert "--nce-weight" not in told["means"]
    assert "weight of the PatchNCE loss (default: 10.0)" in told["fastcut"]
    assert "--mean-weight" not in told["fastcut"]
    assert all("--crop-size" in text for text in told.values())


@pytest.mark.usefixtures("with_means")
def test_options_of_another_method_are_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sentence = "--nce-weight is an option of cut, but not of means; leave it out, or choose another --preset."
    assert sentence in refused(arguments(tmp_path, "--nce-weight", "2"), capsys)
    own = [*arguments(tmp_path, "--mean-weight", "2"), "--preset", "sincut"]
    assert "--mean-weight is an option of means, but not of sincut" in refused(own, capsys)
    assert not (tmp_path / "run").exists()
    stop_after(monkeypatch, 1)
    assert fit.main(arguments(tmp_path, "--images", "9")) == ExitStatus.INTERRUPTED
    capsys.readouterr()
    assert sentence in refused(["--resume", str(tmp_path / "run"), "--nce-weight", "2", "--device", "cpu"], capsys)


def test_a_run_of_a_method_that_a_later_version_has_is_refused_in_a_sentence(
    finished_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    with monkeypatch.context() as later:
        later.setattr(registry, "METHODS", (*registry.METHODS, MEANS))
        stop_after(later, 1)
        assert fit.main(arguments(tmp_path, "--images", "9")) == ExitStatus.INTERRUPTED
    capsys.readouterr()
    sentence = "The run was begun by another version of Pleinair, with the method 'means'; use that version."
    assert sentence in refused(["--resume", str(run), "--device", "cpu"], capsys)
    assert export.main([str(run), "-o", str(tmp_path / "a.onnx")]) == 2
    assert sentence in capsys.readouterr().err


def test_a_generator_that_the_method_lacks_is_refused_with_those_that_it_has(
    finished_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export.main([str(finished_run), "--generator", "backward", "-o", str(tmp_path / "a.onnx")]) == 2
    assert "--generator is 'backward', but a run of fastcut has generator." in capsys.readouterr().err


def test_the_way_back_is_a_filter_with_its_domains_exchanged(
    finished_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if FastCUT's generator were another method's second one."""
    spec = spec_of("fastcut")
    back = {
        "forward": spec.generators["generator"],
        "generator": dataclasses.replace(spec.generators["generator"], backwards=True),
    }
    monkeypatch.setattr(registry, "METHODS", (dataclasses.replace(spec, generators=back, primary="forward"),))
    told: dict[str, Any] = {}

    def write_filter(network: Generator, path: Path, **how: Any) -> float:
        told.update(how)
        path.touch()
        return 0.0

    monkeypatch.setattr(export, "write_filter", write_filter)
    assert export.main([str(finished_run), "--generator", "generator", "-o", str(tmp_path / "a.onnx")]) == 0
    assert told["about"]["identifier"] == "my-run-generator"
    assert (told["about"]["source_domain"], told["about"]["target_domain"]) == ("target", "source")
    assert told["sample"] is None


@pytest.mark.usefixtures("with_means")
@pytest.mark.parametrize("preset", [*presets(), "means"])
def test_a_built_method_has_the_generators_that_it_promises(preset: str) -> None:
    config = tiny_config(preset) if preset in ("cut", "fastcut") else registry.preset_config(preset, precision="fp32")
    spec = spec_of(config.method)
    method = spec.build(config, torch.device("cpu"), ALONE)
    assert method.generators.keys() == spec.generators.keys() >= {spec.primary}
    for name, exported in spec.generators.items():
        assert method.networks[name] is method.generators[name]
        exported.build(config).load_state_dict(method.generators[name].state_dict())


@pytest.mark.usefixtures("with_means")
def test_a_name_means_one_thing_whichever_the_method() -> None:
    """Options of all methods are parsed by one command line, and stand beside each other in config.json."""
    common, seen = {option.name for option in options_of(FitConfig)}, dict(types_of(FitConfig))
    for spec in registry.METHODS:
        own = types_of(spec.options)
        assert not common & own.keys(), spec.name
        assert all(seen.setdefault(name, kind) is kind for name, kind in own.items()), spec.name
        assert all(set(values) - {"method"} <= common | own.keys() for values in spec.presets.values()), spec.name
    names = [name for spec in registry.METHODS for name in spec.names]
    assert len(names) == len(set(names))


def test_a_configuration_without_a_method_is_cuts() -> None:
    assert config_from_json("{}") == registry.preset_config("cut")
