"""Keys of controls."""

from __future__ import annotations

from plugins.core.presenters.mnemonics import ampersands, unmarked


def test_a_key_is_marked_as_qt_wants_it() -> None:
    assert ampersands("_Start training") == "&Start training"
    assert ampersands("Black & _white") == "Black && &white"


def test_a_key_can_be_left_out() -> None:
    assert unmarked("Check set-_up…") == "Check set-up…"
