"""Makes folders for results, and finds out before the work whether something can be written there."""

from __future__ import annotations

import tempfile
from pathlib import Path

from server.errors import UsageError


def make_folder(folder: Path, option: str) -> None:
    """Makes the folder that ``option`` names and checks that files can be written there. Raises UsageError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise UsageError(
            f"Nothing can be written into {folder} ({error.strerror}); choose another {option}."
        ) from error
