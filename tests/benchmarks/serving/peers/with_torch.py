"""PyTorch as the published test script runs its networks: one picture at a time, in float32, a tensor to pixels."""

from __future__ import annotations

from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from tests.benchmarks.serving.network import open_generator
from tests.benchmarks.serving.peers.base import Peer, Picture, Unavailable, to_picture, to_tensor
from tests.benchmarks.serving.peers.matmul import Matmul
from tests.benchmarks.serving.setting import Setting
from training.computing.precision import use_cudnn


class Eager(Peer):
    """Without TensorFloat-32."""

    tf32 = False

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        _use(setting, tf32=self.tf32)
        self.generator: Any = open_generator(setting)

    def load(self, pixels: Picture) -> None:
        self._tensor = torch.from_numpy(to_tensor(pixels))

    def run(self) -> Picture:
        with torch.no_grad():
            translated: Tensor = self.generator(self._tensor.to(self.setting.device))
            return to_picture(translated.cpu().numpy())

    def picture(self, answer: Picture) -> Picture:
        return answer


class EagerTf32(Eager):
    """As PyTorch convolves on newer GPUs when nobody forbids it."""

    tf32 = True


class Compiled(Eager):
    """Compiled for the one size, as it is fastest."""

    def load(self, pixels: Picture) -> None:
        super().load(pixels)
        self.generator = torch.compile(open_generator(self.setting), dynamic=False)
        try:
            self.run()
        except Exception as error:  # each part of its tool chain has some of its own
            reason = str(error).strip().splitlines()[0][:200]
            raise Unavailable(f"torch.compile fails here ({reason}); it needs a C++ compiler.") from error


class TorchMatmul(Matmul):
    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        _use(setting, tf32=False)

    def take(self, matrix: NDArray[Any]) -> None:
        self._matrix = torch.from_numpy(matrix).to(self.setting.device)

    def run(self) -> Tensor:
        product = self._matrix @ self._matrix
        if self.setting.device == "cuda":
            torch.cuda.synchronize()
        return product


def _use(setting: Setting, *, tf32: bool) -> None:
    if setting.device == "cuda" and not torch.cuda.is_available():
        raise Unavailable("PyTorch finds no NVIDIA GPU; install its CUDA build and the driver.")
    torch.set_num_threads(setting.threads)
    use_cudnn(tf32=tf32)
