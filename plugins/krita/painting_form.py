"""The form that asks what a new training is made of, and starts it."""

from __future__ import annotations

from dataclasses import replace

from krita import Document

from ..core.gathering import LayerChoice, TrainingChoice, gather_training, suggested_title
from ..core.presenters.mnemonics import ampersands
from ..core.presenters.training_form import TrainingFormPresenter
from ..core.problems import Problem
from ..core.texts import _
from ..core.training_wish import LONGEST_TITLE, TrainingWish, options_from
from . import host
from .document import KritaDocument
from .guard import connect, follow, report
from .painting import layer_choice, place_of
from .qt import Qt, QTimer, QtWidgets
from .steps import Task
from .studio import Studio
from .target_list import TargetList

_LOOK_MILLISECONDS = 400  # Krita has no signal for the selection of another layer
_STEPS = 1000


class PaintingForm(QtWidgets.QWidget):
    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self._task: Task | None = None
        self._source: LayerChoice | None = None
        self._presenter = TrainingFormPresenter(studio.trainings, needs_list=False)
        texts = self._presenter.texts
        self._layer = QtWidgets.QLabel()
        self._layer.setTextFormat(Qt.TextFormat.PlainText)
        self._layer.setWordWrap(True)
        self._targets = TargetList()
        self._title = QtWidgets.QLineEdit()
        self._title.setMaxLength(LONGEST_TITLE)
        self._title.setToolTip(texts.title_tip)
        self._preset = QtWidgets.QComboBox()
        for preset, title in self._presenter.presets:
            self._preset.addItem(title, preset)
        self._preset.setCurrentIndex(max(0, self._preset.findData(studio.settings.training_preset)))
        self._words = QtWidgets.QLabel()
        self._words.setWordWrap(True)
        self._bar = QtWidgets.QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setMaximumHeight(8)
        self._start = QtWidgets.QPushButton(ampersands(texts.start))
        self._start.setDefault(True)
        self._withdraw = QtWidgets.QPushButton(ampersands(texts.withdraw))
        self._withdraw.setToolTip(texts.withdraw_tip)
        self._lay_out()
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_MILLISECONDS)
        connect(self._timer.timeout, self._look)
        connect(self._start.clicked, self._begin)
        connect(self._withdraw.clicked, self._stop)
        connect(self._preset.activated, self._choose_preset)
        connect(self._targets.changed, self._show)
        follow(studio.trainings_changed, self, self._show)
        self._show()

    def set_watching(self, watching: bool) -> None:
        """Follows the selected layer while ``watching``, that is, while the form is visible."""
        self._timer.start() if watching else self._timer.stop()
        if watching:
            self._look()

    def _lay_out(self) -> None:
        form = QtWidgets.QFormLayout()
        form.setFieldGrowthPolicy(QtWidgets.QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        texts = self._presenter.texts
        form.addRow(ampersands(texts.painting), self._layer)
        form.addRow(ampersands(texts.photos), self._targets)
        form.addRow(ampersands(texts.title), self._title)
        form.addRow(ampersands(texts.quality), self._preset)
        form.addRow("", self._words)
        note = QtWidgets.QLabel(texts.note)
        note.setWordWrap(True)
        buttons = QtWidgets.QHBoxLayout()
        buttons.addWidget(self._bar, 1, Qt.AlignmentFlag.AlignVCenter)
        buttons.addStretch(1)
        buttons.addWidget(self._withdraw)
        buttons.addWidget(self._start)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(note)
        layout.addLayout(form, 1)
        layout.addLayout(buttons)

    def _look(self) -> None:
        """Takes the active layer as the painting; the title follows it unless the artist has written one."""
        document = host.active_document()
        node = document.activeNode() if document is not None else None
        if document is None or node is None:
            self._source = None
        else:
            self._source = layer_choice(KritaDocument(document), node)
        self._layer.setText(self._source_words(document))
        suggested = "" if self._source is None else suggested_title(self._source)
        title = self._presenter.title_beside(self._title.text(), suggested)
        if title != self._title.text():
            self._title.setText(title)
        self._show()

    def _source_words(self, document: Document | None) -> str:
        if self._source is None or document is None:
            return _("The layer that is selected in Krita; no picture is open.")
        with_selection = document.selection() is not None
        picture = self._source.document.name
        return self._presenter.source_words(self._source.name, picture, with_selection=with_selection)

    def _show(self) -> None:
        shown = self._presenter.shown(
            has_source=self._source is not None,
            has_targets=bool(self._targets.targets),
            preset=self._preset.currentData(),
        )
        self._start.setEnabled(shown.can_start)
        self._start.setToolTip(shown.start_tip)
        self._withdraw.setVisible(shown.sending)
        self._bar.setVisible(shown.sending)
        self._bar.setRange(0, _STEPS if shown.sent is not None else 0)
        self._bar.setValue(round((shown.sent or 0.0) * _STEPS))
        self._words.setText(shown.preset_words)
        for control in (self._targets, self._title, self._preset):
            control.setEnabled(not shown.sending)

    def _choose_preset(self) -> None:
        self._studio.use(replace(self._studio.settings, training_preset=self._preset.currentData()))
        self._show()

    def _begin(self) -> None:
        if self._source is None:
            raise Problem(_("No picture is open."), _("Open one, or make a new one, and try again."))
        choice = TrainingChoice(
            self._source,
            suggested_title(self._source),
            tuple(self._targets.targets),
            self._presenter.title_to_send(self._title.text(), suggested_title(self._source)),
            self._preset.currentData(),
            options_from(self._studio.settings.training_options),
        )
        source, steps = place_of(self._source), gather_training(choice)
        self._task = Task(steps, done=lambda wish: self._send(wish, source), failed=self._fail, parent=self)
        self._presenter.reading = True
        self._show()

    def _send(self, wish: TrainingWish, source: str) -> None:
        self._task, self._presenter.reading = None, False
        self._studio.trainings.start(wish, source)
        self._show()

    def _fail(self, error: Exception) -> None:
        self._task, self._presenter.reading = None, False
        self._show()
        report(error)

    def _stop(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.stop()
        self._presenter.withdraw()
        self._show()
