"""The form of a new training."""

from __future__ import annotations

import pytest

from plugins.core.presenters.training_form import ShownForm, TrainingFormPresenter
from plugins.core.training_wish import PRESETS, QUICK
from tests.plugins.core.presenters.windows import ToldTrainings


def shown(presenter: TrainingFormPresenter, *, source: bool = True, targets: bool = True) -> ShownForm:
    return presenter.shown(has_source=source, has_targets=targets, preset=QUICK)


def test_it_can_start_with_a_painting_and_a_photo() -> None:
    presenter = TrainingFormPresenter(ToldTrainings(), needs_list=True)
    assert shown(presenter).can_start and shown(presenter).start_tip == ""
    assert not shown(presenter, source=False).can_start
    assert not shown(presenter, targets=False).can_start
    assert shown(presenter, targets=False).start_tip == "Add a photo first."


@pytest.mark.parametrize("needs_list", [True, False])
def test_a_list_is_waited_for_where_it_is_needed(needs_list: bool) -> None:
    trainings = ToldTrainings()
    trainings.listed = False
    assert shown(TrainingFormPresenter(trainings, needs_list=needs_list)).can_start is not needs_list


def test_nothing_starts_while_something_is_asked_or_cannot_be() -> None:
    trainings = ToldTrainings()
    presenter = TrainingFormPresenter(trainings, needs_list=False)
    trainings.doing = "delete"
    assert not shown(presenter).can_start and not shown(presenter).sending
    trainings.doing, trainings.problem = "", ("Nobody answers.", "Start a server.")
    assert not shown(presenter).can_start


def test_pictures_are_on_their_way_from_reading_to_the_end_of_sending() -> None:
    trainings = ToldTrainings()
    presenter = TrainingFormPresenter(trainings, needs_list=False)
    presenter.reading = True
    assert shown(presenter).sending and shown(presenter).sent is None and not shown(presenter).can_start
    presenter.reading, trainings.doing, trainings.sent = False, "start", 0.5
    assert shown(presenter).sending and shown(presenter).sent == 0.5
    trainings.doing = ""
    assert not shown(presenter).sending


def test_withdrawing_ends_reading_and_sending() -> None:
    trainings = ToldTrainings()
    presenter = TrainingFormPresenter(trainings, needs_list=False)
    presenter.reading = True
    presenter.withdraw()
    assert not presenter.reading and trainings.asked == ["withdraw"]


def test_a_title_follows_the_painting_until_the_artist_writes_one() -> None:
    presenter = TrainingFormPresenter(ToldTrainings(), needs_list=False)
    assert presenter.title_beside("", "Sea") == "Sea"
    assert presenter.title_beside("Sea", "Hills") == "Hills"
    assert presenter.title_beside("My hills", "Sea") == "My hills"


def test_without_a_title_the_suggestion_is_sent() -> None:
    presenter = TrainingFormPresenter(ToldTrainings(), needs_list=False)
    assert presenter.title_to_send("  ", "Sea") == "Sea"
    assert presenter.title_to_send(" Hills ", "Sea") == "Hills"


def test_the_painting_is_named_with_what_is_selected_of_it() -> None:
    presenter = TrainingFormPresenter(ToldTrainings(), needs_list=False)
    whole = presenter.source_words("ink", "sea.kra", with_selection=False)
    assert whole == "Layer “ink” of sea.kra"
    assert presenter.source_words("ink", "sea.kra", with_selection=True) == (
        "Layer “ink” of sea.kra, the rectangle around the selection"
    )


def test_every_preset_has_a_title_and_says_how_long_it_takes() -> None:
    presenter = TrainingFormPresenter(ToldTrainings(), needs_list=False)
    assert [preset for preset, _title in presenter.presets] == list(PRESETS)
    assert "minutes" in shown(presenter).preset_words
