from __future__ import annotations

from plugins.core.area import Area


def test_what_two_areas_have_in_common() -> None:
    assert Area(0, 0, 10, 10).common(Area(5, -3, 10, 5)) == Area(5, 0, 5, 2)
    assert Area(0, 0, 10, 10).common(Area(10, 0, 5, 5)) is None


def test_the_smallest_area_around_two() -> None:
    assert Area(0, 0, 10, 10).joined(Area(5, -3, 10, 5)) == Area(0, -3, 15, 13)
    assert Area(20, 20, 1, 1).joined(Area(0, 0, 2, 2)) == Area(0, 0, 21, 21)
    assert Area(0, 0, 10, 10).joined(Area(2, 2, 3, 3)) == Area(0, 0, 10, 10)


def test_what_lies_on_the_canvas() -> None:
    assert Area(-4, 6, 10, 10).within(20, 8) == Area(0, 6, 6, 2)
    assert Area(-4, -4, 4, 4).within(20, 8) is None


def test_bands_cover_an_area_from_the_top() -> None:
    assert Area(3, 5, 7, 10).bands(4) == [Area(3, 5, 7, 4), Area(3, 9, 7, 4), Area(3, 13, 7, 2)]
    assert Area(3, 5, 7, 2).bands(0) == [Area(3, 5, 7, 1), Area(3, 6, 7, 1)]


def test_an_area_is_moved_and_grown() -> None:
    assert Area(1, 2, 3, 4).moved(-1, 5) == Area(0, 7, 3, 4)
    assert Area(1, 2, 3, 4).grown(2) == Area(-1, 0, 7, 8)
