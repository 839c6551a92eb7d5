"""One filter in onnxruntime."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from server.engine.device import Device
from server.engine.pixels import Tensor


@dataclass(frozen=True)
class Feed:
    """How a graph wants its picture. The defaults are those of a filter; other models say theirs in a sidecar."""

    input: str = "image"
    output: str = "translated"
    channels_last: bool = False
    input_range: tuple[float, float] = (-1.0, 1.0)  # the values for black and white
    output_range: tuple[float, float] = (-1.0, 1.0)


class FilterSession:
    """Runs a graph; from outside it is always (1, 3, h, w) float32 in [-1, 1] to the same."""

    def __init__(self, contents: bytes, feed: Feed, device: Device) -> None:
        """``contents`` is a whole ONNX file. Raises whatever onnxruntime raises for what it cannot load."""
        options = ort.SessionOptions()
        options.log_severity_level = 3  # its warnings are about graph optimisation, which no operator can act on
        self._session = ort.InferenceSession(contents, options, providers=list(device.providers))
        self._feed = feed
        input_type = next(value.type for value in self._session.get_inputs() if value.name == feed.input)
        self.half = input_type == "tensor(float16)"
        self.provider = str(self._session.get_providers()[0])

    def run(self, tensor: Tensor, options: ort.RunOptions | None = None) -> Tensor:
        """Raises what onnxruntime raises, also when ``options.terminate`` was set meanwhile."""
        feed = self._feed
        image = _rescale(tensor, (-1.0, 1.0), feed.input_range)
        if feed.channels_last:
            image = image.transpose(0, 2, 3, 1)
        image = np.ascontiguousarray(image, dtype=np.float16 if self.half else np.float32)
        (answer,) = self._session.run([feed.output], {feed.input: image}, options)
        answer = np.asarray(answer, dtype=np.float32)
        if feed.channels_last:
            answer = answer.transpose(0, 3, 1, 2)
        return _rescale(answer, feed.output_range, (-1.0, 1.0))


def _rescale(values: NDArray[Any], have: tuple[float, float], want: tuple[float, float]) -> NDArray[Any]:
    if have == want:
        return values
    scale = np.float32((want[1] - want[0]) / (have[1] - have[0]))
    return (values - np.float32(have[0])) * scale + np.float32(want[0])
