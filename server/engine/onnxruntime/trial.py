"""A network that onnxruntime opens for a few small pictures."""

from __future__ import annotations

from typing import Any

import onnxruntime
from numpy.typing import NDArray

from server.engine.cancel import RunControl
from server.engine.feed import Feed
from server.engine.onnxruntime.execution_providers import CPU, open_session, providers, session_options
from server.engine.onnxruntime.run_options import run_options


class OnnxruntimeTrial:
    """A Trial of a serialised model: on the CPU, in the caller's thread, without the optimising that takes most of the
    time to load. Raises whatever onnxruntime raises."""

    def __init__(self, model: bytes, feed: Feed) -> None:
        options = session_options(threads=1)
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        self._feed = feed
        self._session = open_session(model, options, providers(CPU, {}))

    def run(self, values: NDArray[Any], control: RunControl) -> NDArray[Any]:
        """See Trial."""
        with run_options(self._session, control) as options:
            answers: list[NDArray[Any]]
            answers = self._session.run([self._feed.output], {self._feed.input: values}, options)
            return answers[0]
