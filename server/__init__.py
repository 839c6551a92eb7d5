"""Serves filters (ONNX files) over gRPC, translates pictures with them and has new ones trained.

At this level are the commands (``python -m server``, ``server.translate``, ``server.train``), their options, and what
every call passes: security and admission. Imports neither torch nor ``training``, which runs in processes of its own.
"""
