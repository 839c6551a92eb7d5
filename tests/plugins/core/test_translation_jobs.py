"""What a job tells while it goes on."""

from __future__ import annotations

import pytest

from plugins.client import Cancelled, ClientError, Progress, Translation
from plugins.client.messages import Channels, SampleType, Summary
from plugins.core.translation_jobs import TranslationJob, TranslationRequest, duration

REQUEST = TranslationRequest("monet", 1, 1, Channels.GREY, SampleType.UINT8, b"1")


def job() -> TranslationJob:
    return TranslationJob(REQUEST, lambda job: None)


def test_a_bar_never_goes_back() -> None:
    one, shares = job(), []
    for stage in ("sending", "queued", "translating", "receiving"):
        for fraction in (0.0, 0.5, 1.0):
            one.go_on(Progress(stage, fraction))
            assert one.fraction is not None
            shares.append(one.fraction)
    one.succeed(Translation(bytearray(b"2"), Summary()))
    assert shares == sorted(shares)
    assert one.fraction == 1.0


def test_what_nobody_knows_is_not_made_up() -> None:
    one = job()
    one.go_on(Progress("translating"))
    assert one.fraction is None
    assert one.describe() == "Translating"


@pytest.mark.parametrize(
    ("progress", "line"),
    [
        (Progress("sending", 0.2), "Sending the picture"),
        (Progress("queued", queue_position=1), "1 picture is ahead of this one."),
        (Progress("queued", queue_position=3), "3 pictures are ahead of this one."),
        (Progress("queued"), "Waiting for its turn"),
        (Progress("translating", 0.5, 12.4), "Translating, about 12 s left"),
        (Progress("receiving", 0.5), "Receiving the result"),
    ],
)
def test_the_artist_reads_why_it_takes_time(progress: Progress, line: str) -> None:
    one = job()
    assert one.describe() == "Waiting for its turn"
    one.go_on(progress)
    assert one.describe() == line


def test_an_end_is_the_end() -> None:
    ends: list[str] = []
    one = TranslationJob(REQUEST, lambda job: ends.append(job.state))
    one.fail(Cancelled())
    one.go_on(Progress("receiving", 1.0))
    one.succeed(Translation(bytearray(b"2"), Summary()))
    assert ends == ["cancelled"]
    assert one.describe() == "Cancelled"


def test_a_failure_is_its_sentence_and_its_remedy() -> None:
    one = job()
    one.fail(ClientError("It is wrong.", "Do it right.", code="INTERNAL"))
    assert one.error == ("It is wrong.", "Do it right.")
    assert one.describe() == "It is wrong. Do it right."


def test_durations_are_in_the_unit_that_a_person_would_use() -> None:
    assert [duration(seconds) for seconds in (0.04, 9.94, 42.4, 150)] == ["0.0 s", "9.9 s", "42 s", "2 min"]
