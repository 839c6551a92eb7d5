"""Certificates and keys in PEM form."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from server.errors import StartProblem
from server.security.files import read_file, read_secret


@dataclass(frozen=True)
class Certificate:
    """A certificate chain and its key in PEM form; ``fingerprint`` is the certificate's SHA-256, 64 hexadecimal
    digits."""

    chain: bytes
    key: bytes
    fingerprint: str


def read_pair(certificate: Path, key: Path, read: Callable[[Path], bytes] = read_file) -> Certificate:
    """Reads a certificate and its key, which ``read`` reads. Raises StartProblem unless they belong together."""
    contents, secret = read_file(certificate), read(key)
    try:
        # An empty password: a key that wants one is refused instead of asked about at the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
        return Certificate(contents, secret, _fingerprint(contents))
    except (OSError, ValueError) as error:  # ssl's own errors among them
        raise StartProblem(
            f"{certificate} and {key} are not a certificate and its unencrypted key in PEM form; create them again"
            " (server/README.md shows how)."
        ) from error


def read_authority(path: Path) -> bytes:
    """Reads the certificates that clients' own must be signed by. Raises StartProblem when there is none, or when
    others could add theirs."""
    contents = read_secret(path)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(cadata=contents.decode("ascii"))
    except (ssl.SSLError, ValueError) as error:
        raise StartProblem(
            f"{path} holds no certificate in PEM form; name the certificate that signs those of your clients."
        ) from error
    return contents


def _fingerprint(chain: bytes) -> str:
    """The SHA-256 of the first certificate in the file, which is the server's own."""
    end = b"-----END CERTIFICATE-----"
    first = chain[: chain.index(end) + len(end)].decode("ascii", "replace")
    der = ssl.PEM_cert_to_DER_cert(first[first.index("-----BEGIN") :])
    return hashlib.sha256(der).hexdigest()
