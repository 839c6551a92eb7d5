"""What the operator's files say about who may use the server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from server.config import ServerConfig
from server.errors import StartProblem
from server.security.certificates import Certificate, read_authority, read_pair
from server.security.files import read_secret
from server.security.tokens import read_token


@dataclass(frozen=True)
class Protection:
    """Without a certificate nothing is encrypted; without a token everybody is served who can connect. With an
    ``authority`` (PEM) only those can whose own certificate it has signed."""

    certificate: Certificate | None
    authority: bytes | None
    token: str | None


def read_protection(config: ServerConfig) -> Protection:
    """Reads the files that the options name. Raises StartProblem."""
    token = read_token(config.token_file, read_secret) if config.token_file else None
    if config.tls_certificate is None and config.tls_key is None:
        if config.tls_client_ca:
            raise StartProblem(
                "Clients show certificates only to a server that has one; give --tls-certificate and --tls-key with"
                " --tls-client-ca."
            )
        return Protection(None, None, token)
    if config.tls_certificate is None or config.tls_key is None:
        raise StartProblem("A certificate and its key go together; give both --tls-certificate and --tls-key.")
    certificate = read_pair(config.tls_certificate, config.tls_key, read_secret)
    return Protection(certificate, read_authority(config.tls_client_ca) if config.tls_client_ca else None, token)


def protecting_files(config: ServerConfig) -> tuple[Path, ...]:
    """The files that ``read_protection`` reads."""
    named = (config.tls_certificate, config.tls_key, config.tls_client_ca, config.token_file)
    return tuple(path for path in named if path)


def secret_files(config: ServerConfig) -> tuple[Path, ...]:
    """Those of them that nobody else may read."""
    return tuple(path for path in (config.tls_key, config.token_file) if path)
