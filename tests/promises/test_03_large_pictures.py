"""A picture's size is read in its header and refused there, and decoded pictures stay within --memory."""

from __future__ import annotations

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from PIL import Image
from pleinair.v1 import translation_pb2 as pb

from tests import factories
from tests.contract.connection import Connection, Failure, failing, failure_of
from tests.processes import ServerProcess, serving
from tests.promises.large_pictures import declaring, plain_png
from tests.promises.length import counted
from tests.promises.usage import forget_peak, usage

pytestmark = pytest.mark.slow

MIB = 1 << 20
MEMORY = 256 * MIB
BESIDE = 96 * MIB  # what Python, gRPC and onnxruntime take for themselves once there is work
AT_ONCE = 6
ROUNDS = counted(short=1, long=20)
SIDE = 3200  # 117 MiB as each is decoded, translated and encoded
LARGEST_SIDE = 8192  # 67 million pixels, in 191 KB


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("filters")
    factories.put(folder, factories.identity())
    with serving(folder, "--memory", "256MiB", "--training", "off", "--threads", "1") as started:
        yield started


@pytest.fixture(scope="module")
def connection(server: ServerProcess) -> Iterator[Connection]:
    with grpc.insecure_channel(server.address, [("grpc.max_receive_message_length", -1)]) as channel:
        connected = Connection(channel, server.folder)
        translated(connected, plain_png(512))
        yield connected


@pytest.fixture(scope="module")
def base(server: ServerProcess, connection: Connection) -> int:
    """What is resident before there is anything large."""
    return usage(server.process.pid).resident


def translated(connection: Connection, file: bytes) -> pb.TranslateImageResponse:
    request = pb.TranslateImageRequest(filter_id="identity", image=file)
    answer: pb.TranslateImageResponse = connection.translation.TranslateImage(request, timeout=120)
    return answer


def outcome(connection: Connection, file: bytes) -> Failure | int:
    """Why it failed, or the result's pixels."""
    try:
        with Image.open(io.BytesIO(translated(connection, file).image)) as result:
            return result.width * result.height
    except grpc.RpcError as error:
        assert isinstance(error, grpc.Call)
        return failure_of(error)


@pytest.mark.parametrize(
    ("kind", "side"), [("PNG", 20_000), ("PNG", 60_000), ("PNG", 1 << 30), ("JPEG", 65_500), ("WEBP", 1 << 14)]
)
def test_a_header_that_declares_too_much_costs_nothing(
    server: ServerProcess, connection: Connection, base: int, kind: str, side: int
) -> None:
    forget_peak(server.process.pid)
    with failing() as failures:
        translated(connection, declaring(kind, side, side))
    assert (failures[0].code, failures[0].reason) == ("INVALID_ARGUMENT", "PICTURE_TOO_LARGE")
    assert usage(server.process.pid).peak - base < 16 * MIB


@pytest.mark.parametrize("kind", ["TIFF", "BMP", "GIF", "PPM"])
def test_only_three_formats_are_read(connection: Connection, kind: str) -> None:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, kind)
    with failing() as failures:
        translated(connection, file.getvalue())
    assert (failures[0].code, failures[0].reason) == ("INVALID_ARGUMENT", "PICTURE_UNREADABLE")


def test_pictures_that_are_decoded_at_once_wait_for_memory(
    server: ServerProcess, connection: Connection, base: int
) -> None:
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for _ in range(ROUNDS):
            outcomes = list(threads.map(lambda file: outcome(connection, file), [plain_png(SIDE)] * AT_ONCE))
            assert outcomes == [SIDE * SIDE] * AT_ONCE
    assert usage(server.process.pid).peak - base < MEMORY + BESIDE


def test_a_small_file_of_more_pixels_than_the_memory_is_refused_before_it_is_decoded(
    server: ServerProcess, connection: Connection
) -> None:
    file = plain_png(LARGEST_SIDE)
    forget_peak(server.process.pid)
    before = usage(server.process.pid).resident
    with ThreadPoolExecutor(AT_ONCE) as threads:
        calls = [threads.submit(outcome, connection, file) for _ in range(AT_ONCE)]
        assert connection.is_well()
        outcomes = [call.result() for call in calls]
    for failed in outcomes:
        assert isinstance(failed, Failure)
        assert (failed.code, failed.reason) == ("RESOURCE_EXHAUSTED", "OUT_OF_MEMORY")
        assert "256 MiB" in failed.sentence and "--memory" in failed.sentence
    assert usage(server.process.pid).peak - before < 32 * MIB
