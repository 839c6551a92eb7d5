"""Protection of the server: encryption with the operator's certificate, and one token that all clients share."""

from __future__ import annotations

import hashlib
import hmac
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from server.config import ServerConfig
from server.errors import Reason, Refusal, StartProblem

SHORTEST_TOKEN = 16  # characters


@dataclass(frozen=True)
class Certificate:
    """A certificate chain and its key in PEM form; ``fingerprint`` is the certificate's SHA-256, 64 hexadecimal
    digits."""

    chain: bytes
    key: bytes
    fingerprint: str


@dataclass(frozen=True)
class Security:
    """The operator's protection. Without a certificate nothing is encrypted; without a token everybody is served."""

    certificate: Certificate | None = None
    token: str | None = None

    @classmethod
    def of(cls, config: ServerConfig) -> Security:
        """Reads the files that the options name. Raises StartProblem."""
        token = read_token(config.token_file) if config.token_file else None
        if config.tls_certificate is None and config.tls_key is None:
            return cls(token=token)
        if config.tls_certificate is None or config.tls_key is None:
            raise StartProblem("A certificate and its key go together; give both --tls-certificate and --tls-key.")
        chain, key = (read_file(path) for path in (config.tls_certificate, config.tls_key))
        _check_pair(config.tls_certificate, config.tls_key)
        return cls(Certificate(chain, key, _fingerprint(chain)), token)

    def check(self, authorization: Sequence[str | bytes]) -> None:
        """Checks all values of a call's ``authorization``. Raises Refusal unless there is exactly one, with the
        token."""
        if self.token is None:
            return
        expected = f"Bearer {self.token}".encode()
        if len(authorization) != 1 or not hmac.compare_digest(_bytes(authorization[0]), expected):
            raise Refusal(
                Reason.UNAUTHENTICATED,
                "The call has no token or a wrong one; send the token from the server's --token-file.",
            )

    def start_lines(self, address: str, *, is_loopback: bool) -> list[str]:
        """Lines for the user who started the server: the fingerprint, and warnings about what other machines can do."""
        lines = []
        if self.certificate:
            lines.append(f"The certificate's SHA-256 fingerprint, for editors to pin: {self.certificate.fingerprint}")
        if not is_loopback and not self.token:
            lines.append(
                f"Warning: {address} can be reached from other machines, so anyone who can reach it may use this"
                " server; protect it with --token-file."
            )
        if not is_loopback and not self.certificate:
            lines.append(
                f"Warning: connections from other machines to {address} are not encrypted; encrypt them with"
                " --tls-certificate and --tls-key."
            )
        return lines


def read_access(token_file: str | Path | None, certificate: str | Path | None) -> tuple[str | None, bytes | None]:
    """Reads the token and the certificate (PEM) that a client needs for a protected server, each None without a file.
    Raises StartProblem."""
    token = read_token(Path(token_file)) if token_file else None
    return token, read_file(Path(certificate)) if certificate else None


def read_token(path: Path) -> str:
    """Reads the token in a file. Raises StartProblem when it cannot be read, is too short or contains spaces."""
    try:
        token = read_file(path).decode("ascii").strip()
    except UnicodeDecodeError as error:
        raise StartProblem(f"The token in {path} contains characters that are not ASCII; make another.") from error
    if len(token) < SHORTEST_TOKEN or not token.isprintable() or " " in token:
        raise StartProblem(
            f"The token in {path} is not one line of at least {SHORTEST_TOKEN} characters without spaces; make one with"
            " python -c 'import secrets; print(secrets.token_urlsafe())'."
        )
    return token


def read_file(path: Path) -> bytes:
    """Reads a file. Raises StartProblem, which says why it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise StartProblem(f"{path} cannot be read ({error.strerror}); check its name and permissions.") from error


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value


def _check_pair(certificate: Path, key: Path) -> None:
    try:
        # An empty password: a key that wants one is refused instead of asked about at the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except (ssl.SSLError, ValueError) as error:
        raise StartProblem(
            f"{certificate} and {key} are not a certificate and its unencrypted key in PEM form; create them again"
            " (server/README.md shows how)."
        ) from error


def _fingerprint(certificate: bytes) -> str:
    """The SHA-256 of the first certificate in the file, which is the server's own."""
    end = b"-----END CERTIFICATE-----"
    first = certificate[: certificate.index(end) + len(end)].decode("ascii", "replace")
    der = ssl.PEM_cert_to_DER_cert(first[first.index("-----BEGIN") :])
    return hashlib.sha256(der).hexdigest()
