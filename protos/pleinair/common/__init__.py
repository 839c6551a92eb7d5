"""What training and serving must agree on, once: limits, file layouts, words and the writing of files.

Only the standard library may be imported here, so that a trainer without gRPC and a server without PyTorch both can.
What only one of them needs lives there; the messages between server and clients are in ``pleinair.v1``.
"""
