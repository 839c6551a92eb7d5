"""onnxruntime with its defaults, from a tensor on the device to a tensor on the device: nothing but computing."""

from __future__ import annotations

from typing import Any

import onnxruntime
from numpy.typing import NDArray
from onnx import helper

from tests.benchmarks.serving.peers.base import Peer, Picture, Unavailable, to_picture, to_tensor
from tests.benchmarks.serving.peers.matmul import Matmul
from tests.benchmarks.serving.setting import Setting

PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}


def open_session(model: str | bytes, setting: Setting) -> Any:
    """An onnxruntime.InferenceSession on the setting's device. Raises Unavailable when that device does not answer."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = setting.threads
    provider = PROVIDERS[setting.device]
    if setting.device == "cuda":
        onnxruntime.preload_dlls()
    session = onnxruntime.InferenceSession(model, options, providers=[provider])
    if session.get_providers()[0] != provider:
        raise Unavailable("onnxruntime cannot use the GPU; pip install 'onnxruntime-gpu[cuda,cudnn]'.")
    return session


class BareSession(Peer):
    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._session = open_session(str(setting.filter_path), setting)

    def load(self, pixels: Picture) -> None:
        tensor = to_tensor(pixels, self.setting.precision)
        self._binding = self._session.io_binding()
        self._input = onnxruntime.OrtValue.ortvalue_from_numpy(tensor, self.setting.device, 0)
        self._binding.bind_ortvalue_input(self._session.get_inputs()[0].name, self._input)
        self._binding.bind_output(self._session.get_outputs()[0].name, self.setting.device, 0)

    def run(self) -> Any:
        self._session.run_with_iobinding(self._binding)
        self._binding.synchronize_outputs()
        return self._binding

    def picture(self, answer: Any) -> Picture:
        return to_picture(answer.copy_outputs_to_cpu()[0])


class OnnxruntimeMatmul(Matmul):
    def take(self, matrix: NDArray[Any]) -> None:
        element = helper.np_dtype_to_tensor_dtype(matrix.dtype)
        ends = [helper.make_tensor_value_info(name, element, matrix.shape) for name in ("x", "y")]
        graph = helper.make_graph([helper.make_node("MatMul", ["x", "x"], ["y"])], "matmul", ends[:1], ends[1:])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
        self._session = open_session(model.SerializeToString(), self.setting)
        self._matrix = matrix

    def run(self) -> Any:
        return self._session.run(None, {"x": self._matrix})
