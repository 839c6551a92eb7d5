"""What one training step is, for each method; networks are in ``training.networks``, the loop is in ``running``.

A method is one module or folder here that defines a ``MethodSpec``, and one line in ``registry``.
"""
