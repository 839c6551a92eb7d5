"""What becomes of a batch when the connection to a real gRPC server breaks off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from server.batches import running
from server.batches.running import Translating
from server.batches.tasks import Batch, plan
from tests.server.client.test_translations import Replies, Requests, echo, scripted
from tests.server.picture_files import RGB, png_file, random_samples


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "RETRY_SECONDS", 0)


@pytest.fixture
def batch(tmp_path: Path) -> Batch:
    (tmp_path / "in").mkdir()
    for name in ("a", "b", "c"):
        (tmp_path / "in" / f"{name}.png").write_bytes(png_file(random_samples((4, 5, 3)), RGB))
    (tmp_path / "out").mkdir()
    return plan([str(tmp_path / "in")], str(tmp_path / "out"))


class Breaking:
    """A server that breaks off these calls, counted from 0, and answers the others with what it is sent."""

    def __init__(self, *broken: int) -> None:
        self._broken = broken
        self.calls = 0

    def __call__(self, requests: Requests, context: Any) -> Replies:
        self.calls += 1
        if self.calls - 1 in self._broken:
            context.abort(grpc.StatusCode.CANCELLED, "")
        yield from echo(requests, context)


def names(folder: Path) -> Iterator[str]:
    return (path.name for path in sorted(folder.iterdir()))


def test_a_call_that_breaks_off_is_made_once_more(batch: Batch, tmp_path: Path) -> None:
    server = Breaking(1)
    with scripted(server) as client:
        assert Translating(client, "any", 1000, 95).translate(batch)
    assert list(names(tmp_path / "out")) == ["a.png", "b.png", "c.png"]
    assert server.calls == 4


def test_a_server_that_is_gone_ends_the_batch_and_what_is_done_stays(
    batch: Batch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with scripted(Breaking(*range(1, 9))) as client:
        assert not Translating(client, "any", 1000, 95).translate(batch)
    assert list(names(tmp_path / "out")) == ["a.png"]
    said = capsys.readouterr()
    assert said.err.count("The connection to the server at") == 1
    assert said.out.startswith("Translated 1 of 3 pictures")
