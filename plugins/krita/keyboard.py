"""The docker without a mouse: Tab goes through it as it is seen, and Krita's shortcuts leave it the keys it needs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .qt import QEvent, QObject, Qt, QtWidgets

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


class Keyboard(QObject):  # type: ignore[misc]
    """Belongs to the widget that holds the parts, which are given from top to bottom."""

    def __init__(self, parts: Iterable[Any], parent: Any) -> None:
        super().__init__(parent)
        controls = [control for part in parts for control in _controls(part)]
        for one, next_one in zip(controls, controls[1:]):
            QtWidgets.QWidget.setTabOrder(one, next_one)
        for control in controls:
            control.installEventFilter(self)

    def eventFilter(self, watched: Any, event: Any) -> bool:
        """Says that a key is meant for the control and is no shortcut."""
        if event.type() == QEvent.Type.ShortcutOverride and event.key() in _KEYS and not _commands(event):
            event.accept()
            return True
        return False


def _commands(event: Any) -> bool:
    """Whether a key is held with which shortcuts begin."""
    modifiers = Qt.KeyboardModifier
    return bool(event.modifiers() & (modifiers.ControlModifier | modifiers.AltModifier | modifiers.MetaModifier))


def _controls(widget: Any) -> list[Any]:
    """Those that Tab can reach, in the order of their layout. What is inside of a control is its own."""
    if widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
        return [widget]
    layout = widget.layout()
    return [] if layout is None else _in_layout(layout)


def _in_layout(layout: Any) -> list[Any]:
    found: list[Any] = []
    for item in (layout.itemAt(number) for number in range(layout.count())):
        if item.widget() is not None:
            found += _controls(item.widget())
        elif item.layout() is not None:
            found += _in_layout(item.layout())
    return found
