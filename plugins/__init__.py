"""Pleinair's plug-ins: what Krita and GIMP load, and the programs that build it."""
