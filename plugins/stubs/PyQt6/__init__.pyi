"""PyQt6 as the plug-in uses it: PyQt5's classes."""

from PyQt5 import QtCore as QtCore
from PyQt5 import QtGui as QtGui
from PyQt5 import QtWidgets as QtWidgets
