"""The real pictures, and filters that were trained on them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.processes import python

VARIABLE = "PLEINAIR_REAL_DATA"
SMALL = ["--width", "16", "--blocks", "4", "--discriminator-width", "16", "--crop-size", "128", "--load-size", "144"]


@pytest.fixture(scope="session")
def real_data() -> Path:
    """A folder with trainA/monet.jpg and a photo in trainB."""
    if VARIABLE not in os.environ:
        pytest.skip(f"{VARIABLE} does not name the folder with the real pictures")
    return Path(os.environ[VARIABLE]) / "monet_etretat"


@pytest.fixture(scope="session")
def fastcut_run(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the paper's architecture, small."""
    run = tmp_path_factory.mktemp("fastcut") / "run"
    _train(real_data, run, "--patches", "64", "--images", "60")
    return run


@pytest.fixture(scope="session")
def cyclegan_run(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of CycleGAN's architecture: strides and transposed convolutions instead of blurs."""
    run = tmp_path_factory.mktemp("cyclegan") / "run"
    _train(real_data, run, "--patches", "64", "--images", "30", "--no-antialias", "--no-antialias-up")
    return run


def _train(real_data: Path, run: Path, *options: str) -> None:
    python("training.fit", "--preset", "fastcut", "--dataroot", str(real_data), "--output", str(run), *SMALL, *options)
