"""The server's own types as messages of the protocol, and messages as the server's types.

Refuses messages that mean nothing; what a request leads to is not decided here, nor how bytes travel.
"""
