from __future__ import annotations

import base64
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from PIL import Image
from torch import nn

from tests.training.factories import TINY_READING, tiny_config
from tests.training.known import fill, picture
from training import export
from training.data.folders import fingerprint, read_folder
from training.export import domain_of, export_filter, identifier_from
from training.filters import filter_file
from training.filters.filter_file import InexactFilter
from training.methods import registry
from training.methods.cut.spec import CUT
from training.methods.cut.step import Cut
from training.running.checkpoint import Checkpoint
from training.running.run import RunFolder


def metadata(path: Path) -> dict[str, str]:
    return {entry.key: entry.value for entry in onnx.load(path).metadata_props}


def test_a_filter_carries_its_description(finished_run: Path) -> None:
    told = metadata(finished_run / "filter.onnx")
    checkpoint = Checkpoint.load(RunFolder(finished_run).latest_checkpoint())
    folders = [read_folder(Path(path), TINY_READING) for path in (checkpoint.config.source, checkpoint.config.target)]
    expected = {
        "format": "1",
        "identifier": "my-run",
        "title": "Étretat",
        "description": "",
        "source_domain": "source",
        "target_domain": "target",
        "method": "fastcut",
        "spatial_multiple": "4",
        "value_range": "-1,1",
        "licence": "",
        "images_seen": "6",
        "data_fingerprint": fingerprint(*folders),
    }
    assert {key: told[f"pleinair.{key}"] for key in expected} == expected
    assert told["pleinair.package_version"]
    assert len(told["pleinair.commit"]) == 40 or told["pleinair.commit"] == "unknown"


def test_the_thumbnail_shows_before_and_after(finished_run: Path) -> None:
    thumbnail = base64.b64decode(metadata(finished_run / "filter.onnx")["pleinair.thumbnail"])
    with Image.open(io.BytesIO(thumbnail)) as image:
        assert (image.format, image.size) == ("WEBP", (256, 128))
        halves = [np.asarray(image, dtype=float)[:, half] for half in (slice(0, 128), slice(128, 256))]
    assert np.abs(halves[0] - halves[1]).mean() > 5


def test_a_filter_is_one_file_with_free_sizes(finished_run: Path) -> None:
    model = onnx.load(finished_run / "filter.onnx", load_external_data=False)
    assert not any(tensor.external_data for tensor in model.graph.initializer)
    session = onnxruntime.InferenceSession(finished_run / "filter.onnx", providers=["CPUExecutionProvider"])
    (image,), (translated,) = session.get_inputs(), session.get_outputs()
    assert (image.name, translated.name, image.type) == ("image", "translated", "tensor(float)")
    for shape in ((1, 3, 16, 20), (3, 3, 64, 32)):
        (answer,) = session.run(None, {"image": np.zeros(shape, np.float32)})
        assert answer.shape == shape


def test_a_filter_tells_nothing_of_the_machine_that_trained_it(finished_run: Path) -> None:
    contents = (finished_run / "filter.onnx").read_bytes()
    for path in (Path(export.__file__).parent, Path(torch.__file__).parent, finished_run):
        assert str(path).encode() not in contents


def filled_checkpoint() -> Checkpoint:
    """A checkpoint whose generator's answers spread over the whole range, as a trained one's do."""
    method = Cut(tiny_config(width=16, blocks=3), torch.device("cpu"))
    fill(method.generator)
    return Checkpoint.of(method, method.config, images_seen=1, sample=picture(1, 32, 32), data_fingerprint="f")


def test_onnxruntime_answers_as_pytorch_does(tmp_path: Path) -> None:
    assert export_filter(filled_checkpoint(), tmp_path / "a.onnx", identifier="a") < 1e-4


def test_a_checkpoint_with_averaged_weights_is_exported_with_these(tmp_path: Path) -> None:
    checkpoint = filled_checkpoint()
    method = Cut(checkpoint.config, torch.device("cpu"))  # other weights: those that it starts with
    networks = {**checkpoint.networks, "generator_ema": method.generator.state_dict()}
    export_filter(replace(checkpoint, networks=networks), tmp_path / "a.onnx", identifier="a")
    session = onnxruntime.InferenceSession(tmp_path / "a.onnx", providers=["CPUExecutionProvider"])
    (translated,) = session.run(None, {"image": picture(3, 32, 32).numpy()})
    expected = method.generator(picture(3, 32, 32)).detach().numpy()
    np.testing.assert_allclose(translated, expected, atol=1e-4)


def test_an_export_builds_the_generator_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = replace(CUT, build=lambda config, device, world: pytest.fail("a whole method was built"))
    monkeypatch.setattr(registry, "METHODS", (spec,))
    written: list[nn.Module] = []
    monkeypatch.setattr(export, "write_filter", lambda network, path, **about: written.append(network))
    checkpoint = filled_checkpoint()
    export_filter(checkpoint, tmp_path / "a.onnx", identifier="a")
    for name, weight in written[0].state_dict().items():
        assert torch.equal(weight, checkpoint.networks["generator"][name]), name


def test_half_precision_takes_half_the_room_and_stays_close(tmp_path: Path) -> None:
    checkpoint = filled_checkpoint()
    export_filter(checkpoint, tmp_path / "full.onnx", identifier="full")
    difference = export_filter(checkpoint, tmp_path / "half.onnx", identifier="half", half=True)
    assert 1e-6 < difference < 2e-2
    session = onnxruntime.InferenceSession(tmp_path / "half.onnx", providers=["CPUExecutionProvider"])
    assert session.get_inputs()[0].type == session.get_outputs()[0].type == "tensor(float16)"
    assert (tmp_path / "half.onnx").stat().st_size < 0.6 * (tmp_path / "full.onnx").stat().st_size


def test_a_filter_that_differs_from_pytorch_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(filter_file.TOLERANCE, torch.float32, 0.0)
    with pytest.raises(InexactFilter, match="differs from PyTorch by"):
        export_filter(filled_checkpoint(), tmp_path / "a.onnx", identifier="a")
    assert list(tmp_path.iterdir()) == []


def test_any_checkpoint_can_be_exported_by_command(
    finished_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = finished_run / "checkpoints" / "images-000000006.pt"
    assert export.main([str(file), "-o", str(tmp_path / "new" / "a.onnx"), "--fp16"]) == 0
    assert metadata(tmp_path / "new" / "a.onnx")["pleinair.identifier"] == "my-run-fp16"
    assert "differs from PyTorch by at most" in capsys.readouterr().out


def test_exporting_what_is_not_there_is_refused_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export.main([str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith(f"error: {tmp_path} is not a training run")


def test_a_place_that_cannot_be_written_is_refused_in_a_sentence(
    finished_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export.main([str(finished_run), "-o", "/proc/a.onnx"]) == 2
    assert "cannot be written to /proc/a.onnx" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "identifier"), [("My Run", "my-run"), ("Étretat (2)", "tretat-2"), ("...", "filter"), ("a" * 80, "a" * 64)]
)
def test_any_name_gives_an_identifier(name: str, identifier: str) -> None:
    assert identifier_from(name) == identifier


@pytest.mark.parametrize(
    ("place", "domain"),
    [
        ("a/horse2zebra/trainA", "horse"),
        ("a/horse2zebra/trainB", "zebra"),
        ("a/x/trainA", "trainA"),
        ("my/monet.v2", "monet.v2"),
        ("my/étretat.jpg", "étretat"),
    ],
)
def test_a_domain_is_called_after_its_pictures(place: str, domain: str) -> None:
    assert domain_of(place) == domain
