"""The paper's networks on an NVIDIA GPU, faster than onnxruntime computes them alone: it convolves, and what lies
between two convolutions is one kernel of ours."""
