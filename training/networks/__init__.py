"""Generators, discriminators and projection heads, built from their sizes alone.

How they are trained is in ``methods``; nothing here knows options or files.
"""
