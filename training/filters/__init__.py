"""Filter files: ONNX with all that a server must know in its metadata; written, applied, made of published weights.

Serving them is the work of ``server``, which shares no code with this package.
"""
