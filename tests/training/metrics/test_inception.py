from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.training.factories import gradient, picture_folder
from training import evaluate
from training.computing.vision import import_with_torchvision
from training.errors import InputError
from training.metrics import inception

CPU = torch.device("cpu")

needs_fidelity = pytest.mark.skipif(
    importlib.util.find_spec("torch_fidelity") is None, reason="torch-fidelity is not installed (pleinair[metrics])"
)


def gaussian(count: int, mean: tuple[float, ...], deviation: float, seed: int) -> Tensor:
    """Points whose own mean and covariance are exactly these."""
    points = np.random.default_rng(seed).standard_normal((count, len(mean)))
    points -= points.mean(axis=0)
    points = points @ np.linalg.inv(np.linalg.cholesky(np.cov(points, rowvar=False))).T
    return torch.from_numpy(points * deviation + np.array(mean)).float()


class MeanColour(nn.Module):
    """A feature extractor as torch-fidelity's: a tuple of features of uint8 pictures."""

    def forward(self, pictures: Tensor) -> tuple[Tensor]:
        return (pictures.float().mean(dim=(2, 3)),)


@pytest.fixture(scope="session")
def random_inception(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """FID's network with random weights, saved as the published file is."""
    fidelity: Any = import_with_torchvision("torch_fidelity.feature_extractor_inceptionv3")

    class Untrained(fidelity.FeatureExtractorInceptionV3):  # type: ignore[misc]
        def load_state_dict(self, *arguments: Any, **options: Any) -> None:
            """Keeps the random weights it was made with."""

    folder = tmp_path_factory.mktemp("inception")
    torch.save({}, folder / "empty.pth")
    torch.manual_seed(0)
    network = Untrained("untrained", ["2048"], feature_extractor_weights_path=str(folder / "empty.pth"))
    torch.save(network.state_dict(), folder / "weights.pth")
    return folder / "weights.pth"


@needs_fidelity
def test_fid_of_two_gaussians_is_the_one_computed_by_hand() -> None:
    a, b = gaussian(50, (0, 0, 0), 1, seed=1), gaussian(40, (3, 4, 0), 3, seed=2)
    # |m1 - m2|^2 + trace(S1 + S2 - 2 sqrt(S1 S2)) = 25 + 3 (1 + 9 - 2 * 3)
    assert inception.frechet_distance(a, b) == pytest.approx(37, rel=1e-4)
    assert inception.frechet_distance(a, a) == pytest.approx(0, abs=1e-4)


@needs_fidelity
def test_kid_of_few_pictures_takes_subsets_as_large_as_the_smaller_set() -> None:
    a, b = torch.tensor([[0.0], [1.0]]), torch.tensor([[1.0], [2.0]])
    # k(x, y) = (x y + 1)^3: 2 k(0, 1) / 2 + 2 k(1, 2) / 2 - 2 (k(0, 1) + k(0, 2) + k(1, 1) + k(1, 2)) / 4
    assert inception.kernel_distance(a, b, seed=0) == pytest.approx((1 + 27 - (1 + 1 + 8 + 27) / 2, 0))
    assert inception.kernel_distance(a, torch.cat([b, b + 1]), seed=0)[1] > 0


@needs_fidelity
def test_one_picture_has_no_fid() -> None:
    with pytest.raises(ValueError, match="at least two pictures"):
        inception.frechet_distance(torch.zeros(1, 3), torch.zeros(5, 3))


def test_features_of_pictures_of_different_sizes_keep_their_order() -> None:
    pictures = [np.full((height, 8, 3), level, np.uint8) for level, height in enumerate((8, 8, 9, 8, 10, 10, 10))]
    assert inception.features(pictures, MeanColour(), CPU)[:, 0].tolist() == list(range(7))


@needs_fidelity
@pytest.mark.slow
def test_fid_and_kid_are_computed_from_weights_on_this_machine(
    tmp_path: Path, random_inception: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    real, generated = picture_folder(tmp_path / "real", 3), picture_folder(tmp_path / "generated", 2, seed=9)
    arguments = ["--real", str(real), "--generated", str(generated), "--inception-weights", str(random_inception)]
    assert evaluate.main([*arguments, "--metrics", "fid,kid", "--device", "cpu"]) == 0
    shown = capsys.readouterr()
    assert "over subsets of 2; bilinear to 299 x 299" in shown.out
    assert "FID of fewer than 2048 pictures a side (3 and 2 here) is biased" in shown.err
    assert "are not the published weights" in shown.err


@needs_fidelity
@pytest.mark.slow
def test_the_network_of_fid_answers_with_2048_features(random_inception: Path) -> None:
    network = inception.load_inception(random_inception, CPU)
    found = inception.features([np.asarray(gradient()), np.asarray(gradient(60, 50))], network, CPU)
    assert (tuple(found.shape), bool(found.isfinite().all())) == ((2, 2048), True)


@needs_fidelity
def test_weights_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"There is no file .*name pt_inception"):
        inception.load_inception(tmp_path / "weights.pth", CPU)


@needs_fidelity
@pytest.mark.parametrize("contents", ["text", {"weight": torch.zeros(2)}, [1, 2], print])
def test_a_file_of_something_else_is_refused(tmp_path: Path, contents: object) -> None:
    file = tmp_path / "weights.pth"
    file.write_text(contents) if isinstance(contents, str) else torch.save(contents, file)
    with pytest.raises(InputError, match="does not hold the weights of FID's Inception network"):
        inception.load_inception(file, CPU)


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.path", [])
    monkeypatch.delitem(__import__("sys").modules, "torch_fidelity", raising=False)
    with pytest.raises(InputError, match=r"not installed; run pip install 'pleinair\[metrics\]'"):
        inception.load_inception(tmp_path / "weights.pth", CPU)
