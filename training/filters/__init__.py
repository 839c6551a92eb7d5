"""Writes and applies filter files, ONNX with all that a server must know in its metadata, and reads published weights.

Filters are served by ``server``, which shares no code with this package.
"""

from pleinair.common.telemetry import leave_telemetry_off

leave_telemetry_off()
