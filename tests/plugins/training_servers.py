"""Servers whose trainings take milliseconds, as processes that speak like the trainer and learn nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from server.trainings.jobs.trainer import Trainer
from tests import factories
from tests.server.trainings.jobs import scripted_trainer

LONG = "100000"  # images: it does not end by itself


def trainer(folder: Path) -> Trainer:
    made = factories.put(folder, factories.inverting(), name="made")
    program = (sys.executable, str(Path(scripted_trainer.__file__)), str(made))
    return Trainer(fit=(*program, "fit"), export=(*program, "export"))


@contextmanager
def training_server(folder: Path, **options: Any) -> Iterator[factories.RunningServer]:
    """Its filters lie in ``folder``/filters, which stays for the next server."""
    filters = folder / "filters"
    filters.mkdir(exist_ok=True)
    with factories.running_server(filters, trainer=trainer(folder), **options) as server:
        yield server
