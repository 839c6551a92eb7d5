"""The session against the real server, on a stand-in for an editor's interface thread."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from plugins.client.messages import Channels, SampleType
from plugins.core.session import Session
from plugins.core.settings import Settings
from plugins.core.translation_jobs import TranslationJob, TranslationRequest
from tests import factories
from tests.plugins.core.sessions import SECONDS, put_filters, request, session_with, submit


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return put_filters(tmp_path)


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
        done: list[TranslationJob] = []
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
        assert preview.describe() == "1 picture is ahead of this one."
        slow.cancel()
        interface.until(lambda: preview.ended)
        assert preview.state == "done"


def test_jobs_run_in_order_and_one_failure_does_not_stop_them(folder: Path) -> None:
    with factories.running_server(folder) as server, session_with(server.address) as (session, interface):
        ends: list[TranslationJob] = []
        jobs = [session.submit(request(name), done=ends.append) for name in ("inverting", "nothing", "identity")]
        interface.until(lambda: len(ends) == 3)
        assert ends == jobs
        assert [job.state for job in jobs] == ["done", "failed", "done"]
        assert jobs[1].error is not None
        assert jobs[1].error[0] == "The server no longer has this filter."


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


def test_an_unforeseen_failure_ends_the_job_and_not_the_lane(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    nonsense: Any = None
    with factories.running_server(folder) as server, session_with(server.address) as (session, interface):
        broken = submit(session, TranslationRequest("identity", 1, 1, Channels.RGBA, SampleType.UINT8, nonsense))
        after = submit(session, request())
        interface.until(lambda: after.ended)
        assert broken.error is not None
        assert broken.error[0] == "Something unexpected went wrong in the plug-in (TypeError)."
        assert "TypeError" in caplog.text
        assert after.state == "done"
