"""A network computed tile by tile, within a memory budget, with the same result as at once.

A normalisation needs the mean and variance of the whole picture, so the picture is gone over in several *sweeps*; each
sweep computes some of the layers on one *tile* after the other. A tile is a part of the picture with a margin around
it; one that is as wide as the picture is also called a *band*.

What lives here, in an order to read it in:

- planning: ``areas`` (where a tile lies in each layer), ``sweep_schedule`` (which layers each sweep computes and what
  is stored between sweeps), ``sweep_task`` (what one sweep does), ``tile_division`` (its tiles), ``cost`` (their time
  and memory) and ``tiling_plan``, which puts all of these together;
- computing: ``tile_graph`` and ``sweep_graph`` (the ONNX graph of a sweep), its layers (``tile_layers``,
  ``tile_statistics``, ``tile_convolutions``, ``winograd_convolution``, ``doubling`` with ``doubled_edge``;
  ``convolution_way`` chooses between them, ``winograd`` has the arithmetic, ``layout`` the order of axes), ``programs``
  (the graphs, loaded) and ``sweep_runner``, which runs a plan with ``pooled_statistics`` and a ``layer_store``
  (``memory_store``, ``file_store``);
- ``tiled_network``, one network ready to be computed, and ``executor``, which offers it to the engine.

What does not live here: the network itself (``network``) and our own kernels on a GPU (``fused``).
"""
