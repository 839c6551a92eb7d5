"""What a server makes of odd files in its folder: each is served or refused, and the others are not touched by it."""

from __future__ import annotations

import time
from collections.abc import Set
from random import Random

import grpc
import numpy as np
from pleinair.v1 import filters_pb2

from tests.contract.connection import SECONDS
from tests.fuzz.holding import Broken, check_failure, check_text
from tests.fuzz.networks import network, put, remove
from tests.fuzz.sidecars import sidecar
from tests.fuzz.target import Target

_PATIENCE = 90.0  # seconds until a file is served or refused
_SIDES = (4, 24, 40, 129)


class Folder:
    """Of one server. An attempt is a file that comes, is used where it is served, and goes."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._before = {one.id for one in self._listed().filters}

    def attempt(self, dice: Random) -> None:
        """Raises Broken unless the file is served or refused in a sentence in time, and its answers are as they may."""
        name, folder = f"odd-{dice.randrange(10**9)}", self._target.server.folder
        data, described = network(dice)
        if dice.random() < 0.1:
            described = sidecar(dice).decode("utf-8", "replace")
        put(folder, name, data, described)
        try:
            for found in self._settled(name):
                self._use(found, dice.choice(_SIDES))
        finally:
            remove(folder, name)
        self._until_gone()

    def _settled(self, name: str) -> Set[str]:
        """The identifiers that the file has, once it is served; none when it is refused."""
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            listed = self._listed()
            reasons = [one.reason for one in listed.rejected_files if one.file_name == f"{name}.onnx"]
            if reasons:
                check_text(reasons[0], *self._target.places)
                return set()
            served = {one.id for one in listed.filters} - self._before
            if served:
                return served
            time.sleep(0.05)
        raise Broken(f"{name}.onnx was neither served nor refused within {_PATIENCE} seconds.")

    def _use(self, filter_id: str, side: int) -> None:
        pixels = np.full((side, side, 3), 200, np.uint8)
        try:
            self._target.connection.translate(filter_id, pixels)
        except grpc.RpcError as error:
            check_failure(error, *self._target.places)

    def _until_gone(self) -> None:
        until = time.monotonic() + _PATIENCE
        while {one.id for one in self._listed().filters} != self._before:
            if time.monotonic() > until:
                raise Broken("The filters are others than before, although the odd file is gone.")
            time.sleep(0.05)

    def _listed(self) -> filters_pb2.ListFiltersResponse:
        request = filters_pb2.ListFiltersRequest(page_size=200)
        return self._target.connection.filters.ListFilters(request, timeout=SECONDS)
