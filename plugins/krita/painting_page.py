"""The page of one training: a preview of its filter, how long it takes, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable

from ..client.messages import Filter, TrainingPreview
from ..core.presenters.mnemonics import ampersands
from ..core.presenters.training_buttons import Button
from ..core.presenters.training_page import Question, ShownTraining, TrainingPagePresenter
from ..core.texts import _
from ..core.training_seen import MadeFrom
from .guard import connect, follow
from .painting import translate_source
from .previewing import BeforeAndAfter
from .qt import QImage, Qt, QtGui, QTimer, QtWidgets
from .split_view import SplitView
from .studio import Studio

_STEPS = 1000
_TICK_MILLISECONDS = 1000


class PaintingPage(QtWidgets.QWidget):
    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self._presenter = TrainingPagePresenter(studio.trainings, self._confirmed, self._translate)
        self._shown: tuple[TrainingPreview | None, TrainingPreview | None] = (None, None)
        self._pictures = _line()
        self._view = SplitView()
        self._bar = QtWidgets.QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setMaximumHeight(8)
        self._state, self._time, self._losses, self._warnings = _line(), _line(), _line(small=True), _line()
        self._run = _line()
        self._log = QtWidgets.QPlainTextEdit()
        self._log.setReadOnly(True)
        self._log.setMaximumHeight(120)
        self._log.setFont(QtGui.QFontDatabase.systemFont(QtGui.QFontDatabase.SystemFont.FixedFont))
        self._log.setAccessibleName(_("The end of the training's log"))
        self._make_buttons()
        self._lay_out()
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MILLISECONDS)
        connect(self._timer.timeout, self._tick)
        follow(studio.trainings_changed, self, self._show)
        follow(studio.changed, self, self._show_run)
        self._show()

    def set_watching(self, watching: bool) -> None:
        """Updates the displayed time every second while ``watching``, that is, while the page is visible."""
        self._timer.start() if watching else self._timer.stop()

    def _make_buttons(self) -> None:
        presenter = self._presenter
        self._use = self._button("use", presenter.use)
        self._stop = self._button("stop", presenter.stop)
        self._cancel = self._button("cancel", presenter.cancel)
        self._resume = self._button("resume", presenter.resume)
        self._delete = self._button("delete", presenter.delete)

    def _button(self, name: str, call: Callable[[], None]) -> QtWidgets.QPushButton:
        button = QtWidgets.QPushButton("")
        button.setObjectName(f"pleinair_training_{name}")
        button.setAutoDefault(False)
        connect(button.clicked, call)
        return button

    def _lay_out(self) -> None:
        buttons = QtWidgets.QHBoxLayout()
        for button in (self._use, self._stop, self._resume):
            buttons.addWidget(button)
        buttons.addStretch(1)
        for button in (self._cancel, self._delete):
            buttons.addWidget(button)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._pictures)
        layout.addWidget(self._view, 1)
        layout.addWidget(self._bar)
        for line in (self._state, self._time, self._losses, self._warnings, self._log, self._run):
            layout.addWidget(line)
        layout.addLayout(buttons)

    @property
    def _now(self) -> ShownTraining:
        return self._presenter.shown(busy=self._studio.busy, translation=self._translation())

    def _show(self) -> None:
        shown = self._now
        self._show_pictures(shown)
        for line, text in (
            (self._pictures, shown.pictures),
            (self._state, shown.state),
            (self._losses, shown.losses),
            (self._warnings, shown.warnings),
        ):
            _say(line, text)
        self._show_log(shown.log)
        self._bar.setVisible(shown.going)
        self._bar.setRange(0, _STEPS if shown.share is not None else 0)
        self._bar.setValue(round((shown.share or 0.0) * _STEPS))
        for button, how in (
            (self._stop, shown.buttons.stop),
            (self._cancel, shown.buttons.cancel),
            (self._resume, shown.buttons.resume),
            (self._delete, shown.buttons.delete),
        ):
            _give(button, how)
        self._show_run()
        self._tick()

    def _show_log(self, text: str) -> None:
        self._log.setVisible(bool(text))
        if text != self._log.toPlainText():
            self._log.setPlainText(text)
            self._log.moveCursor(QtGui.QTextCursor.MoveOperation.End)

    def _show_pictures(self, shown: ShownTraining) -> None:
        now = (shown.before, shown.after)
        if now == self._shown and self._shown != (None, None):
            return
        self._shown = now
        pictures = [QImage.fromData(one.png) for one in now if one is not None]
        if len(pictures) == 2 and not any(one.isNull() for one in pictures):
            self._view.show_preview(BeforeAndAfter(pictures[0], pictures[1], True))
        else:
            self._view.show_text(shown.waiting)

    def _show_run(self) -> None:
        """Shows how using the filter or another request is going, and whether the filter can be used now."""
        shown = self._now
        _say(self._run, shown.doing)
        _give(self._use, shown.buttons.use)

    def _tick(self) -> None:
        _say(self._time, self._presenter.time)

    def _translation(self) -> str:
        """Describes the latest translation if it uses this training's filter; otherwise returns an empty text."""
        run, job = self._studio.run, self._studio.trainings.seen.job
        if run is None or job is None or run.order.chosen.id != job.filter_id:
            return ""
        return _("Translation: {state}").format(state=run.describe())

    def _translate(self, found: Filter, made_from: MadeFrom) -> None:
        translate_source(self._studio, found, made_from)

    def _confirmed(self, question: Question) -> bool:
        words, title = f"{question.sentence}\n\n{question.consequence}", self.window().windowTitle()
        buttons = QtWidgets.QMessageBox.StandardButton
        answer = QtWidgets.QMessageBox.question(self, title, words, buttons.Yes | buttons.No, buttons.No)
        return bool(answer == buttons.Yes)


def _give(control: QtWidgets.QPushButton, how: Button) -> None:
    control.setText(ampersands(how.text))
    control.setToolTip(how.tip)
    control.setVisible(how.visible)
    control.setEnabled(how.enabled)


def _line(*, small: bool = False) -> QtWidgets.QLabel:
    label = QtWidgets.QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)  # names and titles may look like markup
    label.setWordWrap(True)
    if small:
        font = label.font()
        font.setPointSizeF(font.pointSizeF() * 0.85)
        label.setFont(font)
    return label


def _say(label: QtWidgets.QLabel, text: str) -> None:
    if text != label.text():
        label.setText(text)
    label.setVisible(bool(text))
