"""The session against the real server, on a stand-in for an editor's interface thread."""

from __future__ import annotations

import queue
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from plugins.client.messages import Channels, SampleType
from plugins.core.jobs import Job, TranslationRequest
from plugins.core.session import Session
from plugins.core.settings import Settings
from tests import factories

SECONDS = 30.0


class Interface:
    """What an editor's event loop does: runs what other threads posted."""

    def __init__(self) -> None:
        self._posted: queue.Queue[Callable[[], None]] = queue.Queue()
        self.post = self._posted.put

    def next(self) -> Callable[[], None]:
        """What was posted first, not yet run."""
        return self._posted.get(timeout=SECONDS)

    def until(self, condition: Callable[[], Any]) -> Any:
        """Runs what is posted until the condition holds; gives its value."""
        end = time.monotonic() + SECONDS
        while not (value := condition()):
            self._posted.get(timeout=max(end - time.monotonic(), 0.001))()
        return value


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for maker in (factories.identity, factories.inverting, factories.slow):
        factories.put(tmp_path, maker())
    return tmp_path


@contextmanager
def session_with(address: str, **settings: Any) -> Iterator[tuple[Session, Interface]]:
    interface = Interface()
    session = Session(Settings(address=address, **settings), interface.post)
    try:
        yield session, interface
    finally:
        session.close()


def request(filter_id: str = "inverting", side: int = 2) -> TranslationRequest:
    return TranslationRequest(filter_id, side, side, Channels.RGBA, SampleType.UINT8, b"\x01\x02\x03\xff" * side * side)


def submit(session: Session, wanted: TranslationRequest, **options: Any) -> Job:
    return session.submit(wanted, done=lambda job: None, **options)


def test_it_connects_and_knows_the_filters_and_what_is_not_served(folder: Path) -> None:
    factories.put_bytes(folder / "broken.onnx", b"nonsense")
    with factories.running_server(folder) as server, session_with(server.address) as (session, interface):
        kinds: list[str] = []
        session.add_listener(lambda: kinds.append(session.connection.kind))
        session.connect()
        interface.until(lambda: session.connection.kind == "connected")
        assert [found.id for found in session.filters] == ["identity", "inverting", "slow"]
        assert [file.file_name for file in session.rejected] == ["broken.onnx"]
        assert kinds == ["connecting", "connected"]


def test_the_filters_follow_the_servers_folder(folder: Path) -> None:
    with factories.running_server(folder) as server, session_with(server.address) as (session, interface):
        session.connect()
        interface.until(lambda: session.find("slow"))
        factories.put(folder, factories.swapping())
        interface.until(lambda: session.find("swapping"))
        (folder / "slow.onnx").unlink()
        interface.until(lambda: not session.find("slow"))


def test_a_job_gives_the_pixels_and_is_done_once(folder: Path) -> None:
    with factories.running_server(folder) as server, session_with(server.address) as (session, interface):
        done: list[Job] = []
        job = session.submit(request(), done=done.append)
        interface.until(lambda: job.ended)
        assert (job.state, job.fraction) == ("done", 1.0)
        assert bytes(job.pixels or b"") == b"\xfe\xfd\xfc\xff" * 4
        assert job.summary is not None
        assert job.summary.filter_id == "inverting"
        assert done == [job]
        assert job.describe().startswith("Done in ")


def test_nothing_changes_but_on_the_interface_thread(folder: Path) -> None:
    held: queue.Queue[Callable[[], None]] = queue.Queue()
    with factories.running_server(folder) as server:
        session = Session(Settings(address=server.address), held.put)
        job = submit(session, request())
        while not job.ended:
            before = job.state
            posted = held.get(timeout=SECONDS)
            assert job.state == before
            posted()
        session.close()
    assert job.state == "done"


def test_a_cancelled_job_frees_the_server(folder: Path) -> None:
    with factories.running_server(folder) as server, session_with(server.address) as (session, interface):
        slow = submit(session, request("slow", 1024))
        interface.until(lambda: slow.state == "translating")
        slow.cancel()
        interface.until(lambda: slow.ended)
        assert (slow.state, slow.error) == ("cancelled", None)
        after = submit(session, request())
        interface.until(lambda: after.ended)
        assert after.state == "done"


def test_previews_do_not_wait_for_work_here_and_see_their_place_there(folder: Path) -> None:
    with factories.running_server(folder) as server, session_with(server.address) as (session, interface):
        slow = submit(session, request("slow", 1024))
        interface.until(lambda: slow.state == "translating")
        preview = submit(session, request(), lane="preview")
        interface.until(lambda: preview.state == "queued")
        assert preview.describe() == "1 picture is before this one."
        slow.cancel()
        interface.until(lambda: preview.ended)
        assert preview.state == "done"


def test_jobs_run_in_order_and_one_failure_does_not_stop_them(folder: Path) -> None:
    with factories.running_server(folder) as server, session_with(server.address) as (session, interface):
        ends: list[Job] = []
        jobs = [session.submit(request(name), done=ends.append) for name in ("inverting", "nothing", "identity")]
        interface.until(lambda: len(ends) == 3)
        assert ends == jobs
        assert [job.state for job in jobs] == ["done", "failed", "done"]
        assert jobs[1].error is not None
        assert jobs[1].error[0] == "The server no longer has this filter."


def test_no_server_is_a_sentence_and_a_remedy_and_it_connects_when_there_is_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugins.core.session.FIRST_PAUSE", 0.05)
    with factories.running_server(folder) as server:
        address = server.address
    with session_with(address) as (session, interface):
        session.connect()
        failed = interface.until(lambda: session.connection.kind == "failed" and session.connection)
        assert failed.sentence == f"No server answers at {address}."
        assert failed.remedy == "Start one, or correct the address in the settings."
        with factories.running_server(folder, address=address):
            interface.until(lambda: session.connection.kind == "connected")
        interface.until(lambda: session.connection.kind == "failed")


