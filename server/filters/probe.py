"""Gives a network grey pictures to find out what it answers."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.engine.backend import Backend, Trial
from server.engine.cancel import CancelToken, RunControl
from server.engine.failure import NetworkFault, cause
from server.engine.feed import Feed
from server.errors import FilterProblem
from server.filters.trial import Probe, Shape


def open_probe(model: bytes, feed: Feed, backend: Backend) -> Probe:
    """A Probe of a serialised model. Raises FilterProblem where the backend cannot load it, and MemoryError."""
    try:
        return partial(_answer, backend.open_for_trial(model, feed), feed)
    except MemoryError:
        raise
    except Exception as error:
        said = cause(error)
        raise FilterProblem(
            f"{backend.library} cannot load it{f' ({said})' if said else ''}; export it for version {backend.version}."
        ) from error


def _answer(trial: Trial, feed: Feed, height: int, width: int) -> Shape:
    values = feed.to_network(np.zeros((1, 3, height, width), np.float32))
    try:
        answer = trial.run(values, RunControl(CancelToken()))
    except Exception as error:
        if trial.is_lack_of_memory(error):
            raise MemoryError from error
        raise
    _check_values(answer)
    shape = answer.shape
    if feed.channels_last and len(shape) == 4:
        shape = (shape[0], shape[3], shape[1], shape[2])
    _check_counts(feed, shape)
    return shape


def _check_values(answer: NDArray[Any]) -> None:
    if not isinstance(answer, np.ndarray) or answer.dtype.kind not in "fiu":
        raise NetworkFault("The network answered with what are no numbers.")
    if answer.size and not np.isfinite([answer.min(), answer.max()]).all():
        raise NetworkFault("The network answered with values that are not finite.")


def _check_counts(feed: Feed, shape: Shape) -> None:
    for key, numbers in (("output_mean", feed.output_mean), ("output_std", feed.output_std)):
        if len(shape) == 4 and len(numbers) not in (0, 1, shape[1]):
            raise FilterProblem(
                f"The sidecar beside it has {len(numbers)} numbers in '{key}', and its answer {shape[1]} channels;"
                " write one number, or one for each channel."
            )
