"""What all of Krita's windows share: settings, the session with the server, the run in progress, past results."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from krita import Document, Node

from ..client.messages import Filter
from ..core.history import Entry, History
from ..core.host import PICTURE
from ..core.local_server import LocalServer
from ..core.look import Look
from ..core.origins import Origin
from ..core.problems import Problem
from ..core.restoring import PastResult, insert_again, keep_in
from ..core.session import Session
from ..core.settings import Settings, SettingsStore
from ..core.texts import _
from ..core.training import Trainings
from ..core.translating import Order
from ..core.translation_run import TranslationRun
from . import host
from .document import KritaDocument
from .guard import connect, guarded, log, report
from .qt import QObject, QTimer, QUuid, pyqtSignal
from .results import Results
from .steps import Task

_SAVE_MILLISECONDS = 500


class Studio(QObject):
    """The shared state, which lives as long as Krita. Emits ``changed`` on the interface thread after any change."""

    changed = pyqtSignal()
    trainings_changed = pyqtSignal()
    show_requested = pyqtSignal()
    painting_requested = pyqtSignal()
    run_begun = pyqtSignal()
    _posted = pyqtSignal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._posted.connect(guarded(lambda call: call()))
        self._store = SettingsStore(host.settings_folder())
        self.settings = self._store.load()
        self.notice = self._store.note
        self.chosen_filter = self.settings.last_filter
        self.session = Session(self.settings, self._posted.emit)
        self.session.add_listener(self.changed.emit)
        self.trainings = Trainings(self.session, lambda *followed: self.use(self.settings.following(*followed)))
        self.trainings.add_listener(self.trainings_changed.emit)
        self.history = History()
        self.results = Results()
        self.run: TranslationRun | None = None
        self.local_server: LocalServer | None = None
        self._server_work: threading.Thread | None = None
        self._save_later = QTimer(self)
        self._save_later.setSingleShot(True)
        self._save_later.setInterval(_SAVE_MILLISECONDS)
        connect(self._save_later.timeout, self.save)

    @property
    def busy(self) -> bool:
        return self.run is not None and not self.run.ended

    @property
    def look(self) -> Look:
        return Look(self.settings.opacity, self.settings.keep_luminance)

    def use(self, settings: Settings) -> None:
        """Applies settings, and saves them a moment later, together with any others that change until then."""
        if settings != self.settings:
            self.settings = settings
            self.session.use(settings)
            self._save_later.start()
            self.changed.emit()

    def save(self) -> None:
        self._save_later.stop()
        self._store.save(self.settings)

    def choose(self, filter_id: str) -> None:
        """Chooses the filter that Apply and the preview use."""
        if filter_id != self.chosen_filter:
            self.chosen_filter = filter_id
            self.changed.emit()

    def apply(
        self,
        filter_id: str,
        nodes: Sequence[Node] | None = None,
        choice: str = "",
        above: QUuid | None = None,
        document: Document | None = None,
    ) -> None:
        """Translates ``nodes`` (None: the selected layers) or the picture, as ``choice`` says (empty: the settings).
        ``document`` None is the active one; ``above`` is as in Order. Raises Problem when it cannot begin."""
        if self.busy:
            raise Problem(_("A translation is running."), _("Wait for it to end, or cancel it."))
        document = document or host.active_document()
        if document is None:
            raise Problem(_("No picture is open."), _("Open one, or make a new one, and try again."))
        if not filter_id:
            raise Problem(_("No filter is chosen."), _("Choose one in the list of the Pleinair docker."))
        choice = choice or self.settings.source
        layers = host.selected_nodes() if nodes is None else nodes
        wanted = (None,) if choice == PICTURE else tuple(layers)
        if not wanted:
            raise Problem(_("No layer is selected."), _("Select one in the layer list and try again."))
        order = Order(wanted, choice, self._chosen(filter_id), self.look, above)
        self.use(self.settings.used(filter_id))
        self.results.begin(document)
        self.run_begun.emit()
        self.run = TranslationRun(
            KritaDocument(document),
            order,
            self.session,
            keep_in(self.history),
            launch=partial(Task, parent=self),
            changed=self._follow,
            report=report,
        )
        self.changed.emit()

    def apply_again(self, origin: Origin, before: Node) -> None:
        """Applies the filter of ``origin`` to its source layer as it is now. The new layer goes above
        ``before``, the earlier result, which would hide it otherwise. Raises Problem."""
        document = host.active_document()
        source = host.node_by_identifier(document, origin.source) if document is not None else None
        if source is None:
            raise Problem(
                _("The layer that this one was made from is no longer in the picture."),
                _("Select another layer and press Apply."),
            )
        self.apply(origin.filter, [source], origin.choice, before.uniqueId())

    def repeat_last(self) -> None:
        if not self.settings.last_filter:
            raise Problem(_("No filter has been applied yet."), _("Choose one in the Pleinair docker and apply it."))
        self.apply(self.settings.last_filter)

    def cancel(self) -> None:
        if self.run is not None:
            self.run.cancel()

    def restyle(self, opacity: int, keep_luminance: bool) -> None:
        """Sets strength (0 to 100) and blending of the latest results and of later ones, without translating again."""
        self.use(replace(self.settings, opacity=opacity, keep_luminance=keep_luminance))
        self.results.restyle(self.look)

    def insert_again(self, entry: Entry) -> None:
        """Inserts a past result as a new layer above the selected one. Raises Problem when no picture is open."""
        document = host.active_document()
        if document is None:
            raise Problem(_("No picture is open."), _("Open one, or make a new one, and try again."))
        self.results.begin(document)
        gone = _("This result is no longer kept.")
        past = PastResult(entry, lambda: self.history.pixels(entry), gone, self.look)
        Task(
            insert_again(KritaDocument(document), past),
            done=lambda made: self.results.add(made),
            failed=report,
            parent=self,
        )

    def start_local_server(self) -> None:
        """Starts a local server, after stopping the one that is running, if any."""
        before = self.local_server
        self.local_server = LocalServer(self.settings.python, self.settings.filters_folder, self.settings.address)
        self._beside(*([before.stop] if before else []), self.local_server.start)
        self.session.reconnect()

    def stop_local_server(self) -> None:
        if self.local_server is not None:
            self._beside(self.local_server.stop)
            self.local_server = None
            self.changed.emit()

    def close(self) -> None:
        """Cancels the translation when Krita closes, and stops the local server unless the settings keep it running."""
        log.info("Krita closes")
        self.blockSignals(True)  # the windows are being destroyed
        self.cancel()
        self.trainings.end()
        self.session.close()
        if self._server_work is not None:
            self._server_work.join()
        if self.local_server is not None:
            self.local_server.stop() if self.settings.stop_local_server else self.local_server.let_go()
        if self._save_later.isActive():
            self.save()

    def _beside(self, *steps: Callable[[], None]) -> None:
        """Runs ``steps`` on a thread, after earlier ones: a server takes seconds to end and release its port."""
        before = self._server_work

        def work() -> None:
            if before is not None:
                before.join()
            for step in steps:
                step()

        self._server_work = threading.Thread(target=work, name="pleinair-local-server", daemon=True)
        self._server_work.start()

    def _chosen(self, filter_id: str) -> Filter:
        chosen = self.session.find(filter_id)
        if chosen is not None:
            return chosen
        connection = self.session.connection
        if connection.kind != "connected":
            sentence = connection.sentence if connection.kind == "failed" else _("The server has not answered yet.")
            raise Problem(sentence, connection.remedy or _("Wait a moment, or look at the settings."))
        raise Problem(
            _("The server no longer has the filter “{filter}”.").format(filter=filter_id), _("Choose another filter.")
        )

    def _follow(self) -> None:
        if self.run is not None:
            self.results.follow(self.run.made)
        self.changed.emit()
