"""The protocol's services: each turns messages into calls of a handler and what it yields into messages.

Nothing is decided here but how lists are divided into pages; ``endpoint`` admits, times and refuses for all of them.
Which transport carries the messages is unknown here (see ``server.transports``).
"""
