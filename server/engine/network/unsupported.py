"""Why a network cannot be read as layers of known reach."""

from __future__ import annotations


class UnsupportedNetwork(Exception):
    """The network has something of which it is not known what it needs of its input; ``operation`` names that in
    ONNX's words, and ``why`` says what is special about it."""

    def __init__(self, operation: str, why: str = "") -> None:
        super().__init__(f"{operation}: {why}" if why else operation)
        self.operation = operation
