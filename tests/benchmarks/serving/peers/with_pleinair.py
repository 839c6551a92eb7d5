"""Our own engine, without a server: raw pixels to raw pixels. All that the benchmark knows of the engine is here."""

from __future__ import annotations

from server.engine.canvas import translate_canvas
from server.engine.device import Device, Provider
from server.engine.pixels import Channels, PixelFormat, SampleType, from_tensor, to_tensor
from server.filter_file import read_filter
from tests.benchmarks.serving.peers.base import Peer, Picture, Unavailable
from tests.benchmarks.serving.setting import Setting

_FORMAT = PixelFormat(Channels.RGB, SampleType.UINT8)


class Engine(Peer):
    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._device = Device(Provider(setting.device), threads=setting.threads)
        if self._device.warning:
            raise Unavailable(self._device.warning)
        self._filter = read_filter(setting.filter_path, self._device)

    def load(self, pixels: Picture) -> None:
        self._pixels = pixels

    def run(self) -> Picture:
        height, width, _ = self._pixels.shape
        tensor, _ = to_tensor(self._pixels.data.cast("B"), width=width, height=height, pixel_format=_FORMAT)
        translated = translate_canvas(
            self._filter.session,
            tensor,
            multiple=self._filter.description.spatial_multiple,
            options=self._device.run_options(),
        )
        return from_tensor(translated, None, _FORMAT)

    def picture(self, answer: Picture) -> Picture:
        return answer
