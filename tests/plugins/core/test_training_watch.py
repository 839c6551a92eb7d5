"""How the followed training is watched, against servers that do what a test says."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import grpc
import pytest
from pleinair.v1 import training_pb2

from plugins.core import training_threads
from tests.plugins.client.test_faults import grpc_server
from tests.plugins.core.test_training import editor

ID = "etretat-3f9a"
RUNNING = training_pb2.TrainingJob(id=ID, state=training_pb2.TRAINING_STATE_RUNNING)
CANCELLED = training_pb2.TrainingJob(id=ID, state=training_pb2.TRAINING_STATE_CANCELLED)

Watching = Callable[[bytes, grpc.ServicerContext], Iterator[bytes]]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_threads, "FIRST_PAUSE", 0.02)
    monkeypatch.setattr(training_threads, "LIST_SECONDS", 30.0)


@contextmanager
def serving(watch: Watching, job: training_pb2.TrainingJob) -> Iterator[str]:
    """A server with one training, which is watched as ``watch`` says."""
    listed = training_pb2.ListTrainingsResponse(jobs=[job]).SerializeToString()
    told = training_pb2.GetTrainingResponse(job=job, log_tail=["It was cancelled."]).SerializeToString()
    service: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {
        "WatchTraining": grpc.unary_stream_rpc_method_handler(watch),
        "ListTrainings": grpc.unary_unary_rpc_method_handler(lambda request, context: listed),
        "GetTraining": grpc.unary_unary_rpc_method_handler(lambda request, context: told),
    }
    with grpc_server(grpc.method_handlers_generic_handler("pleinair.v1.TrainingService", service)) as address:
        yield address


@pytest.mark.parametrize(
    ("code", "again"),
    [
        (grpc.StatusCode.UNAUTHENTICATED, False),
        (grpc.StatusCode.PERMISSION_DENIED, False),
        (grpc.StatusCode.INVALID_ARGUMENT, False),
        (grpc.StatusCode.UNIMPLEMENTED, False),
        (grpc.StatusCode.UNAVAILABLE, True),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, True),
        (grpc.StatusCode.INTERNAL, True),
    ],
)
def test_a_refusal_is_told_and_not_asked_for_again_unless_it_may_pass(code: grpc.StatusCode, again: bool) -> None:
    asked = []

    def watch(request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        asked.append(request)
        context.abort(code, "no")
        yield b""

    with serving(watch, RUNNING) as address, editor(address, training=ID) as opened:
        if again:
            opened.until(lambda: len(asked) > 2)
            assert opened.trainings.problem is None
        else:
            sentence, remedy = opened.until(lambda: opened.trainings.problem)
            time.sleep(5 * training_threads.FIRST_PAUSE)
            assert sentence.endswith(".") and remedy.endswith(".") and len(asked) == 1
        assert opened.trainings.followed == ID


def test_a_training_is_watched_again_when_the_list_can_be_seen_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_threads, "LIST_SECONDS", 0.05)
    asked = []

    def watch(request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        asked.append(request)
        if len(asked) == 1:
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "no")
        yield training_pb2.WatchTrainingResponse(
            job=RUNNING, preview=training_pb2.TrainingPreview(png=b"seen")
        ).SerializeToString()

    with serving(watch, RUNNING) as address, editor(address, training=ID) as opened:
        opened.until(lambda: opened.trainings.seen.preview)
        opened.until(lambda: opened.trainings.problem is None)


def test_a_training_that_has_ended_is_over_whatever_is_told_after_that() -> None:
    asked = []

    def watch(request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        asked.append(request)
        yield training_pb2.WatchTrainingResponse(job=CANCELLED).SerializeToString()
        yield training_pb2.WatchTrainingResponse(preview=training_pb2.TrainingPreview()).SerializeToString()

    with serving(watch, CANCELLED) as address, editor(address, training=ID) as opened:
        assert opened.until(lambda: opened.trainings.seen.log) == ("It was cancelled.",)
        assert len(asked) == 1
