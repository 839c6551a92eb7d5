"""Who may use the server: encryption with the operator's certificate, and one token that all clients know."""

from __future__ import annotations

import hashlib
import hmac
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1.health import SERVICE_NAME as HEALTH

from server.config import ServerConfig
from server.errors import Reason, Refusal, StartProblem
from server.wire.status import abort

SHORTEST_TOKEN = 16  # characters


@dataclass(frozen=True)
class Security:
    """What the operator set up; ``fingerprint`` is the certificate's SHA-256, 64 hexadecimal digits."""

    credentials: grpc.ServerCredentials | None = None
    fingerprint: str | None = None
    token: str | None = None

    @classmethod
    def of(cls, config: ServerConfig) -> Security:
        """Reads the files that the options name. Raises StartProblem."""
        token = read_token(config.token_file) if config.token_file else None
        if config.tls_certificate is None and config.tls_key is None:
            return cls(token=token)
        if config.tls_certificate is None or config.tls_key is None:
            raise StartProblem("A certificate and its key go together; give both --tls-certificate and --tls-key.")
        certificate, key = (read_file(path) for path in (config.tls_certificate, config.tls_key))
        _check_pair(config.tls_certificate, config.tls_key)
        return cls(grpc.ssl_server_credentials([(key, certificate)]), _fingerprint(certificate), token)

    def interceptors(self) -> list[TokenInterceptor]:
        return [TokenInterceptor(self.token)] if self.token else []


class TokenInterceptor(grpc.aio.ServerInterceptor):
    """Answers calls without the token before their messages are read. Health is for everybody: it tells nothing."""

    def __init__(self, token: str) -> None:
        self._expected = f"Bearer {token}".encode()

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler[Any, Any] | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        if handler_call_details.method.startswith(f"/{HEALTH}/") or self._knows(handler_call_details):
            return await continuation(handler_call_details)
        # On the wire a call of any kind is a stream of messages each way, so one handler refuses them all.
        return grpc.stream_stream_rpc_method_handler(_refuse)

    def _knows(self, details: grpc.HandlerCallDetails) -> bool:
        given = [value for key, value in details.invocation_metadata if key == "authorization"]
        return len(given) == 1 and hmac.compare_digest(_bytes(given[0]), self._expected)


def read_token(path: Path) -> str:
    """Raises StartProblem for a file that cannot be read, or whose token is too short or has spaces."""
    try:
        token = read_file(path).decode("ascii").strip()
    except UnicodeDecodeError as error:
        raise StartProblem(f"The token in {path} has characters that are not ASCII; make another.") from error
    if len(token) < SHORTEST_TOKEN or not token.isprintable() or " " in token:
        raise StartProblem(
            f"The token in {path} is not one line of at least {SHORTEST_TOKEN} characters without spaces; make one with"
            " python -c 'import secrets; print(secrets.token_urlsafe())'."
        )
    return token


def read_file(path: Path) -> bytes:
    """Raises StartProblem."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise StartProblem(f"{path} cannot be read ({error.strerror}); check its name and permissions.") from error


async def _refuse(requests: object, context: grpc.aio.ServicerContext[Any, Any]) -> None:
    await abort(
        context,
        Refusal(
            Reason.UNAUTHENTICATED,
            "The call carries no token or a wrong one; give the token that is in the server's --token-file.",
        ),
    )


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value


def _check_pair(certificate: Path, key: Path) -> None:
    try:
        # An empty password: a key that wants one is refused instead of asked about at the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except (ssl.SSLError, ValueError) as error:
        raise StartProblem(
            f"{certificate} and {key} are not a certificate and its unencrypted key in PEM form; make them anew (the"
            " README says how)."
        ) from error


def _fingerprint(certificate: bytes) -> str:
    """Of the first certificate in the file, which is the server's own."""
    end = b"-----END CERTIFICATE-----"
    first = certificate[: certificate.index(end) + len(end)].decode("ascii", "replace")
    der = ssl.PEM_cert_to_DER_cert(first[first.index("-----BEGIN") :])
    return hashlib.sha256(der).hexdigest()
