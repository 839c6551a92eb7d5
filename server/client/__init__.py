"""For Python scripts and the commands: translations and trainings on a server, or translations in this process.

Everything here speaks the protocol's messages; serving is elsewhere. Names are imported when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from server.client.local_engine import LocalEngine
    from server.client.trainings import TrainingClient, TrainingError
    from server.client.translations import Client, TranslationError, Translator

__all__ = ["Client", "LocalEngine", "TrainingClient", "TrainingError", "TranslationError", "Translator"]

# Where each name is at home: a script that trains does not wait for numpy, and only LocalEngine needs onnxruntime.
_HOMES = {
    "Client": "translations",
    "LocalEngine": "local_engine",
    "TrainingClient": "trainings",
    "TrainingError": "trainings",
    "TranslationError": "translations",
    "Translator": "translations",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
