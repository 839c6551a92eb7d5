"""The list of filters."""

from __future__ import annotations

from plugins.client.messages import Filter, RejectedFile, Training
from plugins.core.presenters.filter_list import (
    FilterListPresenter,
    no_filter,
    refused_files,
    short_facts,
    with_other_star,
)
from plugins.core.session import Connection
from plugins.core.settings import Settings
from tests.plugins.core.presenters.windows import FAILED, session

MONET = Filter(id="monet", title="Monet", sha256="1", source_domain="photo", target_domain="painting")
WINTER = Filter(id="winter", title="Winter", sha256="2", method="cut")
FILTERS = (MONET, WINTER)


def filled(wanted: str = "", *favourites: str) -> FilterListPresenter:
    presenter = FilterListPresenter(wanted)
    assert presenter.refresh(FILTERS, favourites)
    return presenter


def shown(presenter: FilterListPresenter) -> list[str]:
    return [row.filter.id for row in presenter.rows]


def test_rows_are_those_that_match_favourites_first() -> None:
    presenter = filled("", "winter")
    assert shown(presenter) == ["winter", "monet"]
    assert [row.favourite for row in presenter.rows] == [True, False]
    presenter.query = "mon"
    assert presenter.refresh(FILTERS, ()) and shown(presenter) == ["monet"]


def test_a_row_says_what_the_filter_makes_of_what_or_its_method() -> None:
    assert [row.kind for row in filled().rows] == ["From photo to painting", "cut"]


def test_rows_are_made_anew_only_for_others() -> None:
    presenter = filled()
    assert not presenter.refresh(list(FILTERS), [])
    assert presenter.refresh(FILTERS, ["winter"])
    assert presenter.refresh((MONET, Filter(id="winter", title="Winter", sha256="3")), ["winter"])


def test_what_is_wanted_is_selected_as_soon_as_it_is_there() -> None:
    presenter = FilterListPresenter("winter")
    assert presenter.reselect() is None and presenter.selected is None
    presenter.refresh(FILTERS, ())
    assert presenter.reselect() == 1 and presenter.selected == WINTER


def test_the_first_row_is_selected_for_what_is_not_there() -> None:
    presenter = filled("gone")
    assert presenter.reselect() == 0 and presenter.selected == MONET


def test_the_selection_stays_while_its_row_does() -> None:
    presenter = filled("monet")
    presenter.select(WINTER)
    presenter.refresh(FILTERS, ["winter"])
    assert presenter.reselect() == 0 and presenter.selected == WINTER


def test_the_artists_choice_is_found_again_after_a_search_without_a_match() -> None:
    presenter = filled("monet")
    presenter.select(WINTER)
    presenter.query = "nothing like that"
    presenter.refresh(FILTERS, ())
    assert presenter.reselect() is None
    presenter.query = ""
    presenter.refresh(FILTERS, ())
    assert presenter.reselect() == 1


def test_without_rows_it_is_said_why() -> None:
    presenter = FilterListPresenter()
    assert presenter.nothing("The server has none.") == "The server has none."
    presenter.query = "nothing like that"
    presenter.refresh(FILTERS, ())
    assert presenter.nothing("The server has none.") == "No filter matches the search."


def test_a_server_without_filters_is_told_from_one_that_is_not_there_or_cannot_use_them() -> None:
    empty = session()
    assert no_filter(session(FAILED)) == no_filter(session(Connection("connecting")))
    assert no_filter(session(FAILED)).startswith("The filters are shown as soon as")
    assert no_filter(empty).startswith("The server has no filters yet.")
    empty.rejected = (RejectedFile(file_name="a.onnx", reason="It is broken."),)
    assert no_filter(empty) == "The server cannot use a.onnx: It is broken."


def test_files_that_the_server_cannot_use_are_counted_and_named() -> None:
    told = session()
    assert refused_files(told) == ("", "")
    told.rejected = (
        RejectedFile(file_name="a.onnx", reason="Broken."),
        RejectedFile(file_name="b.onnx", reason="Old."),
    )
    line, files = refused_files(told)
    assert line.startswith("2 files") and files == "a.onnx: Broken.\nb.onnx: Old."


def test_short_facts_leave_out_what_is_not_known() -> None:
    assert short_facts(WINTER) == "Winter"
    trained = Filter(id="x", description="Snow.", training=Training(images_seen=20), licence="CC0")
    assert short_facts(trained) == "x\nSnow.\nTrained on 20 pictures.\nLicence: CC0"


def test_a_star_is_given_and_taken_back() -> None:
    given = with_other_star(Settings(), "winter")
    assert given.favourites == ("winter",)
    assert with_other_star(given, "winter").favourites == ()
