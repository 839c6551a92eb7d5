"""What a way to run the network has to offer."""

from __future__ import annotations

import contextlib
import os
from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.serving.setting import Setting

Picture = NDArray[np.uint8]  # H x W x 3


class Unavailable(Exception):
    """This machine cannot measure the peer; the text says why and, if anything helps, what."""


class Peer(ABC):
    """One way to run the setting's network, in a process of its own. Making it raises Unavailable.

    ``parts`` is what it has started and must end; ``pictures`` is how many times a run goes over the picture.
    """

    pictures = 1

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.parts = contextlib.ExitStack()

    @abstractmethod
    def load(self, pixels: Picture) -> None:
        """Gets ready to run on this picture; what that takes is not counted. Raises Unavailable."""

    @abstractmethod
    def run(self) -> Any:
        """What is timed."""

    @abstractmethod
    def picture(self, answer: Any) -> Picture:
        """What ``run`` gave, as a picture; not timed."""

    @property
    def process_id(self) -> int:
        """The process that computes."""
        return os.getpid()


def to_tensor(pixels: Picture, dtype: str = "float32") -> NDArray[Any]:
    """1 x 3 x H x W in [-1, 1]."""
    values = pixels.transpose(2, 0, 1)[None].astype(np.float32)
    values /= 127.5
    values -= 1
    return np.ascontiguousarray(values, dtype)


def to_picture(tensor: NDArray[Any]) -> Picture:
    """The inverse, rounded half up."""
    values: NDArray[np.float32] = np.clip(tensor[0].transpose(1, 2, 0).astype(np.float32), -1, 1)
    values = (values + 1) * np.float32(127.5) + np.float32(0.5)
    return values.astype(np.uint8)  # which rounds down
