"""OpenVINO, compiled for the one size, tensor to tensor."""

from __future__ import annotations

from typing import Any

from tests.benchmarks.serving.peers.base import Peer, Picture, Unavailable, to_picture, to_tensor
from tests.benchmarks.serving.setting import Setting


class OpenVino(Peer):
    """In float32 as the others: by default it computes in bfloat16 on processors that can."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        try:
            import openvino
        except ImportError as error:
            raise Unavailable("It is not installed; pip install 'pleinair[bench]'.") from error
        self._core: Any = openvino.Core()
        self._options = {
            "INFERENCE_NUM_THREADS": setting.threads,
            "INFERENCE_PRECISION_HINT": "f32",
            "PERFORMANCE_HINT": "LATENCY",
        }

    def load(self, pixels: Picture) -> None:
        self._tensor = to_tensor(pixels, self.setting.precision)
        model = self._core.read_model(str(self.setting.filter_path))
        model.reshape(list(self._tensor.shape))
        self._request = self._core.compile_model(model, "CPU", self._options).create_infer_request()

    def run(self) -> Any:
        return self._request.infer({0: self._tensor}, share_inputs=True, share_outputs=True)

    def picture(self, answer: Any) -> Picture:
        return to_picture(answer[0])
