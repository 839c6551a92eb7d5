"""Checks the token of calls, and keeps the protection in force up to date."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Sequence

from server.config import ServerConfig
from server.errors import Reason, Refusal
from server.security.exposure import check_exposure, dangers
from server.security.files import readable_by_all
from server.security.protection import Protection, protecting_files, read_protection, secret_files
from server.security.renewal import Renewal

REMINDER_SECONDS = 3600.0

_log = logging.getLogger(__name__)


class Security:
    """The operator's protection, as its files say; ``protection`` is what is in force.

    Raises StartProblem when they cannot be read, or when other machines could reach a server that lacks protection.
    """

    def __init__(self, config: ServerConfig) -> None:
        self._config = config
        check_exposure(config)
        self._renewal = Renewal(config)  # before they are read: what changes meanwhile is read again
        self.protection = read_protection(config)

    def check(self, authorization: Sequence[str | bytes]) -> None:
        """Checks all values of a call's ``authorization``. Raises Refusal unless there is exactly one, with the
        token."""
        token = self.protection.token
        if token is None:
            return
        expected = f"Bearer {token}".encode()
        if len(authorization) != 1 or not hmac.compare_digest(_bytes(authorization[0]), expected):
            raise Refusal(
                Reason.UNAUTHENTICATED,
                "The call has no token or a wrong one; send the token from the server's --token-file.",
            )

    async def follow(self, poll_seconds: float) -> None:
        """Puts what the files say in force when they change, until it is cancelled. Calls under way go on.
        Returns at once when there are none."""
        while protecting_files(self._config):
            await asyncio.sleep(poll_seconds)
            if renewed := await asyncio.to_thread(self._renewal.look):
                _report(self.protection, renewed)
                self.protection = renewed

    async def remind(self, seconds: float = REMINDER_SECONDS) -> None:
        """Says in the log every so many seconds what other machines can do because the operator insisted, until it is
        cancelled; returns at once when that is nothing."""
        while sentences := dangers(self._config):
            await asyncio.sleep(seconds)
            for sentence in sentences:
                _log.warning("The server runs with --insecure: %s", sentence)

    def start_lines(self) -> list[str]:
        """Lines for the user who started the server: the fingerprint, and warnings about what others can do."""
        certificate = self.protection.certificate
        lines = [_fingerprint_line(certificate.fingerprint)] if certificate else []
        warnings = [*dangers(self._config), *readable_by_all(secret_files(self._config))]
        return lines + [f"Warning: {warning}" for warning in warnings]


def _report(before: Protection, now: Protection) -> None:
    if now.certificate and now.certificate != before.certificate:
        _log.info("The certificate was renewed. %s", _fingerprint_line(now.certificate.fingerprint))
    if now.authority != before.authority:
        _log.info("The certificates of clients are from now on checked with the new --tls-client-ca.")
    if now.token != before.token:
        _log.info("The token was renewed; from now on callers need the new one.")


def _fingerprint_line(fingerprint: str) -> str:
    return f"The certificate's SHA-256 fingerprint, for editors to pin: {fingerprint}"


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value
