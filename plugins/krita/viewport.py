"""Which part of a picture the artist sees."""

from __future__ import annotations

from krita import Krita, Window

from .qt import QRectF, QtWidgets


def visible_part() -> tuple[float, float, float, float] | None:
    """Returns x, y, width and height of what the active view shows, in pixels of its picture, or None when unknown. It
    may extend beyond the picture's edges."""
    window = Krita.instance().activeWindow()
    view = window.activeView() if window else None
    widget = _canvas_widget(window) if window and view else None
    if view is None or widget is None:
        return None
    back, known = view.flakeToCanvasTransform().inverted()
    if not known:
        return None
    seen = back.mapRect(QRectF(0, 0, widget.width(), widget.height()))
    part = view.flakeToImageTransform().mapRect(seen)
    return (part.x(), part.y(), part.width(), part.height())


def _canvas_widget(window: Window) -> QtWidgets.QWidget | None:
    """Finds the widget that shows the active picture, which Krita's API does not give."""
    areas = window.qwindow().findChildren(QtWidgets.QMdiArea)
    active = areas[0].activeSubWindow() if areas else None
    if active is None:
        return None
    for widget in active.findChildren(QtWidgets.QWidget):
        if widget.metaObject().className() in ("KisOpenGLCanvas2", "KisQPainterCanvas") and widget.isVisible():
            return widget
    return None
