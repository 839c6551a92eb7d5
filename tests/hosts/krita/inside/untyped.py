"""Krita and Qt as the scenarios use them: for more than the plug-in, whose stubs know only what it does with them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_krita: Any = import_module("krita")
_core: Any = import_module("PyQt5.QtCore")
_gui: Any = import_module("PyQt5.QtGui")
_test: Any = import_module("PyQt5.QtTest")
_widgets: Any = import_module("PyQt5.QtWidgets")

InfoObject, Krita, Selection = _krita.InfoObject, _krita.Krita, _krita.Selection
QByteArray, Qt, QTimer = _core.QByteArray, _core.Qt, _core.QTimer
QColor = _gui.QColor
QTest = _test.QTest
QAbstractButton, QAbstractItemView, QApplication = (
    _widgets.QAbstractButton,
    _widgets.QAbstractItemView,
    _widgets.QApplication,
)
QDialogButtonBox, QMessageBox = _widgets.QDialogButtonBox, _widgets.QMessageBox
QLabel, QMenu, QPushButton, QToolButton = _widgets.QLabel, _widgets.QMenu, _widgets.QPushButton, _widgets.QToolButton
