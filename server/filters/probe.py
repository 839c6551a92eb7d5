"""Gives a network grey pictures to find out what it answers."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.engine.backend import Backend, Trial
from server.engine.cancel import CancelToken, RunControl
from server.engine.failure import NetworkFault, cause
from server.engine.feed import Feed
from server.errors import FilterProblem, LackOfMemory, PassingProblem
from server.filters.trial import Probe, Shape

_log = logging.getLogger(__name__)


def open_probe(model: bytes, feed: Feed, backend: Backend) -> Probe:
    """A Probe of a serialised model. Raises FilterProblem where the backend cannot load it, PassingProblem where that
    may lie in the machine; and the probe itself does."""
    try:
        trial = backend.open_for_trial(model, feed)
    except Exception as error:
        said = _cause(error, backend)
        raise FilterProblem(
            f"{backend.library} cannot load it ({said}); export it for version {backend.version}."
        ) from error
    return lambda height, width: _answer(trial, backend, feed, height, width)


def _answer(trial: Trial, backend: Backend, feed: Feed, height: int, width: int) -> Shape:
    values = feed.to_network(np.zeros((1, 3, height, width), np.float32))
    try:
        answer = trial.run(values, RunControl(CancelToken()))
    except Exception as error:
        _cause(error, backend)
        raise
    _check_values(answer)
    shape = answer.shape
    if feed.channels_last and len(shape) == 4:
        shape = (shape[0], shape[3], shape[1], shape[2])
    _check_counts(feed, shape)
    return shape


def _cause(error: Exception, backend: Backend) -> str:
    """What an error says of the network. Raises PassingProblem for one that says nothing of it."""
    if backend.is_lack_of_memory(error):
        raise LackOfMemory(
            "There is not enough memory to try it on a small picture; free some, or export a smaller network."
        ) from error
    said = cause(error)
    if said is None or isinstance(error, OSError):
        _log.error("A network could not be tried.", exc_info=error)
        raise PassingProblem(
            "It could not be tried on a small picture for a reason that was not foreseen; start the server again, and"
            " report it if that does not help."
        ) from error
    return said


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
