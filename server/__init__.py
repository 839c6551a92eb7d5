"""Serves filters (ONNX files) over gRPC and translates pictures with them. Imports neither torch nor ``training``."""
