"""Krita is started once for all tests that look at what it did."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosts.conftest import small_filters
from tests.hosts.editors import Editors
from tests.hosts.krita.playing import Played, install_driver, play
from tests.processes import ServerProcess, serving

SCENARIOS = (
    "connects",
    "no_document",
    "every_space",
    "layer_in_another_space",
    "undo",
    "soft_selection",
    "kinds_of_layers",
    "shown",
    "shown_in_other_spaces",
    "frames",
    "clipped",
    "refused_model",
    "cancelled",
    "cancelled_late",
    "closed_during_a_job",
    "batch",
    "repeat_last",
    "strength_afterwards",
    "history",
    "again",
    "artist",
    "dialogs",
    "keyboard",
    "large",
    "server_killed",
    "leaves_during_a_job",
)


@pytest.fixture(scope="session")
def krita(
    editors: Editors, krita_zip: Path, server: ServerProcess, artifacts: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Played]:
    """All scenarios, played in one Krita with the built zip in a fresh profile."""
    with editors.profile() as profile, serving(small_filters(tmp_path_factory.mktemp("own"))) as own:
        editors.install_krita(krita_zip, profile, first_start=True)
        install_driver(profile)
        yield play(editors, profile, SCENARIOS, server=server, own=own, artifacts=artifacts)
