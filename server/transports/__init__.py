"""How calls reach an ``Application``: today gRPC (grpc.aio).

A transport adapts the endpoints of the application's services, and starts, drains and stops the application. It does
not know what a call is about, and nothing else in the server knows about transports, except ``server.app``.
"""
