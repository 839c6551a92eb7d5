"""The view model of trainings against the real server, on a stand-in for an editor's interface thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from plugins.client import Picture
from plugins.client.messages import Filter, TrainingState
from plugins.core import training_threads
from plugins.core.session import Session
from plugins.core.settings import Settings
from plugins.core.training import Trainings
from plugins.core.training_seen import MadeFrom
from plugins.core.training_wish import TrainingWish
from server.config import TrainingMode
from tests.plugins.client.test_faults import grpc_server
from tests.plugins.core.sessions import Interface
from tests.plugins.training_servers import LONG, training_server
from tests.trainings import picture_file

PAINTING, PHOTO = Picture("Background", picture_file(1)), Picture("photo.png", picture_file(2))


@dataclass
class Editor:
    """One that was started, with its settings as they were when it was closed last."""

    session: Session
    interface: Interface
    kept: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.trainings = Trainings(self.session, lambda *followed: self.kept.append(followed))
        self.trainings.open()

    def until(self, condition: Callable[[], Any]) -> Any:
        return self.interface.until(condition)

    def until_it_is(self, *states: int) -> None:
        self.until(lambda: self.trainings.seen.is_in(*states) and not self.trainings.doing)

    def begin(self, title: str = "Étretat", source: str = "layer 1", **options: str) -> str:
        """Starts a training and waits until it is followed; gives its identifier."""
        before = self.trainings.followed
        self.trainings.start(wish(title, **options), source)
        self.until(lambda: self.trainings.followed != before and self.trainings.seen.job)
        return self.trainings.followed


@contextmanager
def editor(address: str, **settings: Any) -> Iterator[Editor]:
    interface = Interface()
    session = Session(Settings(address=address, **settings), interface.post)
    opened = Editor(session, interface)
    session.connect()
    try:
        yield opened
    finally:
        opened.trainings.end()
        session.close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_threads, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(training_threads, "LIST_SECONDS", 0.1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("trainings")


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with training_server(folder) as server:
        yield server.address


@pytest.fixture
def opened(address: str) -> Iterator[Editor]:
    with editor(address) as opened:
        yield opened
        if opened.trainings.can_cancel:
            opened.trainings.cancel()
            opened.until(lambda: not opened.trainings.doing)


def wish(title: str = "Étretat", **options: str) -> TrainingWish:
    return TrainingWish(title, "sincut-quick", [PAINTING], [PHOTO], options)


def test_a_training_is_started_and_followed_to_its_end(opened: Editor) -> None:
    trainings = opened.trainings
    training_id = opened.begin()
    assert opened.kept == [(training_id, "layer 1")]
    opened.until_it_is(TrainingState.FINISHED)
    opened.until(lambda: trainings.seen.log)
    assert trainings.seen.preview is not None and trainings.seen.original is not None
    assert trainings.seen.elapsed > 0
    assert not trainings.can_cancel and not trainings.can_stop and trainings.can_delete
    opened.until(lambda: trainings.jobs and trainings.jobs[0].state == TrainingState.FINISHED)


def test_files_are_sent_as_they_are_and_others_refused_in_words(opened: Editor, tmp_path: Path) -> None:
    photo, other = tmp_path / "photo.webp", tmp_path / "photo.xcf"
    photo.write_bytes(picture_file(3, kind="WEBP"))
    other.write_bytes(b"gimp xcf v011")
    opened.trainings.start(TrainingWish("files", "sincut-quick", [PAINTING], [photo, other]))
    failure = opened.until(lambda: opened.trainings.failure)
    assert failure[0] == "The file photo.xcf is not a PNG, JPEG or WebP picture."
    opened.trainings.start(TrainingWish("files", "sincut-quick", [PAINTING], [photo], {"images": "2"}))
    job = opened.until(lambda: opened.trainings.seen.job)
    assert job.target_names == ["photo.webp"]
    assert opened.trainings.failure is None


def test_it_is_found_again_after_the_editor_was_closed(opened: Editor, address: str) -> None:
    training_id = opened.begin(images=LONG)
    opened.until(lambda: opened.trainings.seen.preview)
    with editor(address, training=training_id, training_source="layer 1") as again:
        again.until(lambda: again.trainings.seen.preview)
        assert again.trainings.seen.is_in(TrainingState.RUNNING)
        assert again.trainings.source == "layer 1"
        assert again.trainings.seen.job is not None and again.trainings.seen.job.source_names == ["Background"]


def test_closing_the_window_leaves_the_training_running(opened: Editor) -> None:
    training_id = opened.begin(images=LONG)
    opened.until(lambda: opened.trainings.seen.preview)
    opened.trainings.close()
    seen = opened.trainings.seen.job
    opened.trainings.open()
    opened.until(lambda: opened.trainings.seen.job is not seen)
    assert opened.trainings.followed == training_id
    assert opened.trainings.seen.is_in(TrainingState.RUNNING)


def test_what_it_has_learned_so_far_is_a_filter_that_is_listed(opened: Editor) -> None:
    used: list[Filter] = []
    opened.begin("so far", images=LONG)
    opened.until(lambda: opened.trainings.can_use)
    opened.trainings.use(lambda found, _made_from: used.append(found))
    assert opened.trainings.doing == "use"
    opened.until(lambda: used)
    assert opened.session.find(used[0].id) == used[0]
    assert opened.trainings.seen.is_in(TrainingState.RUNNING)
    assert opened.trainings.doing == ""


def test_it_is_stopped_with_its_filter_and_used_without_making_it_again(opened: Editor) -> None:
    used: list[Filter] = []
    opened.begin("stopped", images=LONG)
    opened.until(lambda: opened.trainings.can_stop)
    opened.trainings.stop()
    opened.until_it_is(TrainingState.FINISHED)
    opened.until(lambda: opened.trainings.can_use and opened.session.find("stopped"))
    opened.trainings.use(lambda found, _made_from: used.append(found))
    assert [found.id for found in used] == ["stopped"]


def test_it_is_cancelled_goes_on_and_is_deleted(opened: Editor) -> None:
    trainings = opened.trainings
    training_id = opened.begin(images=LONG)
    opened.until(lambda: trainings.can_use)
    trainings.cancel()
    opened.until_it_is(TrainingState.CANCELLED)
    opened.until(lambda: trainings.can_resume)
    trainings.resume()
    opened.until_it_is(TrainingState.RUNNING)
    trainings.cancel()
    opened.until_it_is(TrainingState.CANCELLED)
    opened.until(lambda: trainings.can_delete)
    trainings.delete()
    opened.until(lambda: not trainings.followed)
    assert opened.kept[-1] == ("", "")
    assert training_id not in [job.id for job in trainings.jobs]
    assert trainings.seen.job is None


def test_a_failure_is_told_with_the_end_of_the_log(opened: Editor) -> None:
    opened.begin(description="fail")
    opened.until_it_is(TrainingState.FAILED)
    log = opened.until(lambda: opened.trainings.seen.log)
    job = opened.trainings.seen.job
    assert job is not None and job.problem == "The pictures are too dull; choose others."
    assert any("About to fail" in line for line in log)
    assert opened.trainings.can_resume


def test_those_at_work_stand_first_and_then_the_newest(opened: Editor) -> None:
    finished = opened.begin("finished", images="2")
    opened.until_it_is(TrainingState.FINISHED)
    running = opened.begin("running", images=LONG)
    opened.until_it_is(TrainingState.RUNNING)
    waiting = opened.begin("waiting", images=LONG)
    opened.until(lambda: [job.id for job in opened.trainings.jobs][:3] == [running, waiting, finished])
    opened.trainings.cancel()
    opened.until_it_is(TrainingState.CANCELLED)
    opened.trainings.follow(running)
    opened.until(lambda: opened.trainings.can_cancel)


def test_one_that_another_editor_resumes_is_watched_again(opened: Editor, address: str) -> None:
    training_id = opened.begin(images=LONG)
    opened.until(lambda: opened.trainings.can_use)
    opened.trainings.cancel()
    opened.until_it_is(TrainingState.CANCELLED)
    with editor(address, training=training_id) as other:
        other.until(lambda: other.trainings.can_resume)
        other.trainings.resume()
        opened.until_it_is(TrainingState.RUNNING)


def test_one_that_is_gone_is_not_followed_any_more(address: str) -> None:
    with editor(address, training="no-such-training") as opened:
        failure = opened.until(lambda: opened.trainings.failure)
        assert failure[0] == "The server does not have the training that was shown here."
        assert opened.kept == [("", "")]


def test_one_that_another_editor_deletes_is_shown_no_more(opened: Editor, address: str) -> None:
    training_id = opened.begin(images="2")
    opened.until_it_is(TrainingState.FINISHED)
    with editor(address, training=training_id) as other:
        other.until(lambda: other.trainings.can_delete)
        other.trainings.delete()
        opened.until(lambda: not opened.trainings.followed)
    assert opened.trainings.failure is not None
    assert training_id not in [job.id for job in opened.trainings.jobs]


def test_what_it_was_made_from_is_told_though_another_is_followed_meanwhile(opened: Editor) -> None:
    used: list[MadeFrom] = []
    training_id = opened.begin("left", source="its layer", images=LONG)
    opened.until(lambda: opened.trainings.can_use)
    opened.trainings.use(lambda _found, made_from: used.append(made_from))
    opened.trainings.follow("")
    opened.until(lambda: used)
    assert used == [MadeFrom("its layer", ("Background",))]
    opened.trainings.follow(training_id)
    opened.until(lambda: opened.trainings.can_cancel)


def test_it_goes_on_after_the_server_was_away(tmp_path: Path) -> None:
    with training_server(tmp_path) as server:
        address = server.address
        with editor(address) as opened:
            opened.begin(images=LONG)
            opened.until(lambda: opened.trainings.can_use)
            server.do(server.server.stop()).result(60)
            away = f"No server answers at {address}."
            opened.until(lambda: opened.trainings.problem and opened.trainings.problem[0] == away)
            assert opened.trainings.seen.job is not None and not opened.trainings.can_cancel
            with training_server(tmp_path, address=address):
                opened.until(lambda: opened.trainings.problem is None and opened.trainings.can_cancel)
                opened.until(lambda: opened.trainings.seen.job and opened.trainings.seen.job.restarts == 1)


def test_a_server_that_does_not_train_or_is_too_old_is_a_sentence_and_a_remedy(tmp_path: Path) -> None:
    with training_server(tmp_path, training=TrainingMode.OFF) as server, editor(server.address) as opened:
        problem = opened.until(lambda: opened.trainings.problem)
        assert problem[0] == "Filters cannot be trained on this server." and "--training off" in problem[1]
    with grpc_server() as address, editor(address) as opened:
        problem = opened.until(lambda: opened.trainings.problem)
        assert problem[0] == f"The server at {address} is too old to train filters."


def test_another_server_has_other_trainings(opened: Editor, tmp_path: Path) -> None:
    opened.begin(images="2")
    opened.until(lambda: opened.trainings.jobs)
    with training_server(tmp_path) as other:
        opened.session.use(Settings(address=other.address))
        opened.until(lambda: opened.trainings.listed)
        assert opened.trainings.jobs == ()
        opened.until(lambda: not opened.trainings.followed)


def test_nothing_changes_but_on_the_interface_thread(address: str) -> None:
    with editor(address) as opened:
        opened.trainings.start(wish(images="2"))
        held: list[Callable[[], None]] = []
        for _ in range(4):
            held.append(opened.interface.next())
            assert (opened.trainings.doing, opened.trainings.jobs, opened.trainings.followed) == ("start", (), "")
        for call in held:
            call()
        opened.until_it_is(TrainingState.FINISHED)
