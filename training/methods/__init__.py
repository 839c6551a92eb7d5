"""What one training step is, per method; networks are in ``training.networks``, the loop around it in ``running``.

A method is one module or folder here that defines a ``MethodSpec``, and one line in ``registry``.
"""
