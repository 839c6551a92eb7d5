"""What a new training is made of, and its start."""

from __future__ import annotations

from dataclasses import replace

from ..core.texts import _
from ..core.training_wish import LONGEST_TITLE, PRESETS, TrainingWish, options_from, preset_title, preset_words
from . import host
from .guard import connect, follow, report
from .painting import LayerChoice, PaintingChoice, gather, layer_choice, suggested_title
from .problems import Problem
from .qt import Qt, QTimer, QtWidgets
from .steps import Task
from .studio import Studio
from .target_list import TargetList

_LOOK_MILLISECONDS = 400  # Krita does not say when another layer is selected
_STEPS = 1000


class PaintingForm(QtWidgets.QWidget):
    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self._task: Task | None = None
        self._source: LayerChoice | None = None
        self._suggested = ""
        self._layer = QtWidgets.QLabel()
        self._layer.setTextFormat(Qt.TextFormat.PlainText)
        self._layer.setWordWrap(True)
        self._targets = TargetList()
        self._title = QtWidgets.QLineEdit()
        self._title.setMaxLength(LONGEST_TITLE)
        self._title.setToolTip(_("What the filter will be called in the list of filters"))
        self._preset = QtWidgets.QComboBox()
        for preset in PRESETS:
            self._preset.addItem(preset_title(preset), preset)
        self._preset.setCurrentIndex(max(0, self._preset.findData(studio.settings.training_preset)))
        self._words = QtWidgets.QLabel()
        self._words.setWordWrap(True)
        self._bar = QtWidgets.QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setMaximumHeight(8)
        self._start = QtWidgets.QPushButton(_("&Start training"))
        self._start.setDefault(True)
        self._withdraw = QtWidgets.QPushButton(_("&Cancel"))
        self._withdraw.setToolTip(_("Stops sending the pictures; nothing is trained"))
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
        """Nobody looks at a hidden form."""
        self._timer.start() if watching else self._timer.stop()
        if watching:
            self._look()

    def _lay_out(self) -> None:
        form = QtWidgets.QFormLayout()
        form.setFieldGrowthPolicy(QtWidgets.QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(_("Painting:"), self._layer)
        form.addRow(_("Photos:"), self._targets)
        form.addRow(_("&Title:"), self._title)
        form.addRow(_("&Quality:"), self._preset)
        form.addRow("", self._words)
        note = QtWidgets.QLabel(
            _("The pictures are sent to the server, which trains a filter that turns the painting into such a photo.")
        )
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
        """The active layer is the painting; a title that the artist has not written follows its name."""
        document = host.active_document()
        node = document.activeNode() if document is not None else None
        self._source = None if node is None else layer_choice(document, node)
        self._layer.setText(self._source_words())
        suggested = "" if self._source is None else suggested_title(self._source)
        if self._title.text() == self._suggested:
            self._title.setText(suggested)
            self._suggested = suggested
        self._show()

    def _source_words(self) -> str:
        if self._source is None:
            return _("The layer that is selected in Krita; no picture is open.")
        name, picture = self._source.name, host.name_of(self._source.document)
        words = _("Layer “{name}” of {picture}").format(name=name, picture=picture)
        if self._source.document.selection() is None:
            return words
        return _("{layer}, the selected part as a rectangle").format(layer=words)

    def _show(self) -> None:
        trainings = self._studio.trainings
        sending = self._task is not None or trainings.doing == "start"
        ready = self._source is not None and bool(self._targets.targets) and trainings.problem is None
        self._start.setEnabled(ready and not trainings.doing and self._task is None)
        self._start.setToolTip("" if self._targets.targets else _("Add a photo first."))
        self._withdraw.setVisible(sending)
        self._bar.setVisible(sending)
        self._bar.setRange(0, _STEPS if trainings.sent is not None else 0)
        self._bar.setValue(round((trainings.sent or 0.0) * _STEPS))
        self._words.setText(preset_words(self._preset.currentData()))
        for control in (self._targets, self._title, self._preset):
            control.setEnabled(not sending)

    def _choose_preset(self) -> None:
        self._studio.use(replace(self._studio.settings, training_preset=self._preset.currentData()))
        self._show()

    def _begin(self) -> None:
        if self._source is None:
            raise Problem(_("No picture is open."), _("Open one, or make a new one, and try again."))
        choice = PaintingChoice(
            self._source,
            tuple(self._targets.targets),
            self._title.text().strip() or suggested_title(self._source),
            self._preset.currentData(),
            options_from(self._studio.settings.training_options),
        )
        source = self._source.key
        self._task = Task(gather(choice), done=lambda wish: self._send(wish, source), failed=self._fail, parent=self)
        self._show()

    def _send(self, wish: TrainingWish, source: str) -> None:
        self._task = None
        self._studio.trainings.start(wish, source)
        self._show()

    def _fail(self, error: Exception) -> None:
        self._task = None
        self._show()
        report(error)

    def _stop(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.stop()
        self._studio.trainings.withdraw()
        self._show()
