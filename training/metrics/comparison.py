"""Compares two folders of pictures by one metric after another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from training.errors import InputError
from training.metrics import inception, patch_sliced_wasserstein
from training.metrics.picture_files import PictureFiles
from training.metrics.report import Figures, Report


@dataclass(frozen=True)
class Comparison:
    """Compares real and generated pictures; ``seed`` is for drawing patches, directions and subsets."""

    real: PictureFiles
    generated: PictureFiles
    seed: int
    device: torch.device
    report: Report

    def warn_of_sizes(self) -> None:
        """Warns where real and generated pictures have different sizes."""
        if set(self.real.sizes) != set(self.generated.sizes):
            self.report.warnings.append(
                "the real and the generated pictures have different sizes, so the same things appear at different "
                "scales; compare these figures only with others from the same sizes"
            )

    def add_swd(self) -> None:
        """Adds the patch distance to the report. Raises InputError for pictures that are too small."""
        try:
            distance = patch_sliced_wasserstein(self.real, self.generated, seed=self.seed, device=self.device)
        except ValueError as error:
            raise InputError(f"swd cannot be measured: {error}; leave out swd or the small pictures.") from None
        levels = ", ".join(f"{level:.1f}" for level in distance.levels)
        text = f"{distance.mean:.1f}  patch distance in thousandths of a deviation; fine to coarse {levels}"
        values = {"mean": distance.mean, "levels": distance.levels, "seed": self.seed}
        self.report.metrics["swd"] = Figures(text, values)

    def add_inception(self, network: torch.nn.Module, weights: Path, metrics: list[str]) -> None:
        """Adds FID and KID to the report, if they are among the metrics. Raises InputError for single pictures."""
        counts = len(self.real), len(self.generated)
        if min(counts) < 2:
            raise InputError("FID and KID need at least two pictures on each side; measure single pictures with swd.")
        if not inception.are_published(weights):
            self.report.warnings.append(
                f"{weights} are not the published weights of FID: do not compare with published figures"
            )
        real, generated = (inception.features(side, network, self.device) for side in (self.real, self.generated))
        if "fid" in metrics:
            self._add_fid(real, generated)
        if "kid" in metrics:
            self._add_kid(real, generated)

    def _add_fid(self, real: torch.Tensor, generated: torch.Tensor) -> None:
        fid = inception.frechet_distance(real, generated)
        self.report.metrics["fid"] = Figures(
            f"{fid:.2f}  {inception.RESIZE}", {"value": fid, "resize": inception.RESIZE}
        )
        if min(len(real), len(generated)) < inception.FEWEST_FOR_FID:
            self.report.warnings.append(
                f"FID of fewer than {inception.FEWEST_FOR_FID} pictures a side ({len(real)} and {len(generated)} here) "
                "is biased upwards; compare it only with FIDs of equally many pictures, or use kid"
            )

    def _add_kid(self, real: torch.Tensor, generated: torch.Tensor) -> None:
        mean, deviation = inception.kernel_distance(real, generated, seed=self.seed)
        size = inception.subset_size(len(real), len(generated))
        text = f"{mean:.5f} +- {deviation:.5f} over subsets of {size}; {inception.RESIZE}"
        values = {"mean": mean, "deviation": deviation, "subset_size": size, "resize": inception.RESIZE}
        self.report.metrics["kid"] = Figures(text, {**values, "seed": self.seed})
