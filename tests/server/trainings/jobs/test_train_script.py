"""``python -m server.train``, and the client under it, with trainings that learn nothing, quickly."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pleinair.v1 import training_pb2 as pb

from server.client.trainings import TrainingClient, TrainingError
from server.client.views import clock
from server.train import main
from server.trainings.jobs.trainer import Trainer
from tests import factories
from tests.trainings import eventually, picture_file

LONG = ("--option", "images=1000000")


@pytest.fixture(autouse=True)
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A painting and two photos, where the script looks for them."""
    monkeypatch.chdir(tmp_path)
    for seed, name in enumerate(("painting.png", "photo.png", "other.png")):
        Path(name).write_bytes(picture_file(seed))


@pytest.fixture
def address(filters: Path, trainer: Trainer) -> Iterator[str]:
    """Of a server."""
    with factories.running_server(filters, trainer=trainer) as server:
        yield server.address


@pytest.fixture
def at(address: str) -> tuple[str, str]:
    return "--address", address


@pytest.fixture
def client(address: str) -> Iterator[TrainingClient]:
    with TrainingClient(address) as client:
        yield client


def until(client: TrainingClient, job_id: str, holds: Callable[[pb.TrainingJob], bool]) -> None:
    assert any(holds(news.job) for news in client.watch(job_id, previews=False))


