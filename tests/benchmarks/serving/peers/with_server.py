"""The whole server in a process of its own, asked by a client in this one, over loopback."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor

from server.client.translations import Client
from tests.benchmarks.serving.peers.base import Peer, Picture, Unavailable
from tests.benchmarks.serving.setting import IDENTIFIER, Setting
from tests.processes import serving

MOST_PIXELS = 1 << 28
_HOURS = 6 * 3600


def server_options(setting: Setting) -> list[str]:
    """Of a server that only translates, refuses no size and gives the largest picture its time."""
    computing = ["--provider", setting.device, "--threads", str(setting.threads)]
    return [*computing, "--max-pixels", str(MOST_PIXELS), "--deadline", str(_HOURS), "--training", "off"]


class Served(Peer):
    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        running = serving(setting.filter_path.parent, *server_options(setting), log=subprocess.DEVNULL)
        self._server = self.parts.enter_context(running)
        self._client = self.parts.enter_context(Client(self._server.address))

    def load(self, pixels: Picture) -> None:
        self._pixels = pixels

    def run(self) -> Picture:
        translated, summary = self._client.translate(IDENTIFIER, self._pixels)
        if self.setting.device not in summary.execution_provider.lower():
            raise Unavailable(f"The server computes with {summary.execution_provider}, not on {self.setting.device}.")
        return translated

    def picture(self, answer: Picture) -> Picture:
        return answer

    @property
    def process_id(self) -> int:
        return self._server.process.pid


class ServedAtOnce(Served):
    """Several callers, each with one picture after the other: how many pictures a server gives in a time."""

    callers = 4
    pictures = 12

    def run(self) -> Picture:
        with ThreadPoolExecutor(self.callers) as callers:
            return list(callers.map(lambda _: super(ServedAtOnce, self).run(), range(self.pictures)))[-1]
