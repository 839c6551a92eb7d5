"""Keeps what runs here to itself."""

from __future__ import annotations

import os


def leave_telemetry_off() -> None:
    """Has onnxruntime neither keep an identifier of this machine nor tell its maker what runs here, unless the
    environment says otherwise. It reads that when it is imported, so call this before."""
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