def detached(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The identifier of a training that goes on for long."""
    assert main(["painting.png", "photo.png", "--detach", *LONG, *arguments]) == 0
    return capsys.readouterr().out.strip()


def complaint(capsys: pytest.CaptureFixture[str], status: int, *arguments: str) -> str:
    """What is said on standard error, in one line."""
    assert main(arguments) == status
    said = capsys.readouterr().err
    assert said.count("\n") == 1, said
    return said


def test_a_filter_is_trained_with_previews_beside_the_painting(
    at: tuple[str, str], client: TrainingClient, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["painting.png", "photo.png", "other.png", "--title", "Étretat", "--option", "images=12", *at]
    assert main(arguments) == 0
    said = capsys.readouterr()
    assert said.out.startswith("The filter 'etretat' is ready: python -m server.translate ")
    assert said.out.strip().endswith(f"--filter etretat --address {at[1]}")
    (job,) = client.trainings()
    assert (job.title, list(job.source_names)) == ("Étretat", ["painting.png"])
    assert list(job.target_names) == ["photo.png", "other.png"]
    previews = sorted(path.name for path in Path().glob(f"{job.id}-*"))
    assert previews[-1] == f"{job.id}-000000012.png"
    assert f"{job.id}: training\n" in said.err and f"{job.id}: finished\n" in said.err
    assert not list(Path().glob(".*"))


def test_any_name_of_a_file_makes_a_title(at: tuple[str, str], client: TrainingClient) -> None:
    long, odd = Path("a" * 120 + ".png"), Path(os.fsdecode(b"\xe9tretat\xc2\xa01.png"))
    for path in (long, odd):
        path.write_bytes(Path("painting.png").read_bytes())
        assert main([str(path), "photo.png", "--option", "images=3", "--detach", *at]) == 0
    assert {job.title for job in client.trainings()} >= {"a" * 100, "tretat 1"}


def test_days_are_counted_in_hours() -> None:
    assert [clock(seconds) for seconds in (7, 3723, 93784)] == ["00:07", "01:02:03", "26:03:04"]


def test_a_folder_for_previews_is_made(at: tuple[str, str]) -> None:
    assert main(["painting.png", "photo.png", "--option", "images=3", "--previews", "looks/first", *at]) == 0
    assert max(Path("looks/first").iterdir()).name.endswith("-000000003.png")
    assert not list(Path().glob("painting-*"))


def test_no_place_for_previews_is_said_before_anything_is_trained(
    at: tuple[str, str], client: TrainingClient, capsys: pytest.CaptureFixture[str]
) -> None:
    said = complaint(capsys, 2, "painting.png", "photo.png", "--previews", "other.png", *at)
    assert said == "Nothing can be written into other.png (File exists); choose another --previews.\n"
    assert not list(client.trainings())


def test_a_training_whose_previews_cannot_be_written_goes_on_and_is_said_to(
    at: tuple[str, str], client: TrainingClient, capsys: pytest.CaptureFixture[str]
) -> None:
    looks = Path("looks")
    threading.Thread(target=take_away_when_it_is_used, args=(looks,)).start()
    assert main(["painting.png", "photo.png", "--previews", str(looks), *LONG, *at]) == 1
    (job,) = client.trainings()
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("A preview cannot be written into looks (No such file or directory). The training continues")
    assert last.endswith(f"--cancel {job.id} ends it without one.")
    assert job.state == pb.TRAINING_STATE_RUNNING


def take_away_when_it_is_used(folder: Path) -> None:
    eventually(lambda: any(folder.glob("[!.]*.png")))
    folder.rename("elsewhere")


def test_a_detached_training_is_listed_used_and_stopped_here(
    at: tuple[str, str], client: TrainingClient, capsys: pytest.CaptureFixture[str]
) -> None:
    job_id = detached(capsys, *at)
    until(client, job_id, lambda job: job.can_export)
    assert main(["--list", *at]) == 0
    assert f"{job_id}  painting  training" in capsys.readouterr().out
    assert main(["--use", job_id, *at]) == 0
    assert "The filter 'painting' is ready" in capsys.readouterr().out
    assert client.get(job_id).job.state == pb.TRAINING_STATE_RUNNING
    assert main(["--stop", job_id, *at]) == 0
    assert "The filter 'painting' is ready" in capsys.readouterr().out
    assert client.get(job_id).job.state == pb.TRAINING_STATE_FINISHED


def test_a_cancelled_training_is_resumed_and_at_last_deleted(
    at: tuple[str, str], client: TrainingClient, capsys: pytest.CaptureFixture[str]
) -> None:
    job_id = detached(capsys, *at)
    until(client, job_id, lambda job: job.can_export)
    assert main(["--cancel", job_id, *at]) == 0
    assert main(["--watch", job_id, *at]) == 1
    assert "The training was cancelled." in capsys.readouterr().err
    assert main(["--resume", job_id, "--detach", *at]) == 0
    until(client, job_id, lambda job: job.state == pb.TRAINING_STATE_RUNNING)
    assert "cancel it first" in complaint(capsys, 1, "--delete", job_id, *at)
    assert main(["--cancel", job_id, *at]) == 0
    eventually(lambda: client.get(job_id).job.state == pb.TRAINING_STATE_CANCELLED)
    assert main(["--delete", job_id, *at]) == 0
    capsys.readouterr()
    assert main(["--list", *at]) == 0
    assert capsys.readouterr().out == "There are no trainings.\n"


def test_ctrl_c_leaves_the_training_alone_and_says_how_to_find_it_again(
    at: tuple[str, str], client: TrainingClient, capsys: pytest.CaptureFixture[str]
) -> None:
    threading.Thread(target=interrupt_when_it_trains, args=(client,)).start()
    assert main(["painting.png", "photo.png", *LONG, *at]) == 130
    (job,) = client.trainings()
    last = capsys.readouterr().err.splitlines()[-1]
    assert f"python -m server.train --address {at[1]} --watch {job.id} watches it again" in last
    assert job.state == pb.TRAINING_STATE_RUNNING


def interrupt_when_it_trains(client: TrainingClient) -> None:
    eventually(lambda: any(job.images_seen for job in client.trainings()))
    os.kill(os.getpid(), signal.SIGINT)


def test_a_failed_training_says_why(at: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["painting.png", "photo.png", "--option", "description=fail", *at]) == 1
    assert "too dull; choose others" in capsys.readouterr().err.splitlines()[-1]


def test_a_watcher_outlasts_its_server(filters: Path, trainer: Trainer, capsys: pytest.CaptureFixture[str]) -> None:
    lost: list[str] = []
    with factories.running_server(filters, trainer=trainer) as server:
        address = server.address
        job_id = detached(capsys, "--option", "images=400", "--address", address)
        client = TrainingClient(address)
        news = client.follow(job_id, on_lost=lambda error: lost.append(error.sentence), retry_seconds=0.1)
        before = next(news).job
    with client, factories.running_server(filters, trainer=trainer, address=address):
        after = next(one.job for one in news if one.job.restarts)
        client.cancel(job_id)
        *_, last = news
    assert len(lost) == 1
    assert after.id == before.id
    assert last.job.state == pb.TRAINING_STATE_CANCELLED


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "Name the painting and a photo"),
        (["painting.png"], "Name the painting and a photo"),
        (["painting.png", "nowhere.png"], "There is no file or folder nowhere.png"),
        (["painting.png", "photo.png", "--list"], "leave out the pictures"),
        (["painting.png", "photo.png", "--option", "images"], "expected NAME=VALUE"),
        (["painting.png", "photo.png", "--token-file", "nowhere"], "nowhere"),
    ],
)
def test_wrong_use_is_refused_before_anything_is_sent(
    arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert expected in complaint(capsys, 2, *arguments, "--address", "127.0.0.1:9")


def test_what_the_server_refuses_is_said_in_its_words(at: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert "There is no training 'etretat-3f9a'" in complaint(capsys, 1, "--watch", "etretat-3f9a", *at)
    Path("photo.png").write_bytes(b"no picture")
    assert "photo.png" in complaint(capsys, 1, "painting.png", "photo.png", *at)
    option = ("--option", "device=cpu")
    assert "no option 'device'" in complaint(capsys, 1, "painting.png", "other.png", *option, *at)


def test_nobody_at_the_address_is_said_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    said = complaint(capsys, 1, "painting.png", "photo.png", "--address", "127.0.0.1:9")
    assert said.startswith("No server answers at 127.0.0.1:9")


def test_a_script_is_told_the_end_of_the_log_and_the_reason_of_a_refusal(client: TrainingClient) -> None:
    job = client.start(["painting.png"], ["photo.png"], title="Étretat", options={"description": "crash"})
    *_, last = client.follow(job.id, previews=False)
    assert last.job.state == pb.TRAINING_STATE_FAILED
    assert any("a fault of the trainer" in line for line in client.get(job.id).log_tail)

    for _ in range(2):
        second = client.start(["painting.png"], ["photo.png"], title="Étretat", options={"images": "1000000"})
    with pytest.raises(TrainingError, match="checkpoint") as caught:
        client.export(second.id)
    assert caught.value.reason == "NO_WEIGHTS_YET"
