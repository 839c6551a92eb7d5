"""FID (Heusel et al. 2017) and KID (Binkowski et al. 2018), computed by torch-fidelity from weights on this machine.

Pictures reach the network at 299 x 299, enlarged or reduced bilinearly as TensorFlow 1 does, without antialiasing.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from training.computing.vision import import_with_torchvision
from training.errors import InputError

RESIZE = "bilinear to 299 x 299 as in TensorFlow 1, no antialiasing"
FEWEST_FOR_FID = 2048  # with fewer, the covariance of 2048 features does not have full rank
_PUBLISHED = "6726825d"  # how the SHA-256 of the published weights begins
_SUBSETS, _SUBSET = 100, 1000  # of the KID paper's implementation
_BATCH = 32


def load_inception(path: Path, device: torch.device) -> nn.Module:
    """Loads the Inception network of FID with the weights in ``path``; nothing is downloaded.

    Raises InputError when torch-fidelity is not installed, or the file is missing or holds something else.
    """
    fidelity = _fidelity("feature_extractor_inceptionv3")
    if not path.is_file():
        raise InputError(
            f"There is no file {path}; name pt_inception-2015-12-05-6726825d.pth, the weights of FID, "
            "with --inception-weights, or leave fid and kid out of --metrics."
        )
    try:
        # torch-fidelity loads whatever a pickle holds, so everything but tensors must be refused first.
        torch.load(path, map_location="cpu", weights_only=True)
        network = fidelity.FeatureExtractorInceptionV3("inception", ["2048"], feature_extractor_weights_path=str(path))
    except Exception:  # a damaged or foreign file raises nearly anything
        raise InputError(
            f"{path} does not hold the weights of FID's Inception network; name pt_inception-2015-12-05-6726825d.pth."
        ) from None
    module: nn.Module = network.eval().to(device)
    return module


def are_published(path: Path) -> bool:
    """Returns whether these are the weights that published FIDs are computed with."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest().startswith(_PUBLISHED)


def features(pictures: Sequence[NDArray[np.uint8]], network: nn.Module, device: torch.device) -> Tensor:
    """Pictures (h, w, 3) of any sizes -> (n, features) float32 on the CPU, by a ``network`` like torch-fidelity's."""
    with torch.no_grad():
        return torch.cat([network(batch.to(device))[0].float().cpu() for batch in _batches(pictures)])


def frechet_distance(real: Tensor, generated: Tensor) -> float:
    """Returns the FID of features (n, f) and (m, f), from 0 for equal sets. Raises ValueError below two each."""
    _need_two(real, generated)
    fid = _fidelity("metric_fid")
    statistics = [fid.fid_features_to_statistics(side) for side in (real, generated)]
    return float(fid.fid_statistics_to_metric(*statistics, verbose=False)[fid.KEY_METRIC_FID])


def kernel_distance(real: Tensor, generated: Tensor, *, seed: int) -> tuple[float, float]:
    """Returns the KID of features (n, f) and (m, f): its mean and deviation over random subsets.

    A subset has 1000 pictures, or as many as the smaller set; the estimate is unbiased for any number. Raises
    ValueError below two pictures each.
    """
    _need_two(real, generated)
    kid = _fidelity("metric_kid")
    size = subset_size(len(real), len(generated))
    subsets = 1 if len(real) == len(generated) == size else _SUBSETS  # else every subset would be the whole
    found: dict[str, Any] = kid.kid_features_to_metric(
        real, generated, kid_subsets=subsets, kid_subset_size=size, rng_seed=seed, verbose=False
    )
    return found[kid.KEY_METRIC_KID_MEAN], found[kid.KEY_METRIC_KID_STD]


def subset_size(real: int, generated: int) -> int:
    return min(_SUBSET, real, generated)


def _fidelity(module: str) -> ModuleType:
    if importlib.util.find_spec("torch_fidelity") is None:
        raise InputError(
            "FID and KID need torch-fidelity, which is not installed; run pip install 'pleinair[metrics]'."
        )
    return import_with_torchvision(f"torch_fidelity.{module}")


def _batches(pictures: Sequence[NDArray[np.uint8]]) -> Iterator[Tensor]:
    """Yields batches uint8 (b, 3, h, w) of consecutive pictures of one size."""
    batch: list[NDArray[np.uint8]] = []
    for picture in pictures:
        if batch and (len(batch) == _BATCH or picture.shape != batch[0].shape):
            yield _stacked(batch)
            batch = []
        batch.append(picture)
    if batch:
        yield _stacked(batch)


def _stacked(batch: list[NDArray[np.uint8]]) -> Tensor:
    return torch.from_numpy(np.stack(batch)).permute(0, 3, 1, 2)


def _need_two(*sides: Tensor) -> None:
    if min(len(side) for side in sides) < 2:
        raise ValueError("FID and KID need at least two pictures on each side")
