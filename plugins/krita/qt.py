"""The Qt that this Krita runs on. Nothing else in the plug-in imports PyQt.

Importing the wrong PyQt raises ModuleNotFoundError in Krita; versions of Krita that are too old for that use PyQt5.
"""

from __future__ import annotations

try:
    from PyQt5 import QtCore, QtGui, QtWidgets
    from PyQt5.QtWidgets import QShortcut
except ModuleNotFoundError:
    from PyQt6 import QtCore, QtGui, QtWidgets
    from PyQt6.QtGui import QShortcut

QByteArray = QtCore.QByteArray
QEvent = QtCore.QEvent
QObject = QtCore.QObject
QPoint = QtCore.QPoint
QPointF = QtCore.QPointF
QRect = QtCore.QRect
QRectF = QtCore.QRectF
QSize = QtCore.QSize
Qt = QtCore.Qt
QTimer = QtCore.QTimer
QUuid = QtCore.QUuid
pyqtSignal = QtCore.pyqtSignal

QColor = QtGui.QColor
QFont = QtGui.QFont
QIcon = QtGui.QIcon
QImage = QtGui.QImage
QKeySequence = QtGui.QKeySequence
QPainter = QtGui.QPainter
QPalette = QtGui.QPalette
QPixmap = QtGui.QPixmap

__all__ = [
    "QByteArray",
    "QColor",
    "QEvent",
    "QFont",
    "QIcon",
    "QImage",
    "QKeySequence",
    "QObject",
    "QPainter",
    "QPalette",
    "QPixmap",
    "QPoint",
    "QPointF",
    "QRect",
    "QRectF",
    "QShortcut",
    "QSize",
    "QTimer",
    "QUuid",
    "Qt",
    "QtCore",
    "QtGui",
    "QtWidgets",
    "pyqtSignal",
]
