"""Checkpoints: everything that a run needs to continue, in one file that is either complete or absent."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from pleinair.common.files import write_whole
from torch import Tensor

from training.config import FitConfig
from training.errors import InputError
from training.methods.method import Method
from training.methods.registry import config_from_json
from training.running.ema import GeneratorAverages, averaged

FORMAT = 1
# How an optimiser computes, not what: the resuming run's own device decides these, not the one that saved them.
_MANNERS = frozenset({"fused", "foreach", "capturable", "differentiable"})


class DamagedCheckpoint(InputError):
    """Raised for a file that is no longer what was written, or never was a checkpoint."""


@dataclass(frozen=True)
class Checkpoint:
    """The state of a run. ``networks`` are the method's, and the averages of its generators if there are any.

    ``sample`` is one source picture (1, c, h, w) in [-1, 1], for the filter's thumbnail; a lower ``score`` is better.
    """

    config: FitConfig
    images_seen: int
    networks: Mapping[str, Mapping[str, Tensor]]
    optimisers: Mapping[str, Mapping[str, Any]]
    random: Mapping[str, Tensor]
    sample: Tensor
    data_fingerprint: str
    score: float | None = None

    @classmethod
    def of(
        cls,
        method: Method,
        config: FitConfig,
        *,
        images_seen: int,
        sample: Tensor,
        data_fingerprint: str,
        average: GeneratorAverages | None = None,
        score: float | None = None,
    ) -> Checkpoint:
        networks = {name: network.state_dict() for name, network in method.networks.items()}
        averages = average.networks if average else {}
        return cls(
            config=config,
            images_seen=images_seen,
            networks={**networks, **averages},
            optimisers={name: optimiser.state_dict() for name, optimiser in method.optimisers.items()},
            random=_random_state(_device(method)),
            sample=sample,
            data_fingerprint=data_fingerprint,
            score=score,
        )

    def restore(self, method: Method, average: GeneratorAverages | None = None) -> None:
        """Sets networks, optimisers and random states to what they were. Raises InputError when they do not fit."""
        try:
            for name, network in method.networks.items():
                network.load_state_dict(self.networks[name])
            for name, optimiser in method.optimisers.items():
                optimiser.load_state_dict(_computed_as(optimiser, self.optimisers[name]))
            if average:
                average.load(self.networks)
            _set_random_state(self.random, _device(method))
        except (KeyError, RuntimeError, TypeError, ValueError):
            raise InputError(
                f"The checkpoint at {self.images_seen} images does not fit the networks of {self.config.method}; "
                "choose another checkpoint, or the version of Pleinair that wrote it."
            ) from None

    def weights_of(self, generator: str) -> Mapping[str, Tensor]:
        """Returns the generator's weights, averaged if it has an average."""
        return self.networks.get(averaged(generator), self.networks[generator])

    def save(self, path: Path) -> None:
        """Writes the checkpoint to ``path``. Raises OSError, and then ``path`` is what it was before."""
        contents = {**vars(self), "format": FORMAT, "config": self.config.to_json()}
        buffer = io.BytesIO()
        torch.save(contents, buffer)
        write_whole(path, buffer.getbuffer())

    @classmethod
    def load(cls, path: Path) -> Checkpoint:
        """Reads a checkpoint onto the CPU, only tensors and plain values. Raises InputError, and its subclass
        DamagedCheckpoint for a file that is not a whole checkpoint."""
        try:
            file = io.BytesIO(path.read_bytes())
        except OSError as error:
            raise InputError(
                f"The checkpoint {path} cannot be read ({error.strerror}); choose a file that can be read."
            ) from None
        try:
            _check_sums(file)
            contents = torch.load(file, map_location="cpu", weights_only=True)
            if contents.pop("format") != FORMAT:
                raise InputError(f"{path} was written by another version of Pleinair; train or export with that one.")
            config = config_from_json(contents.pop("config"))
            return cls(config=config, **contents)
        except InputError:
            raise
        except Exception:  # a damaged or foreign file raises nearly anything
            raise DamagedCheckpoint(
                f"{path} is damaged or not a checkpoint of Pleinair; choose another checkpoint."
            ) from None


def _check_sums(file: io.BytesIO) -> None:
    """Raises BadZipFile for damage that torch.load overlooks: it does not check the sums that torch.save writes."""
    with zipfile.ZipFile(file) as archive:
        if damaged := archive.testzip():
            raise zipfile.BadZipFile(damaged)
    file.seek(0)


def _computed_as(optimiser: torch.optim.Optimizer, saved: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the saved state of an optimiser, to be computed with as ``optimiser`` does. Raises ValueError when the
    groups do not fit."""
    pairs = zip(saved["param_groups"], optimiser.param_groups, strict=True)
    groups = [{**group, **{name: value for name, value in own.items() if name in _MANNERS}} for group, own in pairs]
    return {**saved, "param_groups": groups}


def _device(method: Method) -> torch.device:
    return next(parameter for network in method.networks.values() for parameter in network.parameters()).device


def _random_state(device: torch.device) -> dict[str, Tensor]:
    """Returns the states of the random generators that training draws from: the CPU's and the device's."""
    state = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    if device.type == "mps":
        state["mps"] = torch.mps.get_rng_state()
    return state


def _set_random_state(state: Mapping[str, Tensor], device: torch.device) -> None:
    torch.set_rng_state(state["cpu"])
    if device.type == "cuda" and "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"], device)
    if device.type == "mps" and "mps" in state:
        torch.mps.set_rng_state(state["mps"])
