"""What the server's parts do not bring with them."""

from __future__ import annotations

import subprocess
import sys

import pytest


def imported(statement: str) -> set[str]:
    """The modules, and the packages above them, that a fresh process has after ``statement``."""
    program = f"{statement}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("names", ["Client, TranslationError, Translator", "TrainingClient, TrainingError"])
def test_a_client_needs_no_engine(names: str) -> None:
    modules = imported(f"from server.client import {names}")
    assert "grpc" in modules
    assert not modules & {"onnx", "onnxruntime", "server.config", "server.engine", "PIL"}


def test_training_on_a_server_needs_no_engine() -> None:
    assert not imported("import server.train") & {"onnx", "onnxruntime", "numpy"}


def test_what_is_not_used_of_the_client_is_not_imported() -> None:
    assert not imported("import server.client") & {"grpc", "numpy", "google.protobuf"}
    assert "numpy" not in imported("from server.client import TrainingClient")


def test_the_application_knows_no_transport() -> None:
    modules = imported("import server.application")
    assert "server.services.translation" in modules
    assert not modules & {"grpc", "grpc_status", "grpc_health", "grpc_reflection", "server.transports"}
