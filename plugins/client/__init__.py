"""The client library of the editors' plug-ins, in pure Python: gRPC over the standard library's sockets."""

from . import messages
from .cancel import Cancel
from .client import SAMPLE_BYTES, Client, FilterList, Progress, Translation
from .dialling import server_fingerprint
from .endpoint import Endpoint
from .errors import Cancelled, ClientError, ConnectionLost
from .trainings import Picture, TrainingClient

__all__ = [
    "SAMPLE_BYTES",
    "Cancel",
    "Cancelled",
    "Client",
    "ClientError",
    "ConnectionLost",
    "Endpoint",
    "FilterList",
    "Picture",
    "Progress",
    "TrainingClient",
    "Translation",
    "messages",
    "server_fingerprint",
]
