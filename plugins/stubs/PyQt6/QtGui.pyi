"""Only what PyQt5 has in another module."""

from PyQt5.QtWidgets import QShortcut as QShortcut
