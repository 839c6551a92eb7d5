from __future__ import annotations

import pytest

from training.running.schedule import Length


def test_a_run_in_epochs_decays_by_the_epoch() -> None:
    length = Length.of(epochs=4, images=None, epoch_images=10, decay_share=0.5)
    assert length.images == 40
    assert [length.factor(images) for images in (0, 19, 20, 29, 30, 39)] == pytest.approx(
        [1, 1, 2 / 3, 2 / 3, 1 / 3, 1 / 3]
    )


def test_a_run_in_images_decays_by_the_image_and_may_be_shorter_than_an_epoch() -> None:
    length = Length.of(epochs=400, images=8, epoch_images=1000, decay_share=0.5)
    assert length.images == 8
    assert [length.factor(images) for images in (3, 4, 7)] == pytest.approx([1, 0.8, 0.2])


def test_no_decay_keeps_the_learning_rate() -> None:
    length = Length.of(epochs=None, images=8, epoch_images=1, decay_share=0.0)
    assert length.factor(7) == 1
