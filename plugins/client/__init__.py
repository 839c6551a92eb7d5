"""The wire for the editors' plug-ins, in pure Python: gRPC over the standard library's sockets."""

from . import messages
from .cancel import Cancel
from .client import Client, FilterList, Progress, Translation
from .endpoint import Endpoint, server_fingerprint
from .errors import Cancelled, ClientError, ConnectionLost

__all__ = [
    "Cancel",
    "Cancelled",
    "Client",
    "ClientError",
    "ConnectionLost",
    "Endpoint",
    "FilterList",
    "Progress",
    "Translation",
    "messages",
    "server_fingerprint",
]
