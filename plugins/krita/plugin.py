"""Adds Pleinair to Krita: one studio for all windows, its actions in each window, and its docker."""

from __future__ import annotations

from krita import DockWidgetFactory, DockWidgetFactoryBase, Extension, Krita, Window

from ..core.texts import _, use_language
from . import guard, host
from .docker import PleinairDocker
from .painting_dialog import PaintingDialog
from .qt import QKeySequence, QtCore
from .studio import Studio

DOCKER = "pleinair_docker"
MENU = "tools/scripts"


class PleinairExtension(Extension):
    """Creates Pleinair's actions in each of Krita's windows, when Krita asks for them."""

    def __init__(self, studio: Studio) -> None:
        super().__init__(Krita.instance())
        self._studio = studio
        self._painting: PaintingDialog | None = None
        guard.connect(studio.painting_requested, self._open_painting)

    def setup(self) -> None:
        """Does nothing; Krita calls this once, before there is a window."""

    def createActions(self, window: Window) -> None:
        studio = self._studio
        actions = {
            "pleinair_apply": (_("Pleinair: Apply Filter"), "", lambda: studio.apply(studio.chosen_filter)),
            "pleinair_repeat": (_("Pleinair: Repeat Last Filter"), "Ctrl+Alt+P", studio.repeat_last),
            "pleinair_painting": (_("Pleinair: Painting to Photo…"), "", studio.painting_requested.emit),
            "pleinair_cancel": (_("Pleinair: Cancel"), "", studio.cancel),
            "pleinair_show": (_("Pleinair: Show Docker"), "", studio.show_requested.emit),
        }
        for name, (text, keys, call) in actions.items():
            action = window.createAction(name, text, MENU)
            if keys and not action.shortcuts():  # Krita may not have read pleinair.action; the artist's own keys stay
                action.setShortcut(QKeySequence(keys))
            guard.connect(action.triggered, call)

    def _open_painting(self) -> None:
        """Shows the painting dialog, one for all windows; after closing, the same one is shown again, up to date."""
        if self._painting is None:
            self._painting = PaintingDialog(self._studio, host.main_window())
            guard.connect(self._painting.destroyed, self._forget_painting)
        self._painting.show()
        self._painting.raise_()
        self._painting.activateWindow()

    def _forget_painting(self) -> None:
        """Forgets the dialog, which was destroyed with the window it belonged to, and stops looking at trainings."""
        self._painting = None
        self._studio.trainings.close()


def install() -> None:
    """Adds everything while Krita starts. Uses no network: the server is contacted once the docker is visible."""
    guard.write_log_to(host.settings_folder())
    application = Krita.instance()
    use_language(QtCore.QLocale().name())  # the language that is set in Krita
    studio = Studio(application)
    application.addExtension(PleinairExtension(studio))
    factory = DockWidgetFactory(DOCKER, DockWidgetFactoryBase.DockRight, lambda: PleinairDocker(studio))
    application.addDockWidgetFactory(factory)
    application.notifier().setActive(True)
    guard.connect(application.notifier().applicationClosing, studio.close)