def test_a_server_that_dies_in_the_middle_is_a_sentence(folder: Path) -> None:
    with session_with("127.0.0.1:1") as (session, interface):
        with factories.running_server(folder) as server:
            session.use(Settings(address=server.address))
            job = submit(session, request("slow", 1024))
            interface.until(lambda: job.state == "translating")
        interface.until(lambda: job.ended)
        assert job.state == "failed"
        assert job.error is not None
        assert job.error[0]


def test_a_wrong_token_is_not_tried_again(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    token = tmp_path_factory.mktemp("secrets") / "token"
    token.write_text("a-token-of-some-length")
    with (
        factories.running_server(folder, token_file=token) as server,
        session_with(server.address, token="wrong") as (session, interface),
    ):
        session.connect()
        interface.until(lambda: session.connection.kind == "failed")
        assert "carries no token or a wrong one" in session.connection.sentence
        session.use(Settings(address=server.address, token="a-token-of-some-length"))
        interface.until(lambda: session.connection.kind == "connected")


def test_closing_cancels_everything_at_once(folder: Path) -> None:
    with factories.running_server(folder, queue=1) as server:
        with session_with(server.address) as (session, interface):
            session.connect()
            slow = submit(session, request("slow", 1024))
            interface.until(lambda: slow.state == "translating")
            begun = time.monotonic()
        assert time.monotonic() - begun < 5
        with session_with(server.address) as (other, interface):
            job = submit(other, request())
            interface.until(lambda: job.ended)
            while job.error and "busy" in job.error[0]:  # its one place is free a moment later
                job = submit(other, request())
                interface.until(lambda: job.ended)  # noqa: B023
            assert job.state == "done"


@contextmanager
def mute_server() -> Iterator[socket.socket]:
    """A listener that takes connections and says nothing, as a machine behind a bad network does."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def test_another_address_is_used_at_once_while_the_old_one_does_not_answer(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing waits for the old one's answer, for which there is an hour."""
    monkeypatch.setattr("plugins.client.dialling.CONNECT_SECONDS", 3600.0)
    with mute_server() as mute, factories.running_server(folder) as server:
        address = f"127.0.0.1:{mute.getsockname()[1]}"
        with session_with(address, tls=True, fingerprint="0" * 64) as (session, interface):
            session.connect()
            with mute.accept()[0]:
                session.use(Settings(address=server.address))
                interface.until(lambda: session.connection.kind == "connected")


def test_a_job_after_the_server_was_restarted_is_translated(folder: Path) -> None:
    with factories.running_server(folder) as server, session_with(server.address) as (session, interface):
        job = submit(session, request())
        interface.until(lambda: job.ended)
        address = server.address
        server.do(server.server.stop()).result(60)
        with factories.running_server(folder, address=address):
            after = submit(session, request())
            interface.until(lambda: after.ended)
            assert (after.state, after.error) == ("done", None)


def test_a_filter_that_is_removed_while_it_is_used_is_a_sentence(folder: Path) -> None:
    with factories.running_server(folder) as server, session_with(server.address) as (session, interface):
        session.connect()
        interface.until(lambda: session.find("inverting"))
        slow = submit(session, request("slow", 512))
        then = submit(session, request("inverting"))
        interface.until(lambda: slow.state == "translating")
        (folder / "inverting.onnx").unlink()
        interface.until(lambda: not session.find("inverting"))
        slow.cancel()
        interface.until(lambda: then.ended)
        assert then.error is not None
        assert then.error[0] == "The server no longer has this filter."


def test_only_ones_own_job_is_cancelled(folder: Path) -> None:
    with (
        factories.running_server(folder) as server,
        session_with(server.address) as (mine, here),
        session_with(server.address) as (others, there),
    ):
        theirs = submit(others, request("slow", 64))
        ours = [submit(mine, request("slow", 512)) for _ in range(2)]
        here.until(lambda: ours[0].state in ("queued", "translating"))
        for job in ours:
            job.cancel()
        here.until(lambda: all(job.ended for job in ours))
        there.until(lambda: theirs.ended)
        assert [job.state for job in ours] == ["cancelled", "cancelled"]
        assert theirs.state == "done"


def test_the_filters_are_right_again_after_the_server_was_away(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plugins.core.session.FIRST_PAUSE", 0.05)
    factories.put_bytes(folder / "broken.onnx", b"nonsense")
    with factories.running_server(folder) as server, session_with(server.address) as (session, interface):
        session.connect()
        interface.until(lambda: session.connection.kind == "connected")
        server.do(server.server.stop()).result(60)
        interface.until(lambda: session.connection.kind == "failed")
        (folder / "broken.onnx").unlink()
        (folder / "slow.onnx").unlink()
        with factories.running_server(folder, address=server.address):
            interface.until(lambda: session.connection.kind == "connected")
            assert [found.id for found in session.filters] == ["identity", "inverting"]
            assert session.rejected == ()


def test_an_unforeseen_failure_ends_the_job_and_not_the_lane(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    nonsense: Any = None
    with factories.running_server(folder) as server, session_with(server.address) as (session, interface):
        broken = submit(session, TranslationRequest("identity", 1, 1, Channels.RGBA, SampleType.UINT8, nonsense))
        after = submit(session, request())
        interface.until(lambda: after.ended)
        assert broken.error is not None
        assert broken.error[0] == "Something unforeseen happened in the plug-in (TypeError)."
        assert "TypeError" in caplog.text
        assert after.state == "done"
