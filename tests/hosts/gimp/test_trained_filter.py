"""A filter that was really trained, from the training programme to a layer in GIMP."""

from __future__ import annotations

import numpy as np
import pytest

from server.client.translations import Client
from tests.hosts.gimp.pictures import Bench, noise
from tests.processes import ServerProcess


@pytest.mark.parametrize(("precision", "kind"), [("U8_NON_LINEAR", "U8"), ("U16_NON_LINEAR", "U16")])
def test_a_trained_filter_gives_in_gimp_what_it_gives_a_script(
    bench: Bench, trained: ServerProcess, precision: str, kind: str
) -> None:
    image = bench.image(precision)
    source = noise(kind, 3)
    layer = bench.layer(image, source, place=(0, 0))
    assert bench.translate(image, layer, filter="small", address=trained.address) == ""
    given = bench.pixels(bench.gimp.layers(image=image)[0]["id"], source)
    with Client(trained.address) as client:
        expected, _ = client.translate("small", source)
    np.testing.assert_array_equal(given, expected)
    assert np.abs(given.astype(float) - source).mean() > np.iinfo(source.dtype).max / 100
    bench.gimp.delete_image(image=image)


def test_its_training_is_told_to_the_menu(trained: ServerProcess) -> None:
    with Client(trained.address) as client:
        (found,) = client.filters()
    assert (found.method, found.training.images_seen) == ("fastcut", 20)
    assert found.thumbnail.startswith(b"\xff\xd8\xff")
