"""Makes the docker usable without a mouse: Tab goes from top to bottom, and Krita's shortcuts leave it its keys."""

from __future__ import annotations

from collections.abc import Iterable

from .qt import QEvent, QObject, Qt, QtGui, QtWidgets

# Krita has shortcuts of its own for these: Tab hides the dockers, the arrows go through frames.
_KEYS = (
    Qt.Key.Key_Tab,
    Qt.Key.Key_Backtab,
    Qt.Key.Key_Left,
    Qt.Key.Key_Right,
    Qt.Key.Key_Up,
    Qt.Key.Key_Down,
    Qt.Key.Key_Home,
    Qt.Key.Key_End,
    Qt.Key.Key_PageUp,
    Qt.Key.Key_PageDown,
    Qt.Key.Key_Space,
    Qt.Key.Key_Return,
    Qt.Key.Key_Enter,
)


class Keyboard(QObject):
    """Sets the order of Tab in ``parts``, given from top to bottom, and keeps their keys. ``parent`` holds them."""

    def __init__(self, parts: Iterable[QtWidgets.QWidget], parent: QtWidgets.QWidget) -> None:
        super().__init__(parent)
        controls = [control for part in parts for control in _controls(part)]
        for one, next_one in zip(controls, controls[1:]):
            QtWidgets.QWidget.setTabOrder(one, next_one)
        for control in controls:
            control.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Accepts a key that is meant for the control, so that Krita does not take it for a shortcut."""
        if event.type() != QEvent.Type.ShortcutOverride or not isinstance(event, QtGui.QKeyEvent):
            return False
        if event.key() not in _KEYS or _commands(event):
            return False
        event.accept()
        return True


def _commands(event: QtGui.QKeyEvent) -> bool:
    """Returns whether Ctrl, Alt or Meta is held, as for a shortcut."""
    modifiers = Qt.KeyboardModifier
    return bool(event.modifiers() & (modifiers.ControlModifier | modifiers.AltModifier | modifiers.MetaModifier))


def _controls(widget: QtWidgets.QWidget) -> list[QtWidgets.QWidget]:
    """Returns the controls that Tab can reach, in the order of their layout, without looking inside a control."""
    if widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
        return [widget]
    layout = widget.layout()
    return [] if layout is None else _in_layout(layout)


def _in_layout(layout: QtWidgets.QLayout) -> list[QtWidgets.QWidget]:
    found: list[QtWidgets.QWidget] = []
    for item in (layout.itemAt(number) for number in range(layout.count())):
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            found += _controls(widget)
        elif inner is not None:
            found += _in_layout(inner)
    return found
