"""The losses of CUT, FastCUT and SinCUT."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

AdversarialLoss = Callable[[Tensor, bool], Tensor]


def patch_nce(query: Tensor, key: Tensor, temperature: float = 0.07, *, first: int = 0) -> Tensor:
    """Returns the PatchNCE loss of every patch (paper, equation 4), with negatives from the same group of patches.

    ``query`` (groups, patches, dim) and ``key`` (groups, candidates, dim) hold unit vectors; candidate ``first + p`` is
    the positive of query patch p, the group's other candidates are its negatives. A group is a picture, or the whole
    minibatch. Returns (groups, patches). Gradients reach the key too: detach it for CUT.
    """
    logits = torch.bmm(query, key.transpose(1, 2)) / temperature  # (groups, patches, candidates)
    groups, patches, _ = logits.shape
    positive = torch.arange(first, first + patches, device=logits.device).expand(groups, patches)
    return F.cross_entropy(logits.flatten(0, 1), positive.flatten(), reduction="none").view(groups, patches)


def patch_nce_with_bank(
    query: Tensor, key: Tensor, bank: Tensor, stored: Tensor, temperature: float = 0.07, *, internal: bool
) -> Tensor:
    """Returns PatchNCE against a bank of earlier keys (paper, section 4.3 and supplement; He et al., CVPR 2020).

    ``query`` and ``key`` (images, patches, dim) and ``bank`` (size, dim) hold unit vectors; ``stored`` (size,) says
    which places of the bank are filled. With ``internal`` the image's other patches are negatives too. The result is
    (images, patches).
    """
    images, patches, _ = query.shape
    external = (query @ bank.T).masked_fill(~stored, float("-inf"))  # (images, patches, size)
    if internal:
        near = torch.bmm(query, key.transpose(1, 2))  # (images, patches, patches)
        positive = torch.arange(patches, device=query.device)
    else:
        near = (query * key).sum(dim=-1, keepdim=True)  # (images, patches, 1)
        positive = torch.zeros(patches, dtype=torch.long, device=query.device)
    logits = torch.cat([near, external], dim=-1) / temperature
    labels = positive.expand(images, patches).flatten()
    return F.cross_entropy(logits.flatten(0, 1), labels, reduction="none").view(images, patches)


def lsgan(prediction: Tensor, real: bool) -> Tensor:
    """Least-squares loss of each image's prediction map (N, ...) against 1 (real) or 0: (N,). Mao et al., ICCV 2017."""
    return (prediction - float(real)).square().flatten(1).mean(dim=1)


def nonsaturating(prediction: Tensor, real: bool) -> Tensor:
    """Logistic loss of each image's prediction map (N, ...), as logits, against real or fake: (N,)."""
    return F.softplus(-prediction if real else prediction).flatten(1).mean(dim=1)


ADVERSARIAL: dict[str, AdversarialLoss] = {"lsgan": lsgan, "nonsaturating": nonsaturating}


def r1_penalty(discriminator: Callable[[Tensor], Tensor], real: Tensor) -> Tensor:
    """Returns the squared norm of the discriminator's gradient at each real picture: (N,). Mescheder et al., ICML 2018.

    It uses ``torch.func.grad`` and not ``torch.autograd.grad``, since torch.compile cannot trace a double backward.
    """

    def score(pictures: Tensor) -> Tensor:
        return discriminator(pictures).sum()  # pictures do not affect each other, so each keeps its own gradient

    gradient: Tensor = torch.func.grad(score)(real)
    return gradient.square().flatten(1).sum(dim=1)
