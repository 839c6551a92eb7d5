"""A view of two pictures in one place: before to the left of a line, after to its right."""

from __future__ import annotations

from ..core.texts import _
from .guard import guarded
from .previewing import BeforeAndAfter
from .qt import QColor, QPainter, QPalette, QPointF, QRectF, QSize, Qt, QtGui, QtWidgets

_KEY_STEPS: dict[int, float] = {
    Qt.Key.Key_Left: -0.05,
    Qt.Key.Key_Right: 0.05,
    Qt.Key.Key_Home: -1.0,
    Qt.Key.Key_End: 1.0,
}
_SQUARE = 8


class SplitView(QtWidgets.QWidget):
    """Shows a preview, or a sentence when there is none. The mouse and the arrow keys move the line."""

    def __init__(self) -> None:
        super().__init__()
        self._preview: BeforeAndAfter | None = None
        self._text = ""
        self._badge = ""
        self._strength = 1.0
        self.split = 0.5
        self.setMinimumHeight(140)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.SplitHCursor)
        self.setAccessibleName(_("Preview, before on the left and after on the right"))
        self.setToolTip(_("Before on the left, after on the right; drag the line, or move it with the arrow keys"))

    def sizeHint(self) -> QSize:
        return QSize(260, 190)

    def show_preview(self, preview: BeforeAndAfter) -> None:
        self._preview, self._text = preview, ""
        self._badge = "" if preview.exact else _("The full run may differ")
        self.update()

    def show_text(self, text: str, *, keep_picture: bool = False) -> None:
        """Shows a sentence in place of the preview or, with ``keep_picture``, in a corner of it."""
        if keep_picture and self._preview is not None:
            self._badge = text
        else:
            self._preview, self._text = None, text
        self.update()

    def set_strength(self, per_cent: int) -> None:
        self._strength = per_cent / 100
        self.update()

    def mousePressEvent(self, event: QtGui.QMouseEvent) -> None:
        guarded(self._drag)(event)

    def mouseMoveEvent(self, event: QtGui.QMouseEvent) -> None:
        guarded(self._drag)(event)

    def keyPressEvent(self, event: QtGui.QKeyEvent) -> None:
        if event.key() in _KEY_STEPS:
            self._move_to(self.split + _KEY_STEPS[event.key()])
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:
        guarded(self._paint)()

    def _drag(self, event: QtGui.QMouseEvent) -> None:
        target = self._target()
        x = (event.position() if hasattr(event, "position") else event.localPos()).x()
        self._move_to((x - target.left()) / max(1.0, target.width()))

    def _move_to(self, split: float) -> None:
        self.split = min(1.0, max(0.0, split))
        self.update()

    def _target(self) -> QRectF:
        """Returns where the pictures are drawn: as large as they fit, but at most four times their size."""
        room = QRectF(self.rect())
        if self._preview is None:
            return room
        size = self._preview.before.size()
        scale = min(room.width() / size.width(), room.height() / size.height(), 4.0)
        width, height = size.width() * scale, size.height() * scale
        # Whole pixels, so that no seam shows along the edges.
        left, top = round((room.width() - width) / 2), round((room.height() - height) / 2)
        return QRectF(left, top, round(width), round(height))

    def _paint(self) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.palette().color(QPalette.ColorRole.Base))
        if self._preview is not None:
            self._paint_pictures(painter, self._preview)
        if self._text:
            self._paint_text(painter)
        if self.hasFocus():
            painter.setPen(self.palette().color(QPalette.ColorRole.Highlight))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _paint_pictures(self, painter: QPainter, preview: BeforeAndAfter) -> None:
        target = self._target()
        line = target.left() + target.width() * self.split
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        _paint_squares(painter, target)
        painter.drawImage(target, preview.before)
        painter.setClipRect(QRectF(line, target.top(), target.right() - line, target.height()))
        if self._strength >= 1.0:
            _paint_squares(painter, target)
        painter.setOpacity(self._strength)
        painter.drawImage(target, preview.after)
        painter.setOpacity(1.0)
        painter.setClipping(False)
        painter.setPen(QColor(0, 0, 0, 160))
        painter.drawLine(QPointF(line - 1, target.top()), QPointF(line - 1, target.bottom()))
        painter.setPen(QColor(255, 255, 255))
        painter.drawLine(QPointF(line, target.top()), QPointF(line, target.bottom()))
        if self._badge:
            self._paint_badge(painter, target)

    def _paint_badge(self, painter: QPainter, target: QRectF) -> None:
        metrics = painter.fontMetrics()
        box = QRectF(0, 0, metrics.horizontalAdvance(self._badge) + 12, metrics.height() + 4)
        box.moveBottomRight(QPointF(target.right() - 4, target.bottom() - 4))
        painter.fillRect(box, QColor(0, 0, 0, 170))
        painter.setPen(QColor(255, 255, 255))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._badge)

    def _paint_text(self, painter: QPainter) -> None:
        room = QRectF(self.rect()).adjusted(10, 10, -10, -10)
        option = QtGui.QTextOption(Qt.AlignmentFlag.AlignCenter)
        option.setWrapMode(QtGui.QTextOption.WrapMode.WordWrap)
        painter.setPen(self.palette().color(QPalette.ColorRole.Text))
        painter.drawText(room, self._text, option)


def _paint_squares(painter: QPainter, target: QRectF) -> None:
    """Paints the chequered ground that shows where a picture is transparent."""
    painter.save()
    painter.setClipRect(target, Qt.ClipOperation.IntersectClip)
    painter.fillRect(target, QColor(204, 204, 204))
    rows = range(int(target.top()), int(target.bottom()) + 1, _SQUARE)
    for number, y in enumerate(rows):
        for x in range(int(target.left()) + number % 2 * _SQUARE, int(target.right()) + 1, 2 * _SQUARE):
            painter.fillRect(QRectF(x, y, _SQUARE, _SQUARE), QColor(153, 153, 153))
    painter.restore()
