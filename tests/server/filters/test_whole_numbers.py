"""Networks whose input takes whole numbers."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto

from tests import factories
from tests.server.filters.conftest import Problem, Read
from tests.server.filters.networks import identity, sidecar

PICTURE = np.random.default_rng(0).uniform(-1, 1, (1, 3, 20, 24)).astype(np.float32)


@pytest.mark.parametrize(
    ("kind", "black_to_white", "words"),
    [
        (TensorProto.INT8, "[0, 255]", "(int8, -128 to 127), and filter.toml gives it values from 0 to 255;"),
        (
            TensorProto.INT8,
            "[-1, 1]",
            "values from -1 to 1; write the range that it takes, such as range = [-128, 127].",
        ),
        (TensorProto.UINT8, "[0, 1]", "values from 0 to 1; write the range that it takes, such as range = [0, 255]."),
        (TensorProto.UINT8, "[0, 255]\nmean = 128", "values from -128 to 127;"),
        (TensorProto.UINT8, "[0, 255]\nstd = [1, 1, 255]", "values from 0 to 255;"),
        (TensorProto.INT32, "[-1, 1]", "values from -1 to 1;"),
    ],
)
def test_whole_numbers_that_cannot_hold_the_range_are_refused(
    problem: Problem, kind: int, black_to_white: str, words: str
) -> None:
    assert words in problem(identity(kinds=(kind,) * 2), sidecar(1, range=black_to_white))


@pytest.mark.parametrize(
    ("kind", "black_to_white"),
    [(TensorProto.INT8, "[-128, 127]"), (TensorProto.UINT8, "[255, 0]"), (TensorProto.INT8, "[0, 255]\nmean = 128")],
)
def test_whole_numbers_that_hold_the_range_are_served(read: Read, kind: int, black_to_white: str) -> None:
    more = "\noutput_mean = 128" if "mean" in black_to_white else ""
    found = read(identity(kinds=(kind,) * 2), sidecar(1, range=black_to_white + more))
    np.testing.assert_allclose(factories.translated(found.network, PICTURE), PICTURE, atol=1 / 255 + 1e-5)
