"""The certificate with which gRPC encrypts, renewed for new connections while those that are open go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import grpc

from server.security.guard import Security
from server.security.protection import Protection


def server_credentials(security: Security) -> grpc.ServerCredentials | None:
    """What ``security`` has in force whenever somebody connects; None where nothing is encrypted."""
    protection = security.protection
    if protection.certificate is None:
        return None
    return grpc.dynamic_ssl_server_credentials(
        _configuration(protection),
        # It may answer None, by its documentation; its type does not say so.
        cast("Callable[[], grpc.ServerCertificateConfiguration]", _Fetcher(security, protection)),
        require_client_authentication=protection.authority is not None,
    )


class _Fetcher:
    """Tells gRPC, which asks at every handshake, what has changed since it asked last; None when nothing has."""

    def __init__(self, security: Security, told: Protection) -> None:
        self._security = security
        self._told = told

    def __call__(self) -> grpc.ServerCertificateConfiguration | None:
        now = self._security.protection
        if now is self._told:
            return None
        self._told = now
        return _configuration(now)


def _configuration(protection: Protection) -> grpc.ServerCertificateConfiguration:
    assert protection.certificate is not None
    pair = (protection.certificate.key, protection.certificate.chain)
    return grpc.ssl_server_certificate_configuration([pair], protection.authority)
