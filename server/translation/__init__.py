"""One translation from its request to its summary: terms, receiving pixels, preview, queueing, computation, results.

How the device computes is in ``server.engine``; how requests and results travel is in ``server.wire``, ``services`` and
``transports``.
"""
