"""The editors' plug-ins, on Pythons older than this package's, repeat a few of its facts; here they are compared."""

from __future__ import annotations

from pleinair.common import limits, suffixes

from plugins.core import training_wish


def test_the_plug_ins_allow_titles_as_long_as_the_server_does() -> None:
    assert training_wish.LONGEST_TITLE == limits.LONGEST_TITLE


def test_the_plug_ins_offer_the_picture_files_that_the_server_takes() -> None:
    assert training_wish.SUFFIXES == suffixes.SERVED
