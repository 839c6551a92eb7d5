from __future__ import annotations

import io
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pleinair.common.events import ExitStatus
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.training.runs import arguments, go_on, stop_after
from tests.training.test_without_torch import HIDE_TORCH
from training import fit
from training.running.recording import metrics


def test_tensorboard_is_told_losses_and_previews_and_forgets_what_a_resumed_run_does_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "METRICS_SECONDS", math.inf)  # a slow machine would tell of every step
    stop_after(monkeypatch, 3)
    assert (
        fit.main(arguments(tmp_path, "--images", "9", "--checkpoint-every", "2", "--tensorboard"))
        == ExitStatus.INTERRUPTED
    )
    run = tmp_path / "run"
    (run / "checkpoints" / "images-000000003.pt").unlink()  # as if killed before it was written
    stop_after(monkeypatch, 2)
    assert go_on(run) == ExitStatus.INTERRUPTED

    told = EventAccumulator(str(run / "tensorboard")).Reload()
    assert set(told.Tags()["scalars"]) == {
        "learning_rate",
        "diversity",
        "change",
        "G_GAN",
        "NCE",
        "NCE_identity",
        "G",
        "D_real",
        "D_fake",
        "D",
    }
    assert [event.step for event in told.Scalars("G")] == [4]
    (shown,) = told.Images("preview")
    with Image.open(io.BytesIO(shown.encoded_image_string)) as image:
        preview = Image.open(run / "previews" / "images-000000004.png")
        assert np.array_equal(np.asarray(image), np.asarray(preview))


def test_tensorboard_that_is_not_installed_is_named_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(HIDE_TORCH.replace('"torch"', '"tensorboard"'))
    command = [sys.executable, "-m", "training.fit", *arguments(tmp_path, "--tensorboard")]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert "run pip install 'pleinair[tensorboard]'" in done.stderr
    assert not (tmp_path / "run").exists()
