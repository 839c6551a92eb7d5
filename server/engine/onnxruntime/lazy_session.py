"""A session of a whole network, opened when somebody needs it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import onnxruntime
from numpy.typing import NDArray

from server.engine.cancel import RunControl
from server.engine.feed import Feed, Precision
from server.engine.onnxruntime.binding import Binding
from server.engine.onnxruntime.run_options import run_options
from server.engine.onnxruntime.sessions import Sessions


class LazySession:
    """Runs a serialised model that is fed as ``feed`` says. Opening and running raise whatever onnxruntime raises."""

    def __init__(self, model: bytes, feed: Feed, sessions: Sessions) -> None:
        self._model = model
        self._feed = feed
        self._sessions = sessions

    @cached_property
    def opened(self) -> onnxruntime.InferenceSession:
        return self._sessions.open(self._model, half=self._feed.precision is Precision.FLOAT16)

    def run(self, values: NDArray[Any], control: RunControl) -> NDArray[Any]:
        """The network's answer, both as the network has them."""
        with run_options(self.opened, control) as options:
            # What is bound on a GPU would never go back.
            if self._binding is None or control.frees_memory:
                answers: list[NDArray[Any]]
                answers = self.opened.run([self._feed.output], {self._feed.input: values}, options)
                return answers[0]
            return self._binding.run(values, options)

    @cached_property
    def _binding(self) -> Binding | None:
        if self._sessions.on_cpu:
            return None
        return Binding(self.opened, input=self._feed.input, output=self._feed.output, device="cuda")
