"""Texts of others on one line, without anything that a terminal would obey."""

from __future__ import annotations

import pytest

from server.logs.escaping import LONGEST, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("monet.onnx", "monet.onnx"),
        ("Étretat, 睡蓮", "Étretat, 睡蓮"),
        ("a\nb\r\nc", r"a\nb\r\nc"),
        ("\x1b[31mred\x07\x00", r"\x1b[31mred\x07\x00"),
        ("\u202egnp.exe\u2066\u200b", r"\u202egnp.exe\u2066\u200b"),
        ("one\u2028two\u2029three\x85", r"one\u2028two\u2029three\x85"),
        ("\udce9 is no UTF-8", r"\udce9 is no UTF-8"),
        ("\U000e0041 is a tag", r"\U000e0041 is a tag"),
    ],
)
def test_what_is_not_printable_is_shown_by_its_number(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_a_text_of_megabytes_is_cut_off_and_its_length_said() -> None:
    assert printable("x" * 5_000_000) == "x" * LONGEST + "... (5000000 characters)"
