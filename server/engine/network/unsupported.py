"""Why a network cannot be read as layers of known reach."""

from __future__ import annotations


class UnsupportedNetwork(Exception):
    """The network has something of which it is not known what it needs of its input; ``operation`` names that in
    ONNX's words, and ``why`` says what is special about it."""

    def __init__(self, operation: str, why: str = "") -> None:
        super().__init__(f"{operation}: {why}" if why else operation)
        self.operation = operation
        self.why = why

    def again(self) -> UnsupportedNetwork:
        """A new one that says the same: one that is kept and raised again would hold the frames, and with them the
        pictures, of all who ever saw it."""
        return UnsupportedNetwork(self.operation, self.why)
