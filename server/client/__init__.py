"""For Python scripts: translations and trainings on a server, or on the server's own engine in this process."""

from server.client.trainings import TrainingClient, TrainingError
from server.client.translations import Client, TranslationError, Translator

__all__ = ["Client", "TrainingClient", "TrainingError", "TranslationError", "Translator"]
