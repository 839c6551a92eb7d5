"""Pleinair inside the editors: what Krita and GIMP load, and the programs that bundle it."""
