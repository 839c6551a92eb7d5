"""A filter's network as it is computed in pieces, read when somebody needs it."""

from __future__ import annotations

import hashlib
from functools import cached_property

from server.engine.feed import Feed
from server.engine.network.network import Network
from server.engine.network.reader import read_network
from server.engine.network.unsupported import UnsupportedNetwork
from server.engine.tiled.tiled_network import TiledNetwork, TiledNetworks


class InPieces:
    """Of a serialised model that is fed as ``feed`` says, among the networks that ``tiled_networks`` keep."""

    def __init__(self, model: bytes, feed: Feed, tiled_networks: TiledNetworks) -> None:
        self._model = model
        self._feed = feed
        self._tiled_networks = tiled_networks
        self._not_in_pieces: UnsupportedNetwork | None = None

    def tiled(self) -> TiledNetwork:
        """The network for pictures that are not computed at once. Raises UnsupportedNetwork."""
        if self._not_in_pieces is not None:
            raise self._not_in_pieces.again()
        try:
            return self._tiled_networks.network(self._sha256, self.read)
        except UnsupportedNetwork as error:
            self._not_in_pieces = error.again()
            raise

    def read(self) -> Network:
        """Its layers. Raises UnsupportedNetwork."""
        feed = self._feed
        return read_network(self._model, input=feed.input, output=feed.output, channels_last=feed.channels_last)

    @cached_property
    def _sha256(self) -> str:
        return hashlib.sha256(self._model).hexdigest()
