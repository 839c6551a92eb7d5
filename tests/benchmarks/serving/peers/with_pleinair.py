"""Our own engine, without a server: raw pixels to raw pixels. All that the benchmark knows of the engine is here."""

from __future__ import annotations

import numpy as np

from server.engine.backend import open_backend
from server.engine.cancel import CancelToken
from server.engine.pixels import Channels, PixelFormat, SampleType, Tensor
from server.engine.provider import Provider
from server.filters.filter_file import read_filter
from server.translation.picture import RawPicture
from tests.benchmarks.serving.peers.base import Peer, Picture, Unavailable
from tests.benchmarks.serving.setting import Setting

_FORMAT = PixelFormat(Channels.RGB, SampleType.UINT8)


class Engine(Peer):
    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._backend = open_backend(Provider(setting.device), threads=setting.threads)
        if self._backend.warning:
            raise Unavailable(self._backend.warning)
        self._network = read_filter(setting.filter_path, self._backend).network

    def load(self, pixels: Picture) -> None:
        height, width, _ = pixels.shape
        self._source = RawPicture(pixels, width=width, height=height, pixel_format=_FORMAT)
        self._plan = self._network.plan(height, width, self._backend.default_budget())

    def run(self) -> Picture:
        translated = np.empty((self._source.height, self._source.width, 3), np.uint8)
        filled = 0

        def take(rows: Tensor) -> None:
            nonlocal filled
            translated[filled : filled + rows.shape[2]] = self._source.samples(filled, rows)
            filled += rows.shape[2]

        self._source.prepare()
        for _ in self._network.translate([self._source], [take], self._plan, CancelToken()):
            pass
        return translated

    def picture(self, answer: Picture) -> Picture:
        return answer
