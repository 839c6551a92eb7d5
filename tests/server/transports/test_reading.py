"""When a call's message is read: once the call is admitted, for it may be large."""

from __future__ import annotations

from pathlib import Path

import grpc
import pytest
from pleinair.v1 import translation_pb2 as pb

from tests import factories
from tests.contract.connection import Connection
from tests.contract.translations import Slow
from tests.promises.by_hand import call_by_hand

RESOURCE_EXHAUSTED = "8"


@pytest.mark.parametrize(
    "method", ["pleinair.v1.TranslationService/TranslateImage", "inference.GRPCInferenceService/ModelInfer"]
)
def test_a_call_that_is_not_admitted_is_refused_before_its_message_comes(tmp_path: Path, method: str) -> None:
    factories.put(tmp_path, factories.slow())
    with (
        factories.running_server(tmp_path, queue=1) as server,
        grpc.insecure_channel(server.address) as channel,
    ):
        running = Slow(Connection(channel, tmp_path))
        running.await_stage(pb.Progress.STAGE_TRANSLATING)
        with call_by_hand(server.address, f"/{method}") as call:
            call.begin()
            call.await_end(seconds=5)
            assert call.headers["grpc-status"] == RESOURCE_EXHAUSTED
        running.call.cancel()
