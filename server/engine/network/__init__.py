"""A filter's network in our own terms: layers of which it is known what each needs of its input.

Both ways to compute a network ourselves (``tiled``, ``fused``) start from it. What lives here: the layers
(``operations``), the network that they make (``network``), which rows and columns a layer needs (``spans``), and how
all that is read from an ONNX graph (``reader``, which walks the graph; ``onnx_operators``, one function for each ONNX
operation; ``partial_network``, what has been read so far; ``unsupported``, what stops it). Nothing here computes a
picture, plans how to, or knows onnxruntime or a GPU.

Read ``spans`` first, then ``operations``, ``network`` and ``reader``.
"""
