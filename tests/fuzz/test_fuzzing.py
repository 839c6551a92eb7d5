"""A little of each kind of nonsense, the same each time: all that must hold holds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fuzz.kinds import KINDS, Kind, attempt
from tests.fuzz.target import Target, targeted

pytestmark = pytest.mark.slow

_SEED = "pleinair"


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with targeted(tmp_path_factory.mktemp("target")) as target:
        yield target


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_whatever_comes_what_must_hold_holds(target: Target, kind: Kind) -> None:
    assert list(map(str, attempt(kind, target, _SEED, range(kind.few)))) == []
