"""Measures how far translated pictures are from real ones, and from the pictures they were made of.

``training.evaluate`` is the command for these measures; losses are in ``training.losses``.
"""

from training.metrics.structure import gradient_correlation
from training.metrics.wasserstein import Distance, PatchSet, patch_sliced_wasserstein, prepare_patches

__all__ = ["Distance", "PatchSet", "gradient_correlation", "patch_sliced_wasserstein", "prepare_patches"]
