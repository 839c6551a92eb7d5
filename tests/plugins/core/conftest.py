"""The toy editor's picture, with and without undo steps that can be grouped."""

from __future__ import annotations

import pytest

from tests.plugins.core.toy_editor import ToyDocument, picture


@pytest.fixture(params=[True, False], ids=["grouped undo", "a step each"])
def document(request: pytest.FixtureRequest) -> ToyDocument:
    return picture(groups_undo=request.param)
