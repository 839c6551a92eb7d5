"""A filter's network in our own terms: layers of which it is known what each needs of its input.

Both ways to compute a network ourselves (``tiled``, ``fused``) start from it. What lives here: the layers
(``operations``), the network that they make (``network``), which rows and columns a layer needs (``spans``), and how
all that is read from an ONNX graph (``reader``, which walks the graph; ``onnx_operators``, which function reads which
ONNX operation, in ``*_operators``; ``partial_network``, what has been read so far; ``simplifying``, what can be left
out; ``whole_numbers``, what bytes are between; ``unsupported``, what stops it). Nothing
here computes a picture, plans how to, or knows onnxruntime or a GPU.

Two things are followed instead of recognised, so that it makes no difference how an exporter spells them. Which axis of
a tensor shows what of a layer (``tensor_view``, ``reshaping``): transpositions and reshapes are no layers, and where
they move pixels to channels or back, ``plain_pictures`` finds out. And what is computed from tensors' shapes
(``shape_operators``): a function of the picture's size (``lengths``), from which conclusions are drawn for two sizes
(``sampled_sizes``) and checked for each picture (``Network.sizes``).

Read ``spans`` first, then ``operations``, ``network`` and ``reader``.
"""
