"""The list of the server's filters with their pictures: before on the left, after on the right."""

from __future__ import annotations

from ..client.messages import Filter
from ..core.presenters.filter_list import (
    FilterListPresenter,
    FilterRow,
    no_filter,
    refused_files,
    short_facts,
    with_other_star,
)
from ..core.texts import _
from .guard import connect, follow, guarded
from .qt import QColor, QEvent, QIcon, QKeySequence, QObject, QPixmap, QShortcut, QSize, Qt, QtGui, QtWidgets
from .studio import Studio

_THUMBNAIL = QSize(96, 48)
_ID = Qt.ItemDataRole.UserRole


class FilterList(QtWidgets.QWidget):
    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self._presenter = FilterListPresenter()
        self._icons: dict[tuple[str, float], QIcon] = {}
        self._search = QtWidgets.QLineEdit()
        self._search.setPlaceholderText(_("Search filters"))
        self._search.setAccessibleName(_("Search filters"))
        self._search.setClearButtonEnabled(True)
        self._search.installEventFilter(self)
        self._star = QtWidgets.QToolButton()
        self._star.setText("★")
        self._star.setCheckable(True)
        self._star.setToolTip(_("Favourites come first in the list (Ctrl+D in the list)"))
        self._star.setAccessibleName(_("Favourite"))
        self._list = QtWidgets.QListWidget()
        self._list.setIconSize(_THUMBNAIL)
        self._list.setUniformItemSizes(True)
        self._list.setWordWrap(True)
        self._list.setMinimumHeight(120)
        self._list.setAccessibleName(_("Filters"))
        self._hint = QtWidgets.QLabel()
        self._hint.setWordWrap(True)
        self._lay_out()
        connect(self._search.textChanged, self._fill)
        connect(self._star.clicked, self._toggle_favourite)
        connect(self._list.currentItemChanged, self._choose)
        connect(self._list.itemActivated, self._apply)
        shortcut = QShortcut(QKeySequence("Ctrl+D"), self._list)
        shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
        connect(shortcut.activated, self._toggle_favourite)
        follow(studio.changed, self, self._fill)
        self._fill()

    def focus_search(self) -> None:
        self._search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._search.selectAll()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Moves from the search field down into the list on Down or Return, as is usual."""
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QtGui.QKeyEvent):
            return False
        if event.key() not in (Qt.Key.Key_Down, Qt.Key.Key_Return):
            return False
        self._list.setFocus(Qt.FocusReason.OtherFocusReason)
        return True

    def _lay_out(self) -> None:
        line = QtWidgets.QHBoxLayout()
        line.addWidget(self._search, 1)
        line.addWidget(self._star)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(line)
        layout.addWidget(self._list, 1)
        layout.addWidget(self._hint)

    def _fill(self) -> None:
        self._presenter.query = self._search.text()
        if self._presenter.refresh(self._studio.session.filters, self._studio.settings.favourites):
            self._rebuild()
        self._show_hint()
        self._show_chosen()

    def _rebuild(self) -> None:
        self._list.blockSignals(True)
        self._list.clear()
        for row in self._presenter.rows:
            item = QtWidgets.QListWidgetItem(self._icon(row.filter), _text(row))
            item.setData(_ID, row.filter.id)
            item.setToolTip(short_facts(row.filter))
            self._list.addItem(item)
        self._list.blockSignals(False)

    def _show_chosen(self) -> None:
        chosen = self._studio.chosen_filter
        place = self._presenter.place_of(chosen)
        if place is None:
            place = 0 if self._presenter.rows and not chosen else -1
        if place != self._list.currentRow():
            self._list.setCurrentRow(place)
        self._star.setEnabled(self._list.currentItem() is not None)
        self._star.setChecked(chosen in self._studio.settings.favourites)

    def _show_hint(self) -> None:
        session = self._studio.session
        text, files = refused_files(session)
        if not text and session.connection.kind == "connected" and not self._presenter.rows:
            text = self._presenter.nothing(no_filter(session))
        self._hint.setText(text)
        self._hint.setToolTip(files)
        self._hint.setVisible(bool(text))

    def _choose(self) -> None:
        item = self._list.currentItem()
        if item is not None:
            self._studio.choose(item.data(_ID))

    def _apply(self) -> None:
        self._choose()
        self._studio.apply(self._studio.chosen_filter)

    def _toggle_favourite(self) -> None:
        chosen = self._studio.chosen_filter
        if chosen:
            self._studio.use(with_other_star(self._studio.settings, chosen))

    def _icon(self, one: Filter) -> QIcon:
        key = (one.sha256, self.devicePixelRatioF())
        if key not in self._icons:
            self._icons[key] = guarded(_icon)(one.thumbnail, key[1]) or QIcon()
        return self._icons[key]


def _text(row: FilterRow) -> str:
    star = "★ " if row.favourite else ""
    source, target = row.filter.source_domain, row.filter.target_domain
    return f"{star}{row.title}" + (f"\n{source} → {target}" if source and target else "")


def _icon(thumbnail: bytes, scale: float) -> QIcon:
    """Returns an icon of the picture, scaled to fit the list's icon size, or a grey one of that size without one."""
    canvas = QPixmap(round(_THUMBNAIL.width() * scale), round(_THUMBNAIL.height() * scale))
    canvas.fill(QColor(128, 128, 128, 60))
    picture = QPixmap()
    if thumbnail and picture.loadFromData(thumbnail):
        canvas = picture.scaled(
            canvas.size(),
            Qt.AspectRatioMode.IgnoreAspectRatio
            if picture.width() == 2 * picture.height()
            else Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
    canvas.setDevicePixelRatio(scale)
    icon = QIcon(canvas)
    icon.addPixmap(canvas, QIcon.Mode.Selected)  # in its own colours, not tinted
    return icon
