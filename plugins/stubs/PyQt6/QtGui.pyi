"""The part of PyQt6.QtGui that PyQt5 has in another module."""

from PyQt5.QtWidgets import QShortcut as QShortcut
