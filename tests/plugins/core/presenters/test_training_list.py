"""The list of trainings."""

from __future__ import annotations

from plugins.client.messages import TrainingJob, TrainingState
from plugins.core.presenters.training_list import TrainingListPresenter
from tests.plugins.core.presenters.windows import ToldTrainings

QUEUED = TrainingJob(id="1", title="Sea", state=TrainingState.QUEUED)


def ignore(training: str) -> None:
    pass


def test_a_new_one_stands_first_and_is_followed_when_no_other_is() -> None:
    presenter = TrainingListPresenter(ToldTrainings(QUEUED), ignore)
    assert presenter.refresh()
    assert presenter.entries == [("", "New training"), ("1", "Sea: waiting")]
    assert presenter.followed == ""


def test_the_followed_one_is_there_before_the_server_has_told_of_it() -> None:
    trainings = ToldTrainings(QUEUED)
    trainings.followed = "2"
    presenter = TrainingListPresenter(trainings, ignore)
    presenter.refresh()
    assert presenter.entries[1] == ("2", "Looking for the training…")


def test_other_words_are_not_other_trainings() -> None:
    trainings = ToldTrainings(QUEUED, seen=QUEUED)
    presenter = TrainingListPresenter(trainings, ignore)
    presenter.refresh()
    trainings.seen.show(TrainingJob(id="1", title="Sea", state=TrainingState.RUNNING))
    assert not presenter.refresh()
    assert presenter.entries[1] == ("1", "Sea: training")


def test_a_choice_is_passed_on() -> None:
    chosen: list[str] = []
    TrainingListPresenter(ToldTrainings(QUEUED), chosen.append).choose("1")
    assert chosen == ["1"]
