"""The parts of PyQt that the plug-in for Krita uses, under the names that PyQt5 and PyQt6 share."""
