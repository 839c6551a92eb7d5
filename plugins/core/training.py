"""The server's trainings as a window shows them, and what an artist can do with them.

The network is used on threads. Everything that a window sees changes on the interface thread only, as in
plugins.core.session.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

from ..client import Cancel, Cancelled, ClientError, TrainingClient
from ..client.messages import Filter, TrainingJob, TrainingState, WatchTrainingResponse
from .awaited import AwaitedFilter
from .listeners import Listeners
from .session import Session
from .texts import _, told
from .training_seen import MadeFrom, SeenTraining
from .training_threads import Action, Ending, Listed, Lister, Watch
from .training_wish import TrainingWish, file_to_send
from .training_words import ENDED, MISSED, NOT_LISTED, ended, turn

CLOSE_SECONDS = 2.0

# Takes the identifier of the followed training (empty for none), and how the editor finds its source layer again.
Remember = Callable[[str, str], None]


class Trainings:
    """Lists a server's trainings and follows one of them. ``listed`` says whether the list is known, ``followed`` is
    the identifier of the followed training, ``seen`` is what is known of it.

    ``problem`` (a sentence and a remedy) says why nothing can be seen, ``failure`` why the last action failed.
    ``doing`` is start, use, stop, cancel, resume or delete while that request runs; ``sent`` (0 to 1) is the share of
    the pictures that was sent. ``remember`` keeps what is followed in the settings.
    """

    def __init__(self, session: Session, remember: Remember) -> None:
        self._jobs: tuple[TrainingJob, ...] = ()
        self.listed = False
        self.problem: tuple[str, str] | None = None
        self.failure: tuple[str, str] | None = None
        self.doing = ""
        self.sent: float | None = None
        self.followed = session.settings.training
        self.source = session.settings.training_source
        self.seen = SeenTraining()
        self._session = session
        self._remember = remember
        self._listeners = Listeners()
        self._endpoint = session.settings.endpoint
        self._lister: Lister | None = None
        self._watch: Watch | None = None
        self._action: Action | None = None
        session.add_listener(self._heed_settings)

    def add_listener(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Adds a listener, called on the interface thread after any change; returns a callable that removes it."""
        return self._listeners.add(listener)

    @property
    def jobs(self) -> tuple[TrainingJob, ...]:
        """The server's trainings: running ones first, then waiting ones, then the newest."""
        seen = self.seen.job
        others = [job for job in self._jobs if seen is None or job.id != seen.id]
        return tuple(sorted([*others, *([seen] if seen else [])], key=turn))

    # Looking

    def open(self) -> None:
        """Begins to list and follow trainings; continues after the server was away."""
        if self._lister is None:
            self._lister = Lister(self._endpoint, self._posted(self._take_list))
            self._lister.start()
            self._watch_followed()

    def close(self) -> None:
        """Ends the listing and following; trainings and a running request continue."""
        for thread in (self._lister, self._watch):
            if thread is not None:
                thread.stop()
        self._lister = self._watch = None

    def end(self) -> None:
        """Closes at the editor's end: also gives up a running request, and waits up to CLOSE_SECONDS for it."""
        self._listeners.clear()
        self.close()
        self.withdraw()
        if self._action is not None:
            self._action.join(CLOSE_SECONDS)

    def follow(self, training_id: str, source: str = "") -> None:
        """Follows this training from now on, none if empty. ``source`` (how its layer is found) is kept with it."""
        if training_id == self.followed:
            return
        self.followed, self.source, self.failure = training_id, source, None
        self._remember(training_id, source)
        self.seen = SeenTraining()
        self._take_job(self._listed(training_id))
        self._watch_followed()
        self._listeners.tell()

    # Acting. An action that is not possible does nothing.

    @property
    def can_use(self) -> bool:
        job = self.seen.job
        return self._free and job is not None and (job.can_export or job.filter_ready)

    @property
    def can_stop(self) -> bool:
        return self.can_cancel and self.seen.job is not None and self.seen.job.can_export

    @property
    def can_cancel(self) -> bool:
        return self._free and self.seen.is_in(TrainingState.QUEUED, TrainingState.RUNNING)

    @property
    def can_resume(self) -> bool:
        return self._free and self.seen.is_in(TrainingState.CANCELLED, TrainingState.FAILED)

    @property
    def can_delete(self) -> bool:
        return self._free and self.seen.is_in(*ENDED)

    def start(self, wish: TrainingWish, source: str = "") -> None:
        """Starts a training and follows it."""
        tell = self._posted(self._take_sent)

        def send(client: TrainingClient, cancel: Cancel) -> TrainingJob:
            targets = [file_to_send(one) if isinstance(one, Path) else one for one in wish.targets]
            return client.start_training(wish.header, wish.sources, targets, on_sent=tell, cancel=cancel)

        def begin(job: TrainingJob) -> None:
            self.follow(job.id, source)
            self._take_job(job)

        if not self.doing:
            self._ask("start", send, begin)

    def use(self, done: Callable[[Filter, MadeFrom], None]) -> None:
        """Has the followed training's present filter made, waits until it is listed, and calls ``done`` with it and
        what it was made from, since another training may be followed by then."""
        job = self.seen.job
        if job is None or not self.can_use:
            return
        made_from = MadeFrom(self.source, tuple(job.source_names))
        found = self._session.find(job.filter_id) if self.seen.is_in(TrainingState.FINISHED) else None
        if found is not None:
            done(found, made_from)
            return
        training_id = job.id
        self._ask(
            "use",
            lambda client, cancel: client.export_training(training_id, cancel=cancel),
            lambda exported: self._await_filter(exported[0], exported[1], lambda found: done(found, made_from)),
        )

    def stop(self) -> None:
        """Ends the followed training; what it has learned becomes its filter."""
        followed = self.followed
        if self.can_stop:
            self._ask("stop", lambda client, _stop: client.cancel_training(followed, keep_filter=True), self._take_job)

    def cancel(self) -> None:
        followed = self.followed
        if self.can_cancel:
            self._ask("cancel", lambda client, _stop: client.cancel_training(followed), self._take_job)

    def resume(self) -> None:
        followed = self.followed
        if self.can_resume:
            self._ask("resume", lambda client, _stop: client.resume_training(followed), self._take_job)

    def delete(self) -> None:
        followed = self.followed
        if self.can_delete:
            self._ask("delete", lambda client, _stop: client.delete_training(followed), lambda _: self._gone(followed))

    def withdraw(self) -> None:
        """Gives up the running request; a training that has begun continues."""
        if self._action is not None:
            self._action.withdraw()

    # On the interface thread

    @property
    def _free(self) -> bool:
        return not self.doing and self.problem is None

    def _listed(self, training_id: str) -> TrainingJob | None:
        return next((job for job in self._jobs if job.id == training_id), None)

    def _posted(self, take: Callable[..., None]) -> Callable[..., None]:
        """Returns a callable for threads, which has ``take`` called on the interface thread."""
        return lambda *told_of: self._session.post(lambda: take(*told_of))

    def _ask(self, name: str, call: Callable[[TrainingClient, Cancel], Any], done: Callable[[Any], None]) -> None:
        def answer(outcome: Any, error: ClientError | None) -> None:
            self.doing, self.sent, self._action = "", None, None
            if error is None:
                done(outcome)
            elif not isinstance(error, Cancelled):
                self.failure = told(error)
            if self._lister is not None:
                self._lister.look_again()
            self._listeners.tell()

        self.doing, self.failure = name, None
        self._action = Action(self._endpoint, call, self._posted(answer))
        self._action.start()
        self._listeners.tell()

    def _await_filter(self, job: TrainingJob, sha256: str, done: Callable[[Filter], None]) -> None:
        def end(found: Filter | None) -> None:
            self.doing = ""
            try:
                if found is None:
                    self.failure = (_(NOT_LISTED[0]), _(NOT_LISTED[1]))
                else:
                    done(found)
            finally:
                self._listeners.tell()

        self.doing = "use"
        # Posted, so that an error in it does not keep the session's other listeners from being called.
        AwaitedFilter(self._session, job.filter_id, sha256, self._posted(end))

    def _take_sent(self, share: float) -> None:
        self.sent = share
        self._listeners.tell()

    def _take_list(self, lister: Lister, listed: Listed) -> None:
        if lister is not self._lister:
            return
        if isinstance(listed, ClientError):
            self.problem = told(listed)
        else:
            self.problem, self.listed = None, True
            self._jobs = tuple(listed)
            if self._watch is None and not self.doing:
                self._take_listed()
        self._listeners.tell()

    def _take_news(self, watch: Watch, news: WatchTrainingResponse) -> None:
        if watch is self._watch:
            self.seen.take(news)
            self._listeners.tell()

    def _take_end(self, watch: Watch, log: Ending) -> None:
        if watch is self._watch:
            self._watch = None
            if log is None:
                self._missed()
            elif isinstance(log, ClientError):
                self.problem = told(log)
            else:
                self.seen.log = tuple(log)
            self._listeners.tell()

    def _take_job(self, job: TrainingJob | None) -> None:
        """Shows a job that the watch did not tell of, if it is the followed one; watches it again if it runs again."""
        if job is not None and job.id == self.followed:
            self.seen.show(job)
            if self._watch is None and not ended(job):
                self._watch_followed()

    def _take_listed(self) -> None:
        """Looks for the followed training in the list, after its watch has ended: others may resume or delete it."""
        job = self._listed(self.followed)
        if job is None and self.followed:
            self._missed()
        self._take_job(job)

    def _missed(self) -> None:
        self._gone(self.followed)
        self.failure = (_(MISSED[0]), _(MISSED[1]))

    def _gone(self, training_id: str) -> None:
        self._jobs = tuple(job for job in self._jobs if job.id != training_id)
        self.follow("" if training_id == self.followed else self.followed)

    def _watch_followed(self) -> None:
        if self._watch is not None:
            self._watch.stop()
            self._watch = None
        if self._lister is not None and self.followed:
            tell, tell_end = self._posted(self._take_news), self._posted(self._take_end)
            self._watch = Watch(self._endpoint, self.followed, tell, tell_end)
            self._watch.start()

    def _heed_settings(self) -> None:
        """Begins again when the settings name another server, which has other trainings."""
        if self._session.settings.endpoint != self._endpoint:
            self._endpoint = self._session.settings.endpoint
            self._jobs, self.listed, self.problem, self.seen = (), False, None, SeenTraining()
            if self._lister is not None:
                self.close()
                self.open()
            self._listeners.tell()
