"""Scores a run while it trains: how far its translations are from target pictures."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from training.data.display import as_rgb
from training.metrics import patch_sliced_wasserstein, prepare_patches

# The score of a translating function, (n, c, h, w) to the same size in [-1, 1]; lower is better.
Scorer = Callable[[Callable[[Tensor], Tensor]], float]
PICTURES = 16  # of each domain, at most


def translation_score(sources: Tensor, targets: Tensor) -> Scorer:
    """Returns a scorer: the patch distance between targets and translations of the sources, its mean over the levels.

    Both are (n, c, h, w) in [-1, 1], h and w at least 16. Equal translations get equal scores.
    """
    real = prepare_patches(list(as_rgb(targets)), seed=0)

    def score(translate: Callable[[Tensor], Tensor]) -> float:
        translated = [as_rgb(translate(source[None]))[0] for source in sources]
        return patch_sliced_wasserstein(real, translated).mean

    return score
