"""Answers and log lines tell nothing that is not theirs: no class of ours, no path, no trace, no forged line."""

from __future__ import annotations

import io
import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import MethodDescriptor
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2
from PIL import Image
from pleinair.inference import open_inference_pb2
from pleinair.v1 import filters_pb2, training_pb2, translation_pb2
from pleinair.v1.translation_pb2 import TranslateImageRequest

from server.errors import Reason
from tests.contract.connection import Connection, Failure, failing, failure_of
from tests.processes import serving
from tests.promises.forgeries import FORGED, MALFORMED, fill, path_of

pytestmark = pytest.mark.slow

FILES: tuple[Any, ...] = (health_pb2, reflection_pb2, open_inference_pb2, filters_pb2, training_pb2, translation_pb2)
METHODS: list[MethodDescriptor] = [
    method for file in FILES for service in file.DESCRIPTOR.services_by_name.values() for method in service.methods
]
LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ [\w.]+: .*|  \| .*")
TELLING = re.compile(r"<class|Traceback|google\.protobuf|\.py\b|Error\b(?! says)|0x[0-9a-f]{6}")


@dataclass(frozen=True)
class Told:
    """What a server told its callers and its operator, and the folder that it served."""

    answers: list[Failure]
    start: list[str]
    log: list[str]
    folder: Path


@pytest.fixture(scope="module", params=["text", "json"])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    folder = tmp_path_factory.mktemp("filters")
    fill(folder)
    with tempfile.TemporaryFile("w+") as log:
        with serving(folder, "--provider", "cpu", "--log", request.param, log=log.fileno()) as server:
            with grpc.insecure_channel(server.address) as channel:
                answers = [*_malformed(channel), *_refused(Connection(channel, folder))]
            server.process.terminate()
            assert server.process.stdout is not None
            start = [server.first_line, *server.process.stdout]
        log.seek(0)
        yield Told(answers, start, log.read().splitlines(), folder)


def test_every_failure_is_one_that_is_documented_with_a_reason(told: Told) -> None:
    assert len(told.answers) > len(METHODS)
    for answer in told.answers:
        assert answer.code != "UNKNOWN" and answer.reason in set(Reason) - {Reason.INTERNAL}, answer


def test_no_answer_names_a_class_a_path_or_a_trace(told: Told) -> None:
    for answer in told.answers:
        assert not TELLING.search(answer.sentence), answer.sentence
        assert str(told.folder) not in answer.sentence and str(Path(__file__).parents[2]) not in answer.sentence


def test_no_answer_can_be_taken_for_several_lines(told: Told) -> None:
    for answer in told.answers:
        assert answer.sentence.isprintable(), answer.sentence


def test_no_line_is_forged(told: Told) -> None:
    assert told.log
    for line in (*told.log, *(line.removesuffix("\n") for line in told.start)):
        assert line.isprintable() and not line.startswith("2026-12-01 00:00:00,000")
    for line in told.log:
        assert LINE.fullmatch(line) or isinstance(json.loads(line), dict)


def test_what_repeats_is_a_few_lines(told: Told) -> None:
    assert len("".join(told.log)) < 100 << 10
    assert not [line for line in told.log if "Traceback" in line]


def _malformed(channel: grpc.Channel) -> Iterator[Failure]:
    for method in METHODS:
        for message in MALFORMED:
            call: Any = channel.stream_stream(path_of(method))(_one(message), timeout=20)
            with suppress(grpc.RpcError):
                list(call)
            yield failure_of(call)


def _refused(connection: Connection) -> Iterator[Failure]:
    large = _png()
    for name, image in [(f"none{FORGED}", large), ("failing", large), ("failing", large), ("identity", b"nonsense")]:
        with failing() as failures:
            connection.translation.TranslateImage(TranslateImageRequest(filter_id=name, image=image))
        yield from failures


def _png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (60, 60), "red").save(file, "PNG")
    return file.getvalue()


def _one(message: bytes) -> Any:
    return iter([message])
