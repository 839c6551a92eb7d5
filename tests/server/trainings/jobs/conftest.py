from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

from server.trainings.jobs.trainer import Trainer
from tests import factories
from tests.contract.connection import Connection

Serve = Callable[..., AbstractContextManager[Connection]]


@pytest.fixture
def filters(tmp_path: Path) -> Path:
    folder = tmp_path / "filters"
    folder.mkdir()
    return folder


@pytest.fixture
def trainer(tmp_path: Path) -> Trainer:
    """One that learns nothing, quickly."""
    made = factories.put(tmp_path, factories.inverting(), name="made")
    program = (sys.executable, str(Path(__file__).with_name("scripted_trainer.py")), str(made))
    return Trainer(fit=(*program, "fit"), export=(*program, "export"))


@pytest.fixture
def serve(filters: Path, trainer: Trainer) -> Serve:
    """A server whose trainings are such processes, and a connection to it."""

    @contextmanager
    def serve(**options: Any) -> Iterator[Connection]:
        running = factories.running_server(filters, trainer=trainer, **options)
        with running as server, grpc.insecure_channel(server.address) as channel:
            yield Connection(channel, filters)

    return serve
