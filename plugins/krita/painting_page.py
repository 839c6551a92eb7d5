"""One training: what it makes of the painting by now, how long it takes, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable

from ..client.messages import TrainingPreview, TrainingState
from ..core import training_words as words
from ..core.texts import _
from .guard import connect, follow
from .painting import translate_source
from .previewing import Preview
from .qt import QImage, Qt, QtGui, QTimer, QtWidgets
from .split_view import SplitView
from .studio import Studio

_STEPS = 1000
_TICK_MILLISECONDS = 1000


class PaintingPage(QtWidgets.QWidget):
    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
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
        """Nobody looks at a hidden page."""
        self._timer.start() if watching else self._timer.stop()

    def _make_buttons(self) -> None:
        trainings = self._studio.trainings
        self._use = self._button("use", _("&Use now"), self._use_now)
        self._stop = self._button("stop", _("&Stop here"), trainings.stop)
        self._stop.setToolTip(_("Ends the training; what it has learned becomes its filter"))
        self._cancel = self._button("cancel", _("&Cancel training…"), self._ask_to_cancel)
        self._resume = self._button("resume", _("&Resume"), trainings.resume)
        self._resume.setToolTip(_("Goes on from where it was last kept"))
        self._delete = self._button("delete", _("&Delete…"), self._ask_to_delete)

    def _button(self, name: str, text: str, call: Callable[[], None]) -> QtWidgets.QPushButton:
        button = QtWidgets.QPushButton(text)
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

    def _show(self) -> None:
        seen = self._studio.trainings.seen
        job = seen.job
        self._show_pictures()
        _say(self._pictures, words.pictures_line(job) if job else "")
        _say(self._state, words.state_line(job) if job else _("Looking for the training…"))
        _say(self._losses, words.losses_line(job) if job else "")
        _say(self._warnings, "\n".join(job.warnings) if job else "")
        failed = seen.is_in(TrainingState.FAILED) and bool(seen.log)
        text = "\n".join(seen.log) if failed else ""
        self._log.setVisible(failed)
        if text != self._log.toPlainText():
            self._log.setPlainText(text)
            self._log.moveCursor(QtGui.QTextCursor.MoveOperation.End)
        going = job is not None and not words.ended(job)
        share = words.fraction(job) if job else None
        self._bar.setVisible(going)
        self._bar.setRange(0, _STEPS if share is not None else 0)
        self._bar.setValue(round((share or 0.0) * _STEPS))
        self._show_buttons(going)
        self._tick()

    def _show_buttons(self, going: bool) -> None:
        trainings = self._studio.trainings
        self._use.setText(_("Translate &with it") if trainings.seen.is_in(TrainingState.FINISHED) else _("&Use now"))
        self._use.setToolTip(_("Translates the painting's layer with what it has learned, into a new layer above"))
        self._stop.setEnabled(trainings.can_stop)
        self._cancel.setEnabled(trainings.can_cancel)
        self._resume.setEnabled(trainings.can_resume)
        self._delete.setEnabled(trainings.can_delete)
        for button in (self._stop, self._cancel):
            button.setVisible(going)
        self._resume.setVisible(trainings.seen.is_in(TrainingState.CANCELLED, TrainingState.FAILED))
        self._delete.setVisible(not going and trainings.seen.job is not None)
        self._show_run()

    def _show_pictures(self) -> None:
        seen = self._studio.trainings.seen
        if (seen.original, seen.preview) == self._shown and self._shown != (None, None):
            return
        self._shown = (seen.original, seen.preview)
        pictures = [QImage.fromData(one.png) for one in self._shown if one is not None]
        if len(pictures) == 2 and not any(one.isNull() for one in pictures):
            self._view.show_preview(Preview(pictures[0], pictures[1], True))
        else:
            self._view.show_text(words.preview_line(seen.job))

    def _tick(self) -> None:
        seen = self._studio.trainings.seen
        if seen.job is None or self._studio.trainings.problem is not None:  # nobody knows how it gets on
            _say(self._time, "")
        else:
            _say(self._time, words.time_line(seen.job, seen.elapsed, seen.seconds_left))

    def _show_run(self) -> None:
        """What became of Use now."""
        run = self._studio.run
        job = self._studio.trainings.seen.job
        ours = run is not None and job is not None and run.wish.chosen.id == job.filter_id
        translating = _("Translation: {state}").format(state=run.describe()) if ours and run is not None else ""
        _say(self._run, words.doing_line(self._studio.trainings.doing) or translating)
        self._use.setEnabled(self._studio.trainings.can_use and not self._studio.busy)

    def _use_now(self) -> None:
        self._studio.trainings.use(lambda found, made_from: translate_source(self._studio, found, made_from))

    def _ask_to_cancel(self) -> None:
        question = _("Cancel this training?\n\nWhat it has learned stays on the server, and it can be resumed.")
        if self._confirmed(question):
            self._studio.trainings.cancel()

    def _ask_to_delete(self) -> None:
        question = _("Delete this training and its files from the server?\n\nA filter that was made of it stays.")
        if self._confirmed(question):
            self._studio.trainings.delete()

    def _confirmed(self, question: str) -> bool:
        buttons = QtWidgets.QMessageBox.StandardButton
        answer = QtWidgets.QMessageBox.question(
            self, self.window().windowTitle(), question, buttons.Yes | buttons.No, buttons.No
        )
        return bool(answer == buttons.Yes)


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
