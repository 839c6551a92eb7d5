"""The page of one training."""

from __future__ import annotations

import pytest

from plugins.client.messages import Filter, TrainingJob, TrainingPreview, TrainingState, WatchTrainingResponse
from plugins.core.presenters.training_page import Question, ShownTraining, TrainingPagePresenter
from plugins.core.training_seen import MadeFrom
from tests.plugins.core.presenters.windows import ToldTrainings

RUNNING = TrainingJob(
    id="1",
    state=TrainingState.RUNNING,
    images_seen=250,
    images_total=1000,
    device="cpu",
    can_export=True,
    source_names=["sea"],
    target_names=["photo"],
    warnings=["It is flat.", "It is dull."],
    elapsed_seconds=7,
)
FINISHED = TrainingJob(id="1", state=TrainingState.FINISHED, filter_id="sea", filter_ready=True)
FAILED = TrainingJob(id="1", state=TrainingState.FAILED, problem="Too dull.")


def page(trainings: ToldTrainings, *, answer: bool = True) -> tuple[TrainingPagePresenter, list[Question]]:
    asked: list[Question] = []

    def ask(question: Question) -> bool:
        asked.append(question)
        return answer

    def translate(found: Filter, made_from: MadeFrom) -> None:
        raise AssertionError

    return TrainingPagePresenter(trainings, ask, translate), asked


def shown(seen: TrainingJob | None = None, *, busy: bool = False, translation: str = "") -> ShownTraining:
    return page(ToldTrainings(seen=seen))[0].shown(busy=busy, translation=translation)


def visible(what: ShownTraining) -> list[str]:
    return [name for name in ("use", "stop", "cancel", "resume", "delete") if getattr(what.buttons, name).visible]


def enabled(what: ShownTraining) -> list[str]:
    return [name for name in ("use", "stop", "cancel", "resume", "delete") if getattr(what.buttons, name).enabled]


def test_one_that_is_looked_for_has_nothing_to_press() -> None:
    what = shown()
    assert what.state == "Looking for the training…" and not what.going and what.share is None
    assert visible(what) == ["use"] and enabled(what) == []


def test_one_that_runs_is_used_stopped_or_cancelled() -> None:
    what = shown(RUNNING)
    assert what.going and what.share == 0.25
    assert visible(what) == enabled(what) == ["use", "stop", "cancel"]
    assert what.pictures == "From “sea” to “photo”" and what.warnings == "It is flat.\nIt is dull."


def test_one_that_has_finished_is_used_or_deleted() -> None:
    what = shown(FINISHED)
    assert visible(what) == enabled(what) == ["use", "delete"]
    assert (what.buttons.use.text, shown(RUNNING).buttons.use.text) == ("Translate _with it", "_Use now")


@pytest.mark.parametrize("state", [TrainingState.CANCELLED, TrainingState.FAILED])
def test_one_that_was_interrupted_is_resumed_or_deleted(state: int) -> None:
    what = shown(TrainingJob(id="1", state=state))
    assert visible(what) == ["use", "resume", "delete"] and enabled(what) == ["resume", "delete"]


def test_it_is_not_used_while_layers_are_translated() -> None:
    what = shown(RUNNING, busy=True, translation="Translating")
    assert not what.buttons.use.enabled and what.buttons.stop.enabled and what.doing == "Translating"


def test_what_is_asked_of_the_server_goes_before_a_translation() -> None:
    trainings = ToldTrainings(seen=RUNNING)
    trainings.doing = "stop"
    what = page(trainings)[0].shown(busy=False, translation="Translating")
    assert what.doing == "Stopping…" and enabled(what) == []


def test_the_log_is_shown_of_one_that_failed() -> None:
    for job, log in ((FAILED, "one\ntwo"), (FINISHED, "")):
        trainings = ToldTrainings(seen=job)
        trainings.seen.log = ("one", "two")
        assert page(trainings)[0].shown(busy=False, translation="").log == log


def test_its_pictures_are_those_that_came_last() -> None:
    trainings = ToldTrainings(seen=RUNNING)
    before, after = TrainingPreview(png=b"before"), TrainingPreview(png=b"after")
    trainings.seen.take(WatchTrainingResponse(original=before))
    trainings.seen.take(WatchTrainingResponse(preview=after))
    what = page(trainings)[0].shown(busy=False, translation="")
    assert (what.before, what.after) == (before, after)
    assert what.waiting.startswith("The first preview comes")


def test_the_time_is_shown_while_it_is_known_how_it_gets_on() -> None:
    trainings = ToldTrainings(seen=RUNNING)
    presenter, _asked = page(trainings)
    assert presenter.time.startswith("0:07 so far")
    trainings.problem = ("Nobody answers.", "Start a server.")
    assert presenter.time == ""
    assert page(ToldTrainings())[0].time == ""


@pytest.mark.parametrize("action", ["cancel", "delete"])
@pytest.mark.parametrize("answer", [True, False])
def test_what_cannot_be_taken_back_is_asked_first(action: str, answer: bool) -> None:
    trainings = ToldTrainings(seen=RUNNING)
    presenter, asked = page(trainings, answer=answer)
    getattr(presenter, action)()
    assert len(asked) == 1 and asked[0].sentence.endswith("?") and asked[0].consequence
    assert trainings.asked == ([action] if answer else [])


def test_stopping_and_resuming_need_no_question() -> None:
    trainings = ToldTrainings(seen=RUNNING)
    presenter, asked = page(trainings)
    presenter.stop()
    presenter.resume()
    assert trainings.asked == ["stop", "resume"] and asked == []
