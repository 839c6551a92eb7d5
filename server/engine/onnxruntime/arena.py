"""The one memory in which all of onnxruntime's sessions on the CPU make their values."""

from __future__ import annotations

import functools
import threading

import numpy as np
import onnxruntime

from server.engine.cancel import CancelToken, RunControl
from server.engine.heap import trim
from server.engine.onnxruntime.execution_providers import CPU, open_session, probe_model, providers, session_options
from server.engine.onnxruntime.run_options import run_options

_opening = threading.Lock()


def sharing_options(threads: int) -> onnxruntime.SessionOptions:
    """Options for a session whose values lie in the shared memory: it is for whoever runs, so that networks do not each
    keep some of their own."""
    _share()
    options = session_options(threads)
    options.add_session_config_entry("session.use_env_allocators", "1")
    options.enable_mem_pattern = False  # of which every shape would keep one
    return options


def give_back() -> None:
    """Gives back to the system what is kept there for runs to come."""
    with _opening:
        session = _idle()
    with run_options(session, RunControl(CancelToken(), frees_memory=True)) as options:
        session.run(None, {"x": np.zeros(1, np.float32)}, options)
    trim()


@functools.cache
def _idle() -> onnxruntime.InferenceSession:
    """A session that computes nothing: only the end of a run gives memory back."""
    return open_session(probe_model(), sharing_options(1), providers(CPU, {}))


@functools.cache
def _share() -> None:
    """onnxruntime has one environment in a process, and one such memory in it."""
    place = onnxruntime.OrtMemoryInfo(
        "Cpu", onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, onnxruntime.OrtMemType.DEFAULT
    )
    onnxruntime.create_and_register_allocator(place, onnxruntime.OrtArenaCfg({}))
