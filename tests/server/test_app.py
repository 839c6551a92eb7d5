"""The server as a whole: what it says at the start, and how it ends."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from grpc_health.v1 import health_pb2
from pleinair.inference import open_inference_pb2 as inference
from pleinair.v1 import filters_pb2
from pleinair.v1 import translation_pb2 as pb

from server.application import Application
from server.config import ServerConfig
from server.engine.backend import open_backend
from server.engine.onnxruntime.execution_providers import CPU
from server.engine.provider import Provider
from server.errors import StartProblem
from server.trainings.jobs.job import Job, State
from server.trainings.jobs.store import JobStore
from server.trainings.jobs.trainer import Trainer
from server.transports.grpc_aio import GrpcServer
from tests import factories
from tests.contract.connection import Connection, chunks_of, failing, frame_of

BIG = np.zeros((1024, 1024, 3), np.uint8)  # minutes for the slow filter
SOME = np.zeros((128, 128, 3), np.uint8)  # a second or two


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    factories.put(tmp_path, factories.identity())
    factories.put(tmp_path, factories.slow())
    return tmp_path


@contextmanager
def connected(folder: Path, **options: object) -> Iterator[tuple[factories.RunningServer, Connection]]:
    with factories.running_server(folder, **options) as server, grpc.insecure_channel(server.address) as channel:
        yield server, Connection(channel, folder)


def translating(connection: Connection, pixels: np.ndarray) -> Any:
    """A translation that has the device: the call."""
    call = connection.translation.Translate(iter([frame_of("slow", pixels), *chunks_of(pixels)]))
    assert next(call).progress.stage == pb.Progress.STAGE_TRANSLATING
    return call


def start_lines(folder: Path, **options: object) -> list[str]:
    with factories.running_server(folder, **options) as server:
        return server.application.start_lines(server.address)


def test_the_start_line_names_filters_address_and_provider(folder: Path) -> None:
    (line,) = start_lines(folder)
    pattern = (
        r"Pleinair \d+\.\d+\.\d+ serves 2 filters \(identity, slow\) on 127\.0\.0\.1:\d+ with CPUExecutionProvider"
    )
    assert re.fullmatch(pattern, line)
    assert ":0 " not in line


def test_every_file_that_is_not_served_has_a_line(folder: Path) -> None:
    factories.put_bytes(folder / "bad.onnx", b"nonsense")
    factories.put(folder, factories.foreign(), name="other")
    first, bad, other = start_lines(folder)
    assert "2 filters" in first
    assert bad.startswith("bad.onnx is not served: It is not an ONNX file")
    assert other.startswith("other.onnx is not served: It does not say how to use it")


def test_an_empty_folder_is_said_to_be_empty(tmp_path: Path) -> None:
    first, hint = start_lines(tmp_path)
    assert "serves no filters yet on 127.0.0.1:" in first
    assert hint.startswith(f"Put filters (.onnx files) into {tmp_path}")


def test_trainings_that_go_on_are_counted(tmp_path: Path) -> None:
    made = Job(id="a-3f9a", title="A", preset="sincut", filter_id="a", create_time=1.0, turn=1)
    store = JobStore(tmp_path / "trainings")
    for job in (made, replace(made, id="b-3f9a", state=State.FINISHED)):
        store.folder(job.id).path.mkdir(parents=True)
        store.save(job)
    assert start_lines(tmp_path, trainer=Trainer(fit=(sys.executable, "-c", "input()")))[-1] == "1 training continues."


def test_one_filter_is_not_called_filters(tmp_path: Path) -> None:
    factories.put(tmp_path, factories.identity())
    assert "serves 1 filter (identity) on" in start_lines(tmp_path)[0]


@pytest.mark.skipif(open_backend(Provider.CUDA).name != CPU, reason="here CUDA answers")
def test_the_cpu_answering_for_cuda_is_warned_of(folder: Path) -> None:
    first, warning = start_lines(folder, provider=Provider.CUDA)
    assert first.endswith("with CPUExecutionProvider")
    assert warning.startswith("Warning: The GPU cannot be used and the CPU answers instead")


def test_a_port_in_use_is_one_sentence(folder: Path) -> None:
    async def second(address: str) -> None:
        await GrpcServer(Application(ServerConfig(filters=folder, address=address, provider=Provider.CPU))).start()

    with (
        factories.running_server(folder) as server,
        pytest.raises(StartProblem, match=f"listen on {server.address}: the port is in use"),
    ):
        asyncio.run(second(server.address))


def test_stopping_what_has_not_started_is_harmless(folder: Path) -> None:
    async def stop() -> None:
        await GrpcServer(Application(ServerConfig(filters=folder, provider=Provider.CPU))).stop()

    asyncio.run(stop())


def test_draining_finishes_what_runs_and_refuses_what_comes(folder: Path) -> None:
    with connected(folder, grace=60) as (server, connection):
        running = translating(connection, SOME)
        health = connection.health.Watch(health_pb2.HealthCheckRequest())
        assert next(health).status == health_pb2.HealthCheckResponse.SERVING
        drained = server.do(server.server.drain())
        assert next(health).status == health_pb2.HealthCheckResponse.NOT_SERVING
        with failing() as failures:
            connection.is_well()
        assert (failures[0].code, failures[0].reason) == ("UNAVAILABLE", "SHUTTING_DOWN")
        assert not connection.inference.ServerReady(inference.ServerReadyRequest()).ready
        assert not connection.inference.ModelReady(inference.ModelReadyRequest(name="identity")).ready
        assert list(running)[-1].summary.filter_id == "slow"
        drained.result(60)


def test_the_connections_of_one_machine_are_one_client(folder: Path) -> None:
    with connected(folder, queue=4) as (server, connection):
        running = translating(connection, BIG)
        waiting = [connection.translation.Translate(iter([frame_of("slow", BIG), *chunks_of(BIG)])) for _ in range(2)]
        assert [next(call).progress.stage for call in waiting] == [pb.Progress.STAGE_QUEUED] * 2
        options = (("grpc.use_local_subchannel_pool", 1),)  # a connection of its own
        with grpc.insecure_channel(server.address, options) as channel, failing() as failures:
            Connection(channel, folder).is_well()
        assert "You already have 3 requests" in failures[0].sentence
        for call in (running, *waiting):
            call.cancel()


def test_what_outlasts_the_grace_period_is_ended_with_a_reason(folder: Path) -> None:
    with connected(folder, grace=0.1) as (server, connection):
        running = translating(connection, BIG)
        drained = server.do(server.server.drain())
        with failing() as failures:
            list(running)
        assert (failures[0].code, failures[0].reason) == ("UNAVAILABLE", "SHUTTING_DOWN")
        drained.result(60)


def test_watchers_are_told_that_the_server_goes(folder: Path) -> None:
    with connected(folder) as (server, connection):
        news = connection.filters.WatchFilters(filters_pb2.WatchFiltersRequest())
        assert next(news).filter.id == "identity"
        drained = server.do(server.server.drain())
        with failing() as failures:
            list(news)
        assert failures[0].reason == "SHUTTING_DOWN"
        drained.result(60)
