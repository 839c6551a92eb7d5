"""The server's filters with their pictures: before on the left, after on the right."""

from __future__ import annotations

from ..client.messages import Filter
from ..core.browser import matching
from ..core.texts import _, ngettext
from .guard import connect, follow, guarded
from .qt import QColor, QEvent, QIcon, QKeySequence, QObject, QPixmap, QShortcut, QSize, Qt, QtGui, QtWidgets
from .studio import Studio

_THUMBNAIL = QSize(96, 48)
_ID = Qt.ItemDataRole.UserRole


class FilterList(QtWidgets.QWidget):
    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self._shown: tuple[object, ...] | None = None
        self._icons: dict[tuple[str, float], QIcon] = {}
        self._search = QtWidgets.QLineEdit()
        self._search.setPlaceholderText(_("Search filters"))
        self._search.setAccessibleName(_("Search filters"))
        self._search.setClearButtonEnabled(True)
        self._search.installEventFilter(self)
        self._star = QtWidgets.QToolButton()
        self._star.setText("★")
        self._star.setCheckable(True)
        self._star.setToolTip(_("Favourites stand first in the list (Ctrl+D in the list)"))
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
        """From the search down into the list, as in every search field."""
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
        session, settings = self._studio.session, self._studio.settings
        filters = matching(session.filters, self._search.text(), settings.favourites)
        state = ([(one.id, one.sha256) for one in filters], settings.favourites, len(session.filters))
        if state != self._shown:
            self._shown = state
            self._rebuild(filters)
        self._show_hint(bool(filters))
        self._show_chosen()

    def _rebuild(self, filters: list[Filter]) -> None:
        self._list.blockSignals(True)
        self._list.clear()
        for one in filters:
            item = QtWidgets.QListWidgetItem(self._icon(one), _title(one, self._studio.settings.favourites))
            item.setData(_ID, one.id)
            item.setToolTip(_tip(one))
            self._list.addItem(item)
        self._list.blockSignals(False)

    def _show_chosen(self) -> None:
        chosen = self._studio.chosen_filter
        row = next((row for row in range(self._list.count()) if self._list.item(row).data(_ID) == chosen), -1)
        if row < 0 and not chosen and self._list.count():
            row = 0
        if row != self._list.currentRow():
            self._list.setCurrentRow(row)
        self._star.setEnabled(self._list.currentItem() is not None)
        self._star.setChecked(chosen in self._studio.settings.favourites)

    def _show_hint(self, some: bool) -> None:
        session = self._studio.session
        refused = len(session.rejected)
        if refused:
            text = ngettext(
                "{number} file in the server's folder cannot be used.",
                "{number} files in the server's folder cannot be used.",
                refused,
            ).format(number=refused)
            self._hint.setToolTip("\n".join(f"{one.file_name}: {one.reason}" for one in session.rejected))
        elif session.connection.kind == "connected" and not some:
            searched = bool(self._search.text())
            text = (
                _("No filter has these words.") if searched else _("The server has no filters; put some in its folder.")
            )
        else:
            text = ""
        self._hint.setText(text)
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
            settings = self._studio.settings
            self._studio.use(settings.with_favourite(chosen, chosen not in settings.favourites))

    def _icon(self, one: Filter) -> QIcon:
        key = (one.sha256, self.devicePixelRatioF())
        if key not in self._icons:
            self._icons[key] = guarded(_icon)(one.thumbnail, key[1]) or QIcon()
        return self._icons[key]


def _title(one: Filter, favourites: tuple[str, ...]) -> str:
    star = "★ " if one.id in favourites else ""
    domains = f"\n{one.source_domain} → {one.target_domain}" if one.source_domain and one.target_domain else ""
    return f"{star}{one.title or one.id}{domains}"


def _tip(one: Filter) -> str:
    lines = [one.title or one.id, one.description]
    if one.training and one.training.images_seen:
        lines.append(_("Trained on {number} pictures.").format(number=one.training.images_seen))
    if one.licence:
        lines.append(_("Licence: {licence}").format(licence=one.licence))
    return "\n".join(line for line in lines if line)


def _icon(thumbnail: bytes, scale: float) -> QIcon:
    """In the list's size whatever the picture's, so that all titles begin at one place."""
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
