from __future__ import annotations

from plugins.core.area import Area
from plugins.core.preview_frame import detail_frame, whole_frame
from plugins.core.preview_region import Region, differs_from_the_whole, preview_region


def test_a_small_picture_is_shown_as_it_is() -> None:
    region = preview_region((300, 200), None)
    assert region == Region(0, 0, 300, 200, 300, 200)
    assert not differs_from_the_whole(region, (300, 200))


def test_a_large_one_is_scaled_to_what_is_quick() -> None:
    region = preview_region((8000, 6000), None)
    assert region is not None
    assert region.sent_width * region.sent_height <= 512 * 512
    assert abs(region.sent_width / region.sent_height - 8000 / 6000) < 0.01
    assert differs_from_the_whole(region, (8000, 6000))


def test_only_what_is_visible_of_the_picture_is_shown() -> None:
    region = preview_region((1000, 1000), (-50.5, 900.2, 200.0, 300.0))
    assert region == Region(0, 900, 150, 100, 150, 100)
    assert differs_from_the_whole(region, (1000, 1000))


def test_nothing_is_shown_of_a_picture_that_is_out_of_sight() -> None:
    assert preview_region((100, 100), (100.0, 0.0, 50.0, 50.0)) is None
    assert preview_region((100, 100), (-50.0, 0.0, 50.0, 50.0)) is None


def test_a_very_long_picture_keeps_at_least_a_pixel() -> None:
    region = preview_region((1_000_000, 2), None)
    assert region is not None
    assert region.sent_height == 1


def test_a_frame_of_the_whole_is_as_large_as_there_is_room() -> None:
    frame = whole_frame(Area(100, 50, 800, 400), 400)
    assert (frame.scale, frame.shown, frame.whole) == (0.5, Area(50, 25, 400, 200), True)
    assert whole_frame(Area(0, 0, 9, 9), 400).scale == 1


def test_a_detail_begins_in_the_middle_with_some_surroundings() -> None:
    frame = detail_frame(Area(1000, 1000, 2000, 1000), (4000, 3000), 400, None)
    assert (frame.scale, frame.shown, frame.whole) == (1, Area(1800, 1300, 400, 400), False)
    assert frame.sent == Area(1736, 1236, 528, 528)


def test_a_detail_stays_within_what_is_selected_and_its_surroundings_within_the_layer() -> None:
    frame = detail_frame(Area(0, 0, 500, 300), (500, 320), 400, (9000, -9000))
    assert frame.shown == Area(100, 0, 400, 300)
    assert frame.sent == Area(36, 0, 464, 320)
    assert detail_frame(Area(3, 4, 20, 10), (500, 300), 400, None).whole
