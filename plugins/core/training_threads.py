"""The threads that talk to the server about trainings: one lists them, one watches one, one makes a request.

``tell`` is called on these threads; it must pass what it gets to the interface thread.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, Callable, Union

from ..client import Cancel, Cancelled, ClientError, Endpoint, TrainingClient
from ..client.messages import TrainingJob, WatchTrainingResponse
from .failures import foreseen
from .training_words import ended

LIST_SECONDS = 3.0
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 15.0  # seconds between attempts to connect

Listed = Union[Sequence[TrainingJob], ClientError]
# The end of the log of a training that has ended, or why it cannot be watched; None when the server does not know it.
Ending = Union[Sequence[str], ClientError, None]
# Failures that another attempt with the same settings only repeats.
_FINAL = ("UNAUTHENTICATED", "PERMISSION_DENIED", "INVALID_ARGUMENT", "UNIMPLEMENTED")


class Lister(threading.Thread):
    """Gets the list of trainings every LIST_SECONDS, and tells it, or why that failed."""

    def __init__(self, endpoint: Endpoint, tell: Callable[[Lister, Listed], None]) -> None:
        super().__init__(name="pleinair-trainings", daemon=True)
        self._endpoint = endpoint
        self._tell = tell
        self._cancel = Cancel()
        self._bell = threading.Event()

    def look_again(self) -> None:
        """Has the list read at once, since something has changed."""
        self._bell.set()

    def stop(self) -> None:
        self._cancel.cancel()
        self._bell.set()

    def run(self) -> None:
        with TrainingClient(self._endpoint) as client:
            while not self._cancel.cancelled:
                self._bell.clear()
                try:
                    self._tell(self, client.list_trainings(cancel=self._cancel))
                except Cancelled:
                    return
                except Exception as error:
                    self._tell(self, foreseen(error))
                self._bell.wait(LIST_SECONDS)


class Watch(threading.Thread):
    """Follows one training to its end, and connects again when the server was away, but not when it refuses."""

    def __init__(
        self,
        endpoint: Endpoint,
        training_id: str,
        tell: Callable[[Watch, WatchTrainingResponse], None],
        tell_end: Callable[[Watch, Ending], None],
    ) -> None:
        super().__init__(name="pleinair-training", daemon=True)
        self._endpoint = endpoint
        self._id = training_id
        self._tell = tell
        self._tell_end = tell_end
        self._cancel = Cancel()
        self._stopped = threading.Event()
        self._pause = FIRST_PAUSE

    def stop(self) -> None:
        self._cancel.cancel()
        self._stopped.set()

    def run(self) -> None:
        while not self._stopped.is_set():
            try:
                with TrainingClient(self._endpoint) as client:
                    if self._follow(client):
                        self._tell_end(self, client.get_training(self._id, cancel=self._cancel).log_tail)
                        return
            except Cancelled:
                return
            except Exception as error:
                failure = foreseen(error)
                unknown = failure.reason == "TRAINING_NOT_FOUND"
                if unknown or failure.code in _FINAL:
                    self._tell_end(self, None if unknown else failure)
                    return
            self._stopped.wait(self._pause)
            self._pause = min(2 * self._pause, LONGEST_PAUSE)

    def _follow(self, client: TrainingClient) -> bool:
        """Tells the training's news until the server ends the call; returns whether the training has ended."""
        over = False
        for news in client.watch_training(self._id, cancel=self._cancel):
            self._pause = FIRST_PAUSE
            if news.job is not None:
                over = ended(news.job)
            self._tell(self, news)
        return over


class Action(threading.Thread):
    """Makes one request. ``tell`` gets what ``call`` returns and None, or None and why it failed."""

    def __init__(
        self,
        endpoint: Endpoint,
        call: Callable[[TrainingClient, Cancel], Any],
        tell: Callable[[Any, ClientError | None], None],
    ) -> None:
        super().__init__(name="pleinair-training-action", daemon=True)
        self._endpoint = endpoint
        self._call = call
        self._tell = tell
        self._cancel = Cancel()

    def withdraw(self) -> None:
        """Ends the call; ``tell`` then gets Cancelled."""
        self._cancel.cancel()

    def run(self) -> None:
        try:
            with TrainingClient(self._endpoint) as client:
                outcome = self._call(client, self._cancel)
        except Exception as error:
            self._tell(None, foreseen(error))
        else:
            self._tell(outcome, None)
