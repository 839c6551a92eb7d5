"""The plug-in's session with its server: the filters as the server lists them, and jobs that run in order.

The network is used on threads of the session's own. Everything that a window sees changes on the interface thread
only: ``post`` passes a callable to that thread.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..client import Cancel, Cancelled, Client, Endpoint, Progress, messages
from .failures import foreseen
from .listeners import Listeners
from .settings import Settings
from .texts import _, told
from .translation_jobs import TranslationJob, TranslationRequest

LANES = ("work", "preview")
CLOSE_SECONDS = 2.0
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 15.0  # seconds between attempts to connect
# No further attempt until the artist changes a setting. Other errors may pass, as while a server starts or stops.
_HOPELESS = ("UNAUTHENTICATED", "INVALID_ARGUMENT")

Post = Callable[[Callable[[], None]], None]
_Event = messages.WatchFiltersResponse.Event


@dataclass(frozen=True)
class Connection:
    """``kind`` is offline, connecting, connected or failed; if failed, the texts say what is wrong and what to do."""

    kind: str = "offline"
    sentence: str = ""
    remedy: str = ""


class Session:
    def __init__(self, settings: Settings, post: Post) -> None:
        self.settings = settings
        self.connection = Connection()
        self.filters: tuple[messages.Filter, ...] = ()
        self.rejected: tuple[messages.RejectedFile, ...] = ()
        self._post = post
        self._listeners = Listeners()
        self._watcher: _Watcher | None = None
        self._lanes = {name: _Lane(name, post, self._listeners.tell) for name in LANES}

    def add_listener(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Adds a listener, called on the interface thread after any change; returns a callable that removes it."""
        return self._listeners.add(listener)

    def connect(self) -> None:
        """Begins to follow the server's filters, in the background; tries again when the connection fails."""
        if self._watcher is None:
            self._show(Connection("connecting", _("Connecting to {address}").format(address=self.settings.address)))
            self._watcher = _Watcher(self, self.settings.endpoint)
            self._watcher.start()

    def use(self, settings: Settings) -> None:
        """Uses these settings from now on; when they name another server, reconnects if a connection was wanted."""
        moved = settings.endpoint != self.settings.endpoint
        self.settings = settings
        if moved and self._watcher is not None:
            self.reconnect()
        else:
            self._listeners.tell()

    def reconnect(self) -> None:
        self._stop_watching()
        self.filters, self.rejected = (), ()
        self.connect()

    def find(self, filter_id: str) -> messages.Filter | None:
        return next((found for found in self.filters if found.id == filter_id), None)

    def submit(
        self, request: TranslationRequest, *, done: Callable[[TranslationJob], None], lane: str = "work"
    ) -> TranslationJob:
        """Queues a translation and returns its job. Jobs of a lane run in order, without waiting for the other lane."""
        job = TranslationJob(request, done)
        self._lanes[lane].put(job, self.settings.endpoint)
        self._listeners.tell()
        return job

    def close(self) -> None:
        """Cancels everything, here and on the server, and waits up to CLOSE_SECONDS for the threads."""
        self._listeners.clear()
        watcher = self._watcher
        self._stop_watching()
        for lane in self._lanes.values():
            lane.stop()
        end = time.monotonic() + CLOSE_SECONDS
        for thread in (watcher, *(lane.thread for lane in self._lanes.values())):
            if thread is not None:
                thread.join(max(end - time.monotonic(), 0.0))

    def _stop_watching(self) -> None:
        """Stops the watcher without waiting for it; anything that it still posts is ignored."""
        if self._watcher is not None:
            self._watcher.stop()
            self._watcher = None
            self._show(Connection())

    # Posted by the watcher, run on the interface thread

    def take_from(self, watcher: _Watcher, connection: Connection) -> None:
        if watcher is self._watcher:
            self._show(connection)

    def take_filters_from(
        self, watcher: _Watcher, filters: dict[str, messages.Filter], rejected: dict[str, messages.RejectedFile]
    ) -> None:
        if watcher is self._watcher:
            self.filters = tuple(filters[one] for one in sorted(filters))
            self.rejected = tuple(rejected[one] for one in sorted(rejected))
            self._show(Connection("connected", _("Connected to {address}").format(address=self.settings.address)))

    def post(self, call: Callable[[], None]) -> None:
        self._post(call)

    def _show(self, connection: Connection) -> None:
        self.connection = connection
        self._listeners.tell()


