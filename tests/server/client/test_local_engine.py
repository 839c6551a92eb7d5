"""What LocalEngine alone promises; what it has in common with Client is in test_translators."""

import os
import signal
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from server.client.local_engine import LocalEngine
from server.config import ServerConfig
from server.engine.backend import open_backend
from server.engine.onnxruntime.execution_providers import CPU
from server.engine.provider import Provider
from server.errors import StartProblem
from tests import factories

BIG = np.zeros((1024, 1024, 3), np.uint8)  # minutes for the slow filter


def engine(filters: Path) -> LocalEngine:
    return LocalEngine(ServerConfig(filters=filters, provider=Provider.CPU, threads=1))


def test_one_file_is_a_folder_of_one_filter(tmp_path: Path) -> None:
    file = factories.put(tmp_path, factories.inverting())
    factories.put(tmp_path, factories.identity())
    with engine(file) as local:
        assert [found.id for found in local.filters()] == ["inverting"]
        assert (local.translate("inverting", BIG[:2, :2])[0] == 255).all()


def test_a_path_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StartProblem, match=r"There is no .*nowhere; name a folder with filters, or one \.onnx file\."):
        engine(tmp_path / "nowhere")


@pytest.mark.skipif(open_backend(Provider.CUDA).name != CPU, reason="here CUDA answers")
def test_the_cpu_answering_for_cuda_is_warned_of(tmp_path: Path) -> None:
    with LocalEngine(ServerConfig(filters=tmp_path, provider=Provider.CUDA)) as local:
        assert local.warning is not None
        assert local.warning.startswith("The GPU cannot be used and the CPU answers instead")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_a_tensorrt_cache_that_others_can_open_is_one_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with pytest.raises(StartProblem, match=r"TensorRT's cache .+ is open to others"):
        LocalEngine(ServerConfig(filters=tmp_path, provider=Provider.TENSORRT, tensorrt_cache=tmp_path))


def test_nothing_is_warned_of_when_the_cpu_was_asked_for(tmp_path: Path) -> None:
    with engine(tmp_path) as local:
        assert local.warning is None


def test_ctrl_c_stops_onnxruntime(tmp_path: Path) -> None:
    factories.put(tmp_path, factories.slow())
    with engine(tmp_path) as local:
        press = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
        press.start()
        with pytest.raises(KeyboardInterrupt):
            local.translate("slow", BIG)
        press.join()
        local.translate("slow", BIG[:2, :2], timeout=30)
