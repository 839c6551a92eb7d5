"""What the engine's control of a run is to onnxruntime."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import onnxruntime

from server.engine.cancel import RunControl
from server.engine.onnxruntime.execution_providers import CPU


@contextmanager
def run_options(session: onnxruntime.InferenceSession, control: RunControl) -> Iterator[onnxruntime.RunOptions]:
    """Options for one run of ``session``, which ends with an error when ``control`` is cancelled while they are
    entered."""
    options = onnxruntime.RunOptions()
    options.log_severity_level = 4  # its errors are raised too
    if control.frees_memory:
        arena = "cpu:0" if session.get_providers()[0] == CPU else "gpu:0"
        options.add_run_config_entry("memory.enable_memory_arena_shrinkage", arena)
    with control.token.hooked(lambda: setattr(options, "terminate", True)):
        yield options
