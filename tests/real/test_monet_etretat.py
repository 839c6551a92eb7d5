"""The main job on real pictures: a Monet painting and a photo of the same cliffs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from PIL import Image

from tests.processes import python, server_process

SINCUT_STEPS = 6


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_painting_is_translated_by_a_filter_trained_on_it(real_data: Path, fastcut_run: Path, tmp_path: Path) -> None:
    filters = tmp_path / "filters"
    python("training.export", str(fastcut_run), "-o", str(filters / "monet.onnx"), "--identifier", "monet")

    painting = real_data / "trainA" / "monet.jpg"
    with server_process(filters) as address:
        answer = tmp_path / "answer.png"
        python("server.translate", str(painting), "-o", str(answer), "--filter", "monet", "--address", address)

    before, after = (np.asarray(Image.open(path).convert("RGB"), dtype=float) for path in (painting, answer))
    assert after.shape == before.shape == (966, 1200, 3)
    assert np.abs(after - before).mean() > 5
    assert np.isfinite(after).all()
    assert np.abs(after - direct_answer(filters / "monet.onnx", before)).max() <= 1


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_sincut_learns_from_one_painting_and_one_photo(real_data: Path, tmp_path: Path) -> None:
    """The paper's networks for a few steps: losses stay finite and the filter translates the whole painting."""
    painting, photo = real_data / "trainA" / "monet.jpg", next((real_data / "trainB").iterdir())
    run = tmp_path / "run"
    options = ["--preset", "sincut", "--source", str(painting), "--target", str(photo), "--output", str(run)]
    python("training.fit", *options, "--images", str(16 * SINCUT_STEPS))

    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert rows[-1]["images"] == 16 * SINCUT_STEPS
    assert {"G_GAN", "NCE", "NCE_identity", "L1_identity", "D_real", "D_fake", "R1"} <= rows[-1].keys()
    assert all(np.isfinite(value) for row in rows for value in row.values())

    answer = tmp_path / "answer.png"
    python("server.translate", str(painting), "-o", str(answer), "--filter", str(run / "filter.onnx"))
    before, after = (np.asarray(Image.open(path).convert("RGB"), dtype=float) for path in (painting, answer))
    assert after.shape == before.shape
    assert np.abs(after - direct_answer(run / "filter.onnx", before, multiple=2)).max() <= 1


def direct_answer(path: Path, picture: np.ndarray, multiple: int = 4) -> np.ndarray:
    """What onnxruntime gives on the same filter, (h, w, 3) in 0 to 255, padded and cropped by hand."""
    height, width, _ = picture.shape
    padded = np.pad(picture, ((0, -height % multiple), (0, -width % multiple), (0, 0)), mode="reflect")
    image = (padded / 127.5 - 1).transpose(2, 0, 1)[None].astype(np.float32)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (translated,) = session.run(["translated"], {"image": image})
    return ((np.asarray(translated)[0].transpose(1, 2, 0)[:height, :width] + 1) * 127.5).clip(0, 255)
