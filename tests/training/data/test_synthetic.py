from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from training.data.synthetic import make_scene, render_painting, render_photo, write_folders


def luma(picture: np.ndarray) -> np.ndarray:
    return picture.astype(float) @ (0.299, 0.587, 0.114)


def scene_pair(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    scene = make_scene(rng, 96, 128)
    return render_painting(scene, rng), render_photo(scene, rng)


def test_a_scene_is_the_same_for_the_same_seed() -> None:
    assert all(map(np.array_equal, scene_pair(1), scene_pair(1)))
    assert not np.array_equal(scene_pair(1)[0], scene_pair(2)[0])


def test_painting_and_photo_share_their_layout_but_not_their_colours() -> None:
    painting, photo = scene_pair(1)
    assert painting.shape == photo.shape == (96, 128, 3)
    assert np.corrcoef(luma(painting).ravel(), luma(photo).ravel())[0, 1] > 0.8
    assert np.abs(painting.astype(float) - photo).mean() > 20


def test_training_folders_hold_paintings_and_photos_of_different_scenes(tmp_path: Path) -> None:
    write_folders(tmp_path, pictures=2, size=48, seed=0)
    paths = [tmp_path / folder / name for folder in ("trainA", "trainB") for name in ("000.png", "001.png")]
    assert sorted(tmp_path.rglob("*.png")) == paths
    painting, photo = (np.asarray(Image.open(path)) for path in (paths[0], paths[2]))
    assert painting.shape == photo.shape == (48, 48, 3)
    assert np.corrcoef(luma(painting).ravel(), luma(photo).ravel())[0, 1] < 0.95
