"""What the presenters show, without a server: a session and trainings that are told what there is."""

from __future__ import annotations

from plugins.client.messages import TrainingJob
from plugins.core.session import Connection, Session
from plugins.core.settings import Settings
from plugins.core.training import Trainings

CONNECTED = Connection("connected", "Connected to here")
FAILED = Connection("failed", "Nobody answers.", "Start a server.")


def session(connection: Connection = CONNECTED) -> Session:
    made = Session(Settings(), lambda call: call())
    made.connection = connection
    return made


class ToldTrainings(Trainings):
    """``asked`` are the actions that were asked of the server, in order; none is done."""

    def __init__(self, *jobs: TrainingJob, seen: TrainingJob | None = None) -> None:
        super().__init__(session(), lambda training, source: None)
        self.asked: list[str] = []
        self.listed = True
        self._jobs = jobs
        if seen is not None:
            self.followed = seen.id
            self.seen.show(seen)

    def stop(self) -> None:
        self.asked.append("stop")

    def cancel(self) -> None:
        self.asked.append("cancel")

    def resume(self) -> None:
        self.asked.append("resume")

    def delete(self) -> None:
        self.asked.append("delete")

    def withdraw(self) -> None:
        self.asked.append("withdraw")