class _Watcher(threading.Thread):
    """Follows one server's filters, and connects again after the connection was lost."""

    def __init__(self, session: Session, endpoint: Endpoint) -> None:
        super().__init__(name="pleinair-watch", daemon=True)
        self._session = session
        self._endpoint = endpoint
        self._cancel = Cancel()
        self._stopped = threading.Event()

    def stop(self) -> None:
        self._stopped.set()
        self._cancel.cancel()

    def run(self) -> None:
        pause = FIRST_PAUSE
        while not self._stopped.is_set():
            try:
                with Client(self._endpoint) as client:
                    for _event in self._follow(client):
                        pause = FIRST_PAUSE
            except Cancelled:
                return
            except Exception as error:
                failure = foreseen(error)
                connection = Connection("failed", *told(failure))
                self._session.post(lambda shown=connection: self._session.take_from(self, shown))  # type: ignore[misc]
                if failure.code in _HOPELESS:
                    return
            self._stopped.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _follow(self, client: Client) -> Iterator[messages.WatchFiltersResponse]:
        filters: dict[str, messages.Filter] = {}
        rejected: dict[str, messages.RejectedFile] = {}
        synced = False
        for news in client.watch_filters(cancel=self._cancel):
            synced = synced or news.event == _Event.SYNCED
            _apply(news, filters, rejected)
            if synced:
                # Copies, since this thread changes its dictionaries while the interface thread reads.
                told_of = dict(filters), dict(rejected)
                self._session.post(lambda both=told_of: self._session.take_filters_from(self, *both))  # type: ignore[misc]
            yield news


class _Lane:
    """Runs jobs in order on one thread, over a connection of its own."""

    def __init__(self, name: str, post: Post, changed: Callable[[], None]) -> None:
        self._post = post
        self._changed = changed
        self._queue: queue.Queue[tuple[TranslationJob, Endpoint] | None] = queue.Queue()
        self._unfinished: list[TranslationJob] = []
        self._name = name
        self.thread: threading.Thread | None = None

    def put(self, job: TranslationJob, endpoint: Endpoint) -> None:
        if self.thread is None:
            self.thread = threading.Thread(target=self._work, name=f"pleinair-{self._name}", daemon=True)
            self.thread.start()
        self._unfinished.append(job)
        self._queue.put((job, endpoint))

    def stop(self) -> None:
        """Cancels the jobs and ends the thread, without waiting for it."""
        for job in self._unfinished:
            job.cancel()
        self._queue.put(None)

    def _work(self) -> None:
        client: Client | None = None
        while True:
            item = self._queue.get()
            if item is None:
                break
            job, endpoint = item
            if client is None or client.endpoint != endpoint:
                if client is not None:
                    client.close()
                client = Client(endpoint)
            self._translate(job, client)
        if client is not None:
            client.close()

    def _translate(self, job: TranslationJob, client: Client) -> None:
        def go_on(progress: Progress) -> None:
            self._post(lambda: self._update(lambda: job.go_on(progress)))

        try:
            request = job.request
            translation = client.translate(request.header, request.pixels, on_progress=go_on, cancel=job.cancel_token)
        except Exception as error:  # whatever the error, the job must end
            failure = foreseen(error)
            self._post(lambda: self._finish(job, lambda: job.fail(failure)))
        else:
            self._post(lambda: self._finish(job, lambda: job.succeed(translation)))

    def _finish(self, job: TranslationJob, end: Callable[[], None]) -> None:
        self._unfinished.remove(job)
        self._update(end)

    def _update(self, change: Callable[[], None]) -> None:
        change()
        self._changed()


def _apply(
    news: messages.WatchFiltersResponse,
    filters: dict[str, messages.Filter],
    rejected: dict[str, messages.RejectedFile],
) -> None:
    if news.event in (_Event.ADDED, _Event.CHANGED) and news.filter:
        filters[news.filter.id] = news.filter
    elif news.event == _Event.REMOVED and news.filter:
        filters.pop(news.filter.id, None)
    elif news.event == _Event.REJECTED and news.rejected_file:
        rejected[news.rejected_file.file_name] = news.rejected_file
    elif news.event == _Event.CLEARED and news.rejected_file:
        rejected.pop(news.rejected_file.file_name, None)
