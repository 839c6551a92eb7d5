"""onnxruntime behind the engine's own types: sessions, their options, and what onnxruntime alone knows."""
