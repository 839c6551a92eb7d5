"""What holds for all tests."""

from __future__ import annotations

from pleinair.common.telemetry import leave_telemetry_off

leave_telemetry_off()  # before a test imports onnxruntime itself
