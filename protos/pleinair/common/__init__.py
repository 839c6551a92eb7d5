"""What training and serving must agree on: limits, file layouts, the names of events, and how files are written.

Only the standard library may be imported here, so that a trainer without gRPC and a server without PyTorch both can.
What only one of them needs belongs there; the messages between server and clients are in ``pleinair.v1``.
"""
