"""Reads picture files for training, the server and the scripts: ``reading.read_picture``."""
