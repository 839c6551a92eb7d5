"""Serves filters (ONNX files) over gRPC, translates pictures with them and has new ones trained.

Imports neither torch nor ``training``.
"""
