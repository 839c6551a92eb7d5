"""Picture files (PNG, JPEG, WebP) to arrays of pixels and back, with 16-bit depth, alpha and colour profiles.

Raw pixels as clients send them, and their conversion for networks, are not here but in ``server.engine.pixels``.
"""
