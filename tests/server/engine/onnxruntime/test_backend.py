"""What computes: what onnxruntime is asked for, and what is said when something else answers."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from server.engine.backend import Settings, open_backend
from server.engine.cancel import CancelToken
from server.engine.feed import Feed
from server.engine.onnxruntime.backend import OnnxruntimeBackend
from server.engine.onnxruntime.execution_providers import CPU, CUDA, TENSORRT
from server.engine.onnxruntime.sessions import Sessions
from server.engine.onnxruntime.tensorrt import EngineCache
from server.engine.provider import Provider
from tests import factories

needs_tensorrt = pytest.mark.skipif(
    TENSORRT not in onnxruntime.get_available_providers(), reason="onnxruntime was made without it"
)


@pytest.fixture
def handed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The providers of every real session that is opened, in order."""
    handed: list[Any] = []

    class Telling(onnxruntime.InferenceSession):  # type: ignore[misc]
        def __init__(self, *arguments: Any, **named: Any) -> None:
            handed.append(named["providers"])
            super().__init__(*arguments, **named)

    monkeypatch.setattr(onnxruntime, "InferenceSession", Telling)
    return handed


def names(providers: list[Any]) -> list[str]:
    return [provider if isinstance(provider, str) else provider[0] for provider in providers]


@needs_tensorrt
def test_tensorrt_is_asked_for_first_and_cuda_and_the_cpu_stand_behind_it(tmp_path: Path, handed: list[Any]) -> None:
    open_backend(Provider.TENSORRT, tensorrt_cache=tmp_path / "cache")
    assert names(handed[0]) == [TENSORRT, CUDA, CPU]
    assert [names(providers)[0] for providers in handed] == [TENSORRT, CUDA][: len(handed)]
    behind = handed[0][1:]
    handed.clear()
    open_backend(Provider.CUDA)
    assert behind == handed[0]  # with the options that CUDA has without TensorRT


@needs_tensorrt
@pytest.mark.parametrize("half", [False, True])
def test_tensorrt_is_handed_the_cache_of_the_network(tmp_path: Path, handed: list[Any], half: bool) -> None:
    model = factories.inverting().SerializeToString()
    with contextlib.suppress(RuntimeError):  # where it cannot be used
        Sessions(TENSORRT, 1, EngineCache(tmp_path)).open(model, half=half)
    _, options = handed[-1][0]
    assert options == EngineCache(tmp_path).options(model, half=half)


def test_sessions_are_opened_on_what_answers_and_parts_never_with_tensorrt(tmp_path: Path, handed: list[Any]) -> None:
    name = open_backend(Provider.TENSORRT, tensorrt_cache=tmp_path / "cache").name
    sessions = Sessions(name, 1, EngineCache(tmp_path / "cache"))
    model = factories.inverting().SerializeToString()
    handed.clear()
    assert sessions.open(model).get_providers()[0] == names(handed[0])[0] == name
    sessions.open_part(model)
    assert names(handed[1])[0] == (CPU if name == CPU else CUDA)


def test_the_cpu_opens_what_is_used_once_and_nothing_but_what_it_is_given(handed: list[Any]) -> None:
    device = OnnxruntimeBackend(Provider.CPU, Settings(threads=1))
    opened = device.open(factories.inverting().SerializeToString(), Feed())
    assert handed == []  # until it is used
    for _ in range(2):
        opened.whole.compute(np.zeros((1, 3, 4, 4), np.float32), CancelToken())
    assert handed == [[CPU]]


@pytest.mark.parametrize("provider", [Provider.CUDA, Provider.TENSORRT])
def test_whatever_answers_instead_is_a_warning(
    provider: Provider, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    device = open_backend(provider, tensorrt_cache=tmp_path / "cache")
    words = {
        (Provider.TENSORRT, TENSORRT): None,
        (Provider.CUDA, CUDA): None,
        (Provider.TENSORRT, CUDA): "TensorRT cannot be used and CUDA answers instead",
        (provider, CPU): "The GPU cannot be used and the CPU answers instead",
    }[provider, device.name]
    assert (device.warning or "").startswith(words or "")
    assert (device.warning is None) == (words is None)
    assert capfd.readouterr().out == ""  # standard output begins with the start-up line


def test_only_a_gpu_is_warmed_up_and_with_the_largest_first() -> None:
    assert open_backend(Provider.CPU, threads=1, warm_up=(256, 512)).warm_up == ()
    gpu = open_backend(Provider.CUDA, warm_up=(256, 1024, 512))
    assert gpu.warm_up == (() if gpu.name == CPU else (1024, 512, 256))
