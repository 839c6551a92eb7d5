"""Pleinair in GIMP 3: its procedures and windows, and the pixels that go between GIMP and the server."""
