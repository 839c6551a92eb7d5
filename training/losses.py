"""The losses of CUT."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

AdversarialLoss = Callable[[Tensor, bool], Tensor]


def patch_nce(query: Tensor, key: Tensor, temperature: float = 0.07) -> Tensor:
    """The PatchNCE loss of every patch (paper, equation 4), negatives from the same image.

    ``query`` and ``key`` hold unit vectors (images, patches, dim); patch p of the key is the positive of patch p of the
    query, the image's other patches are its negatives. Returns (images, patches). Gradients reach the key too: detach
    it for CUT.
    """
    logits = torch.bmm(query, key.transpose(1, 2)) / temperature  # (images, patches, patches)
    images, patches, _ = logits.shape
    positive = torch.arange(patches, device=logits.device).expand(images, patches)
    return F.cross_entropy(logits.flatten(0, 1), positive.flatten(), reduction="none").view(images, patches)


def lsgan(prediction: Tensor, real: bool) -> Tensor:
    """Least-squares loss of each image's prediction map (N, ...) against 1 (real) or 0: (N,). Mao et al., ICCV 2017."""
    return (prediction - float(real)).square().flatten(1).mean(dim=1)


def nonsaturating(prediction: Tensor, real: bool) -> Tensor:
    """Logistic loss of each image's prediction map (N, ...), as logits, against real or fake: (N,)."""
    return F.softplus(-prediction if real else prediction).flatten(1).mean(dim=1)


ADVERSARIAL: dict[str, AdversarialLoss] = {"lsgan": lsgan, "nonsaturating": nonsaturating}
