"""Servers that are protected, or do not start."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from server.application import Application
from server.config import ServerConfig
from server.engine.provider import Provider
from server.errors import StartProblem

TOKEN = "a-token-of-some-length"


def application(folder: Path, **options: Any) -> Application:
    """One that has read its files, and does not listen."""
    return Application(ServerConfig(filters=folder, provider=Provider.CPU, **options))


def problem(folder: Path, **options: Any) -> str:
    """The sentence with which it does not start."""
    with pytest.raises(StartProblem) as caught:
        application(folder, **options)
    return str(caught.value)
