"""Trainings on a real server, asked for by the plug-ins' client and by grpcio: both hear the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import grpc
import numpy as np
import pytest
from PIL import Image
from pleinair.v1 import training_pb2 as pb
from pleinair.v1.training_pb2_grpc import TrainingServiceStub

from plugins.client import Cancel, Cancelled, ClientError, Endpoint, Picture, TrainingClient, codec
from plugins.client import trainings as client_trainings
from plugins.client.messages import (
    ChannelOrder,
    Channels,
    PixelFormat,
    RawPixels,
    SampleType,
    TrainingHeader,
    TrainingJob,
    TrainingState,
    TransferFunction,
    WatchTrainingResponse,
)
from server.client import TrainingClient as ScriptClient
from server.config import TrainingMode
from tests import factories
from tests.plugins.client.test_contract import failure_of
from tests.plugins.client.test_faults import grpc_server
from tests.plugins.training_servers import LONG, training_server
from tests.trainings import picture_file

PAINTING, PHOTO = Picture("painting.png", picture_file(1)), Picture("photo.jpg", picture_file(2, kind="JPEG"))


@pytest.fixture(scope="module")
def training_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("trainings")


@pytest.fixture(scope="module")
def server(training_folder: Path) -> Iterator[factories.RunningServer]:
    with training_server(training_folder) as server:
        yield server


@pytest.fixture
def client(server: factories.RunningServer) -> Iterator[TrainingClient]:
    with TrainingClient(Endpoint(server.address)) as client:
        yield client
        for job in client.list_trainings():
            client.cancel_training(job.id)


@pytest.fixture(scope="module")
def stub(server: factories.RunningServer) -> Iterator[TrainingServiceStub]:
    with grpc.insecure_channel(server.address) as channel:
        yield TrainingServiceStub(channel)


def start(client: TrainingClient, title: str = "Étretat", **options: str) -> TrainingJob:
    return client.start_training(TrainingHeader(title=title, options=options), [PAINTING], [PHOTO])


def until_it_can_be_used(client: TrainingClient, job: TrainingJob) -> None:
    for news in client.watch_training(job.id, cancel=Cancel()):
        if news.job is not None and news.job.can_export:
            return


def ended(client: TrainingClient, job: TrainingJob) -> list[WatchTrainingResponse]:
    return list(client.watch_training(job.id, cancel=Cancel()))


def test_a_training_that_is_started_here_is_the_one_that_others_see(
    client: TrainingClient, stub: TrainingServiceStub
) -> None:
    shares: list[float] = []
    job = client.start_training(
        TrainingHeader(title="Étretat", preset="sincut", options={"images": "20"}),
        [PAINTING],
        [PHOTO, Picture("another.png", PAINTING.data)],
        on_sent=shares.append,
    )
    assert (job.title, job.preset) == ("Étretat", "sincut")
    assert (job.source_names, job.target_names) == (["painting.png"], ["photo.jpg", "another.png"])
    assert shares[0] == 0 and shares == sorted(shares) and shares[-1] < 1
    news = ended(client, job)
    last = news[-1].job
    assert last is not None and last.state == TrainingState.FINISHED and last.filter_ready
    assert any(one.preview and one.preview.png.startswith(b"\x89PNG") for one in news)
    assert any(one.original for one in news)
    theirs = stub.GetTraining(pb.GetTrainingRequest(id=job.id))
    ours = client.get_training(job.id)
    assert ours.job == codec.decode(TrainingJob, theirs.job.SerializeToString())
    assert ours.log_tail == list(theirs.log_tail) != []


def test_pixels_of_a_layer_arrive_as_they_are(client: TrainingClient, training_folder: Path) -> None:
    pixels = np.random.default_rng(3).integers(0, 255, (600, 700, 4), np.uint8, endpoint=True)
    pixels[..., 3] = 255
    layer = PixelFormat(
        channels=Channels.RGBA,
        sample_type=SampleType.UINT8,
        transfer_function=TransferFunction.SRGB,
        channel_order=ChannelOrder.BGR,
    )
    raw = Picture("Background", pixels.tobytes(), RawPixels(width=700, height=600, pixel_format=layer))
    job = client.start_training(TrainingHeader(title="layer", options={"images": LONG}), [raw], [PHOTO])
    assert job.source_names == ["Background"]
    (kept,) = (training_folder / "filters/trainings" / job.id / "pictures/source").iterdir()
    with Image.open(kept) as picture:
        np.testing.assert_array_equal(np.asarray(picture)[..., :3], pixels[..., 2::-1])


def test_one_wish_that_is_sent_twice_is_one_training(client: TrainingClient) -> None:
    header = TrainingHeader(title="once", options={"images": LONG}, request_id="the same")
    first = client.start_training(header, [PAINTING], [PHOTO])
    assert client.start_training(header, [PAINTING], [PHOTO]).id == first.id


def test_all_pages_of_a_long_list_come_and_the_newest_first(
    client: TrainingClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_trainings, "_PAGE", 2)
    made = [start(client, f"training {number}", images=LONG).id for number in range(5)]
    assert [job.id for job in client.list_trainings()][:5] == made[::-1]


def test_the_filter_so_far_has_the_checksum_that_is_told(client: TrainingClient, training_folder: Path) -> None:
    job = start(client, "so far", images=LONG)
    until_it_can_be_used(client, job)
    job, sha256 = client.export_training(job.id)
    made = training_folder / "filters" / f"{job.filter_id}.onnx"
    assert job.filter_ready and hashlib.sha256(made.read_bytes()).hexdigest() == sha256


def test_a_training_is_cancelled_goes_on_is_kept_and_is_deleted(client: TrainingClient) -> None:
    job = start(client, images=LONG)
    until_it_can_be_used(client, job)
    client.cancel_training(job.id)
    assert ended(client, job)[-1].job.state == TrainingState.CANCELLED  # type: ignore[union-attr]
    assert client.resume_training(job.id).state in (TrainingState.QUEUED, TrainingState.RUNNING)
    client.cancel_training(job.id, keep_filter=True)
    assert ended(client, job)[-1].job.state == TrainingState.FINISHED  # type: ignore[union-attr]
    client.delete_training(job.id)
    assert job.id not in [other.id for other in client.list_trainings()]
    with pytest.raises(ClientError) as caught:
        client.get_training(job.id)
    assert caught.value.sentence == "The server no longer has this training."


def test_watching_ends_at_once_when_nobody_wants_it_any_more(client: TrainingClient) -> None:
    job, wish = start(client, images=LONG), Cancel()
    news = client.watch_training(job.id, cancel=wish)
    next(news)
    wish.cancel()
    with pytest.raises(Cancelled):
        list(news)


@pytest.mark.parametrize(
    ("header", "code", "reason"),
    [
        (TrainingHeader(title="x", preset="cut"), "INVALID_ARGUMENT", "BAD_OPTION"),
        (TrainingHeader(title="x", options={"output": "/"}), "INVALID_ARGUMENT", "BAD_OPTION"),
        (TrainingHeader(title="x" * 101), "INVALID_ARGUMENT", "BAD_HEADER"),
    ],
)
def test_refusals_have_the_same_code_reason_and_sentence(
    client: TrainingClient, stub: TrainingServiceStub, header: TrainingHeader, code: str, reason: str
) -> None:
    with pytest.raises(ClientError) as ours:
        client.start_training(header, [PAINTING], [PHOTO])
    assert (ours.value.code, ours.value.reason) == (code, reason)
    frame = pb.StartTrainingRequest(header=pb.TrainingHeader.FromString(codec.encode(header)))
    with pytest.raises(grpc.RpcError) as theirs:
        stub.StartTraining(iter([frame]))
    assert failure_of(cast(grpc.Call, theirs.value)).sentence == ours.value.detail


def test_a_training_that_has_learned_nothing_yet_is_a_sentence(client: TrainingClient) -> None:
    start(client, "first", images=LONG)
    waiting = start(client, "second", images=LONG)
    assert waiting.state == TrainingState.QUEUED
    with pytest.raises(ClientError) as caught:
        client.export_training(waiting.id)
    assert str(caught.value) == (
        "The training has not yet learned anything that can be used. Wait for its first preview and try again."
    )
    with pytest.raises(ClientError) as caught:
        client.resume_training(waiting.id)
    assert caught.value.sentence == "The training's current state does not allow this."


def test_a_server_that_does_not_train_says_why(tmp_path: Path) -> None:
    with training_server(tmp_path, training=TrainingMode.OFF) as server:
        error = listing_fails(server.address)
    assert (error.code, error.reason) == ("FAILED_PRECONDITION", "TRAINING_UNAVAILABLE")
    assert error.sentence == "Filters cannot be trained on this server."
    assert "without --training off" in error.remedy


def test_a_server_from_before_there_were_trainings_is_too_old() -> None:
    with grpc_server() as address:
        error = listing_fails(address)
    assert error.code == "UNIMPLEMENTED"
    assert error.sentence == f"The server at {address} is too old to train filters."


def listing_fails(address: str, **options: Any) -> ClientError:
    with TrainingClient(Endpoint(address)) as client, pytest.raises(ClientError) as caught:
        client.list_trainings(**options)
    return caught.value


def test_the_header_says_how_many_pictures_follow(tmp_path: Path) -> None:
    """As the server's own client says it: a stream that breaks off ends as a whole one does."""
    heard: list[bytes] = []

    def start(frames: Iterator[bytes], context: object) -> bytes:
        heard.append(next(frames))
        list(frames)
        return pb.StartTrainingResponse(job=pb.TrainingJob(id="etretat-3f9a")).SerializeToString()

    handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.stream_unary_rpc_method_handler(start)
    handlers = grpc.method_handlers_generic_handler("pleinair.v1.TrainingService", {"StartTraining": handler})
    wanted = TrainingHeader(title="Étretat")
    with grpc_server(handlers) as address:
        with TrainingClient(Endpoint(address)) as client:
            client.start_training(wanted, [PAINTING], [PHOTO, PHOTO])
        (tmp_path / "a.png").write_bytes(picture_file(1))
        with ScriptClient(address) as script:
            script.start([tmp_path / "a.png"], [tmp_path / "a.png"] * 2, title="Étretat")
    assert [pb.StartTrainingRequest.FromString(frame).header.picture_count for frame in heard] == [3, 3]
    assert wanted.picture_count is None
