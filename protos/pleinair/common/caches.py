"""Finds the folder in which this platform keeps caches."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def cache_folder() -> Path:
    """Returns Pleinair's cache folder, which may not exist yet. Raises OSError when the user has no home folder."""
    windows = sys.platform == "win32"
    base = Path(os.environ.get("LOCALAPPDATA" if windows else "XDG_CACHE_HOME", ""))
    if base.is_absolute():
        return base / "pleinair"
    try:
        return Path.home() / ("AppData/Local" if windows else ".cache") / "pleinair"
    except RuntimeError:
        raise OSError("there is no home folder") from None
