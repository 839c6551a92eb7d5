"""Puts Pleinair into Krita: one studio, its actions in every window, its docker."""

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
    """Krita makes the actions of each of its windows with this."""

    def __init__(self, studio: Studio) -> None:
        super().__init__(Krita.instance())
        self._studio = studio
        self._painting: PaintingDialog | None = None
        guard.connect(studio.painting_requested, self._open_painting)

    def setup(self) -> None:
        """Called by Krita once, before there is a window."""

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
            if keys and not action.shortcuts():  # an import of actions may have failed; the artist may have chosen
                action.setShortcut(QKeySequence(keys))
            guard.connect(action.triggered, call)

    def _open_painting(self) -> None:
        """One for all windows; it is there again, as the trainings are now, after it was closed."""
        if self._painting is None:
            self._painting = PaintingDialog(self._studio, host.main_window())
            guard.connect(self._painting.destroyed, self._forget_painting)
        self._painting.show()
        self._painting.raise_()
        self._painting.activateWindow()

    def _forget_painting(self) -> None:
        """It went with the window that it belonged to."""
        self._painting = None
        self._studio.trainings.close()


def install() -> None:
    """Called while Krita starts. Nothing here uses the network; a server is looked for when the docker is shown."""
    guard.write_log_to(host.settings_folder())
    application = Krita.instance()
    use_language(QtCore.QLocale().name())  # the language that Krita was told to speak
    studio = Studio(application)
    application.addExtension(PleinairExtension(studio))
    factory = DockWidgetFactory(DOCKER, DockWidgetFactoryBase.DockRight, lambda: PleinairDocker(studio))
    application.addDockWidgetFactory(factory)
    application.notifier().setActive(True)
    guard.connect(application.notifier().applicationClosing, studio.close)
