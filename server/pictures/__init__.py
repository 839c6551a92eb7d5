"""Converts picture files (PNG, JPEG, WebP) to arrays of pixels and back, with 16-bit depth, alpha and colour profiles.

Raw pixels as clients send them are converted for networks in ``server.engine.pixels``.
"""
