"""Checkpoints: everything that a run needs to go on, in one file that is whole or not there."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from training.config import FitConfig
from training.errors import InputError
from training.files import write_whole
from training.methods import Method

FORMAT = 1


@dataclass(frozen=True)
class Checkpoint:
    """``sample`` is one source picture (1, 3, h, w) in [-1, 1], for the filter's thumbnail."""

    config: FitConfig
    images_seen: int
    networks: Mapping[str, Mapping[str, Tensor]]
    optimisers: Mapping[str, Mapping[str, Any]]
    random: Mapping[str, Tensor]
    sample: Tensor
    data_fingerprint: str

    @classmethod
    def of(
        cls, method: Method, config: FitConfig, *, images_seen: int, sample: Tensor, data_fingerprint: str
    ) -> Checkpoint:
        return cls(
            config=config,
            images_seen=images_seen,
            networks={name: network.state_dict() for name, network in method.networks.items()},
            optimisers={name: optimiser.state_dict() for name, optimiser in method.optimisers.items()},
            random=_random_state(),
            sample=sample,
            data_fingerprint=data_fingerprint,
        )

    def restore(self, method: Method) -> None:
        """Sets networks, optimisers and random states to what they were."""
        for name, network in method.networks.items():
            network.load_state_dict(self.networks[name])
        for name, optimiser in method.optimisers.items():
            optimiser.load_state_dict(dict(self.optimisers[name]))
        torch.set_rng_state(self.random["cpu"])
        if "cuda" in self.random and torch.cuda.is_available():
            torch.cuda.set_rng_state(self.random["cuda"])

    def save(self, path: Path) -> None:
        """Raises OSError; ``path`` is then what it was before."""
        contents = {**vars(self), "format": FORMAT, "config": self.config.to_json()}
        buffer = io.BytesIO()
        torch.save(contents, buffer)
        write_whole(path, buffer.getbuffer())

    @classmethod
    def load(cls, path: Path) -> Checkpoint:
        """Reads tensors and plain values only, onto the CPU. Raises InputError."""
        try:
            contents = torch.load(path, map_location="cpu", weights_only=True)
            if contents.pop("format") != FORMAT:
                raise InputError(f"{path} was written by another version of Pleinair; train or export with that one.")
            config = FitConfig.from_json(contents.pop("config"))
            return cls(config=config, **contents)
        except InputError:
            raise
        except Exception:  # a damaged or foreign file raises nearly anything
            raise InputError(f"{path} is damaged or not a checkpoint of Pleinair; choose another checkpoint.") from None


def _random_state() -> dict[str, Tensor]:
    state = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state()
    return state
