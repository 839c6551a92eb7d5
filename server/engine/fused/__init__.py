"""The paper's networks on an NVIDIA GPU, faster than onnxruntime computes them alone: it convolves, and everything that
lies between two convolutions is fused into one kernel of ours.

What lives here, in an order to read it in:

- what is computed: ``steps`` (a network as steps on the GPU, with views that are computed when they are read) and
  ``fusion`` (from a network's layers to steps);
- with how much memory: ``band_division`` (which rows a step computes at a time; ``view_rows`` which rows that needs,
  ``recomputing`` which buffers need not be stored), ``placement`` (what lies where) and ``fused_plan``, which chooses;
- how: ``cuda_driver`` and ``compiler`` (CUDA through ctypes), ``arena`` and ``parameters`` (its memory),
  ``picture_layout`` and ``staging`` (pictures on their way there and back), ``kernel_operands``, ``kernel_arguments``,
  ``kernel_source`` and ``kernels`` (our kernels, whose source is in ``cuda/``), ``cudnn_convolutions``
  (onnxruntime's, by their ``convolution_kind`` and ``convolution_model``)
  and ``launches``, which turns steps into launches of both;
- ``fused_network``, one network on the GPU, ``gpu_resources``, what all networks share, and ``executor``, which offers
  a fused network to the engine.

What does not live here: the network itself (``network``), and how to compute one in less memory than a band takes
(``tiled``).
"""
