"""Runs filters on a device: from pixels to a tensor, through onnxruntime, and back."""
