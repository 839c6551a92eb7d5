"""The connection from Python scripts to a server, and the errors of calls that fail."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypedDict, Unpack, cast

import grpc
from google.rpc.error_details_pb2 import ErrorInfo
from grpc_status import rpc_status

_OPTIONS = [
    # A page of filters carries their thumbnails, and gRPC takes no more than 4 MiB unless told.
    ("grpc.max_receive_message_length", 64 << 20),
    # Who waits for a server to come back should not wait for two minutes more.
    ("grpc.max_reconnect_backoff_ms", 5000),
]

# grpc's own words in the details of a call whose stream ended without the server's status, whatever code it makes of
# that: INTERNAL where a proxy reset the stream, UNKNOWN where it only ended.
_BROKEN_OFF = ("Stream removed", "No status received", "RST_STREAM")


class CallError(Exception):
    """A failed call: a sentence for people, the status code's name, and the reason from the protocol's closed list
    (None when no Pleinair server answered). A connection that was lost has the code UNAVAILABLE, however it was lost:
    another call may succeed."""

    def __init__(self, sentence: str, *, code: str, reason: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code
        self.reason = reason


class Access(TypedDict, total=False):
    """What a protected server wants: its ``token``; for an encrypted connection its own ``certificate`` (PEM, naming
    the host); and where it wants its clients' certificates too, the ``client_certificate`` and ``client_key`` (PEM)."""

    token: str | None
    certificate: bytes | None
    client_certificate: bytes | None
    client_key: bytes | None


class Channel:
    """A connection to the server at ``address`` (HOST:PORT). Raises ValueError for a client's certificate without what
    belongs to it."""

    def __init__(self, address: str, **access: Unpack[Access]) -> None:
        self.address = address
        token, credentials = access.get("token"), _credentials(access)
        self.metadata = (("authorization", f"Bearer {token}"),) if token else ()
        self._encrypted = credentials is not None
        if credentials:
            self.grpc = grpc.secure_channel(address, credentials, options=_OPTIONS)
        else:
            self.grpc = grpc.insecure_channel(address, options=_OPTIONS)

    def close(self) -> None:
        self.grpc.close()

    @contextmanager
    def sentences(self, kind: type[CallError]) -> Iterator[None]:
        """Turns a grpc.RpcError in the block into an error of this kind, with a sentence for people."""
        try:
            yield
        except grpc.RpcError as error:
            raise self._as_error(cast(grpc.Call, error), kind) from error

    def _as_error(self, call: grpc.Call, kind: type[CallError]) -> CallError:
        code = call.code()
        reason = _reason(call)
        if reason:
            return kind(call.details() or "", code=code.name, reason=reason)
        if _is_lost(call):
            return kind(self._lost(), code=grpc.StatusCode.UNAVAILABLE.name)
        address = self.address
        sentence = {
            grpc.StatusCode.UNAVAILABLE: self._nobody(),
            grpc.StatusCode.DEADLINE_EXCEEDED: f"The server at {address} took longer than the timeout; allow it more"
            " time.",
            grpc.StatusCode.UNIMPLEMENTED: f"What answers at {address} is not a Pleinair server of this version; check"
            " the address.",
        }.get(code, f"The server at {address} failed ({code.name}); try again, and report it to whoever runs it.")
        return kind(sentence, code=code.name)

    def _lost(self) -> str:
        return (
            f"The connection to the server at {self.address} was lost; the server may have been stopped or restarted:"
            " try again when it is back."
        )

    def _nobody(self) -> str:
        address = self.address
        if self._encrypted:
            return (
                f"No server with this certificate answers at {address}; check the address, the certificate and that it"
                " names this host, and whether the server wants a certificate of its clients too."
            )
        return (
            f"No server answers at {address}; check the address, or start one with python -m server --address"
            f" {address}."
        )


def _credentials(access: Access) -> grpc.ChannelCredentials | None:
    certificate, key = access.get("client_certificate"), access.get("client_key")
    servers = access.get("certificate")
    if (certificate or key) and not (certificate and key and servers):
        raise ValueError("A client_certificate goes with its client_key and the server's certificate; give all three.")
    return grpc.ssl_channel_credentials(servers, key, certificate) if servers else None


def _is_lost(call: grpc.Call) -> bool:
    """Whether a call broke off: its stream ended without a status, or was cancelled, and not by us. Proxies make
    either of a server that dies."""
    if call.code() in (grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.OK):
        return False
    return call.code() == grpc.StatusCode.CANCELLED or any(words in (call.details() or "") for words in _BROKEN_OFF)


def _reason(call: grpc.Call) -> str | None:
    try:
        status = rpc_status.from_call(call)
    except ValueError:  # the call ended here, cancelled or too late, as the server's own status arrived
        return None
    info = ErrorInfo()
    unpacked = status is not None and any(detail.Unpack(info) for detail in status.details)
    return info.reason if unpacked else None
