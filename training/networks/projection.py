"""The projection head of PatchNCE: patch features to unit vectors (paper, section 3)."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from training.networks.initialise import xavier


class ProjectionHead(nn.Module):
    """One two-layer perceptron per tap, then L2 normalisation. It has 560,384 parameters for the paper's taps.

    ``channels``: the number of channels of each tap; ``width``: the length of the vectors.
    """

    def __init__(self, channels: Sequence[int], *, width: int = 256) -> None:
        super().__init__()
        self.taps = len(channels)
        for tap, inside in enumerate(channels):
            self.add_module(f"mlp_{tap}", nn.Sequential(nn.Linear(inside, width), nn.ReLU(), nn.Linear(width, width)))
        xavier(self)

    def forward(self, features: Sequence[Tensor], positions: Sequence[Tensor]) -> list[Tensor]:
        """Features (N, C_k, H_k, W_k) at positions (P_k,) of the flattened map -> unit vectors (N, P_k, width)."""
        vectors = []
        for tap, (feature, position) in enumerate(zip(features, positions, strict=True)):
            mlp = self.get_submodule(f"mlp_{tap}")
            patches = feature.flatten(2).index_select(2, position).transpose(1, 2)  # (N, P, C)
            vector = mlp(patches.to(next(mlp.parameters()).dtype))  # (N, P, width)
            vectors.append(vector / (vector.norm(dim=-1, keepdim=True) + 1e-7))
        return vectors
