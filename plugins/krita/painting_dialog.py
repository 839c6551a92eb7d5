"""Painting to photo: trains a filter on the server from the artist's painting and shows how the training is going."""

from __future__ import annotations

from ..core.presenters.mnemonics import ampersands
from ..core.presenters.training_list import TrainingListPresenter
from ..core.texts import _
from .guard import connect, follow, report_to, stop_reporting_to
from .message_bar import MessageBar
from .painting_form import PaintingForm
from .painting_page import PaintingPage
from .qt import Qt, QtGui, QtWidgets
from .studio import Studio


class PaintingDialog(QtWidgets.QDialog):
    """A dialog beside Krita's own windows. Trainings continue while it is closed; it follows them while visible."""

    def __init__(self, studio: Studio, parent: QtWidgets.QWidget | None) -> None:
        super().__init__(parent)
        self._studio = studio
        self._list = TrainingListPresenter(studio.trainings, studio.trainings.follow)
        self.setWindowTitle(_("Painting to photo"))
        self.setObjectName("pleinair_painting_dialog")
        self.setMinimumSize(460, 480)
        self.resize(560, 620)
        self._choice = QtWidgets.QComboBox()
        self._choice.setAccessibleName(_("Trainings on the server"))
        self._choice.setToolTip(_("A new training, or one of those on the server"))
        self._choice.setSizeAdjustPolicy(QtWidgets.QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._choice.setMinimumContentsLength(24)
        self._problem = QtWidgets.QLabel()
        self._problem.setTextFormat(Qt.TextFormat.PlainText)
        self._problem.setWordWrap(True)
        self._messages = MessageBar()
        self._form = PaintingForm(studio)
        self._page = PaintingPage(studio)
        self._pages = QtWidgets.QStackedWidget()
        self._pages.addWidget(self._form)
        self._pages.addWidget(self._page)
        self._lay_out()
        self._told_failure: tuple[str, str] | None = None
        self._reporter = self._messages.show_message
        report_to(self._reporter)
        self.destroyed.connect(lambda *_gone: stop_reporting_to(self._reporter))
        connect(self._choice.activated, self._choose)
        follow(studio.trainings_changed, self, self._show)
        self._show()

    def showEvent(self, event: QtGui.QShowEvent) -> None:
        super().showEvent(event)
        self._studio.session.connect()
        self._studio.trainings.open()
        self._set_watching(True)

    def hideEvent(self, event: QtGui.QHideEvent) -> None:
        super().hideEvent(event)
        if not event.spontaneous():  # spontaneous: the window is only minimised
            self._studio.trainings.close()
            self._set_watching(False)

    def _lay_out(self) -> None:
        label = QtWidgets.QLabel(_("Tr&aining:"))
        label.setBuddy(self._choice)
        line = QtWidgets.QHBoxLayout()
        line.addWidget(label)
        line.addWidget(self._choice, 1)
        self._note = QtWidgets.QLabel(
            _(
                "Trainings continue when this window or Krita is closed. A server that ends with Krita "
                "resumes them when it starts."
            )
        )
        self._note.setWordWrap(True)
        close = QtWidgets.QPushButton(ampersands(_("Cl_ose")))
        close.setAutoDefault(False)
        connect(close.clicked, self.close)
        below = QtWidgets.QHBoxLayout()
        below.addWidget(self._note, 1)
        below.addWidget(close)
        layout = QtWidgets.QVBoxLayout(self)
        layout.addLayout(line)
        layout.addWidget(self._problem)
        layout.addWidget(self._messages)
        layout.addWidget(self._pages, 1)
        layout.addLayout(below)

    def _set_watching(self, watching: bool) -> None:
        self._form.set_watching(watching)
        self._page.set_watching(watching)

    def _show(self) -> None:
        trainings = self._studio.trainings
        self._show_choice()
        self._pages.setCurrentWidget(self._page if trainings.followed else self._form)
        self._problem.setText(" ".join(("⚠", *(trainings.problem or ()))))
        self._problem.setVisible(trainings.problem is not None)
        if trainings.failure is not self._told_failure:
            self._told_failure = trainings.failure
            if trainings.failure is None:
                self._messages.dismiss()
            else:
                self._messages.show_message(*trainings.failure)

    def _show_choice(self) -> None:
        if self._list.refresh():
            self._choice.clear()
            for training_id, line in self._list.entries:
                self._choice.addItem(line, training_id)
        for row, (_id, line) in enumerate(self._list.entries):
            if line != self._choice.itemText(row):  # setting the same text would redraw an open list
                self._choice.setItemText(row, line)
        self._choice.setCurrentIndex(max(0, self._choice.findData(self._list.followed)))

    def _choose(self) -> None:
        self._list.choose(self._choice.currentData())
