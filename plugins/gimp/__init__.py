"""Pleinair in GIMP 3: its procedures, its dialog, and the pixels between GIMP and the server."""
