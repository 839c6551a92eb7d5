"""Where the plug-in keeps its files: outside its own folder, which an update replaces."""

from __future__ import annotations

from pathlib import Path

from gi.repository import Gimp


def settings_folder() -> Path:
    return Path(Gimp.directory()) / "pleinair"


def results_folder() -> Path:
    return settings_folder() / "results"


def server_folder() -> Path:
    return settings_folder() / "server"
