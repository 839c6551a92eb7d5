"""Checks the way from the settings to a translated picture, step by step, up to the first step that fails."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..client import Client, ClientError, Endpoint, errors, server_fingerprint
from ..client.dialling import connect
from ..client.messages import Channels, Filter, SampleType
from ..client.waiting import Patience
from .settings import Settings
from .texts import _, told
from .translation_jobs import TranslationRequest

_SIDE = 32
_SECONDS = 30.0
_PROBE_SECONDS = 2.0


@dataclass(frozen=True)
class Check:
    """The outcome of one step: its name, whether it passed, what was found, and what to do if it failed."""

    name: str
    passed: bool
    sentence: str = ""
    remedy: str = ""

    @property
    def line(self) -> str:
        """The outcome as a line of a report."""
        return f"{self.name}: {'passed' if self.passed else 'failed'}. {self.sentence}"


def run_checks(settings: Settings) -> Iterator[Check]:
    """Yields the outcome of each step once it is done; ends after the first that fails. Uses the network, so do not
    call it on the interface thread."""
    endpoint = settings.endpoint
    with Client(endpoint) as client:
        filters: list[Filter] = []
        steps: list[tuple[str, Callable[[], str]]] = [
            (_("Address"), lambda: _check_address(settings)),
            (_("Something answers at that address"), lambda: _check_reach(settings)),
        ]
        if endpoint.tls:
            steps.append((_("The connection is encrypted"), lambda: _check_encryption(settings)))
        steps += [
            (_("It is a Pleinair server and lets you in"), lambda: _check_server(client, filters)),
            (_("It has filters"), lambda: _check_filters(filters)),
            (_("A small picture is translated"), lambda: _check_translation(client, filters[0])),
        ]
        for name, step in steps:
            try:
                sentence = step()
            except ClientError as error:
                yield Check(name, False, *told(error))
                return
            yield Check(name, True, sentence)


def _check_address(settings: Settings) -> str:
    endpoint = settings.endpoint
    if endpoint.is_loopback:
        return _("The server is looked for on this computer, at {address}.").format(address=settings.address)
    if endpoint.tls:
        return _("The server is looked for at {address}, encrypted.").format(address=settings.address)
    return _("The server is looked for at {address}. Anything sent there can be read on the way.").format(
        address=settings.address
    )


def _check_reach(settings: Settings) -> str:
    try:
        socket.create_connection(settings.endpoint.host_and_port, 5.0).close()
    except (OSError, UnicodeError) as error:
        raise errors.nobody_answers(settings.address) from error
    return _("The port is open.")


def _check_encryption(settings: Settings) -> str:
    connect(settings.endpoint, Patience(settings.address, timeout=_SECONDS)).close()
    if settings.fingerprint:
        return _("The server presents the certificate that you trust.")
    return _("The server presents a certificate that this computer trusts.")


def _check_server(client: Client, filters: list[Filter]) -> str:
    try:
        filters += client.list_filters().filters
    except ClientError as error:
        if error.code in ("UNIMPLEMENTED", "UNAVAILABLE") and _wants_encryption(client.endpoint):
            raise _not_plain(client.endpoint.address) from error
        raise
    return _("It answers as it should.")


def _wants_encryption(endpoint: Endpoint) -> bool:
    if endpoint.tls:
        return False
    try:
        return bool(server_fingerprint(endpoint.address, timeout=_PROBE_SECONDS))
    except ClientError:
        return False


def _not_plain(address: str) -> ClientError:
    return ClientError(
        errors.N_("The server at {address} wants an encrypted connection."),
        errors.N_("Turn on encryption in the settings."),
        code="FAILED_PRECONDITION",
        address=address,
    )


def _check_filters(filters: list[Filter]) -> str:
    if not filters:
        raise ClientError(
            errors.N_("The server has no filters."),
            errors.N_("Put filter files (.onnx) into its filters folder; they appear within seconds."),
            code="NOT_FOUND",
        )
    return ", ".join(one.title or one.id for one in filters)


def _check_translation(client: Client, one: Filter) -> str:
    request = TranslationRequest(
        one.id, _SIDE, _SIDE, Channels.RGB, SampleType.UINT8, bytes(range(256)) * (_SIDE * _SIDE * 3 // 256)
    )
    summary = client.translate(request.header, request.pixels, timeout=_SECONDS).summary
    return _("{filter} answered, computed by {provider}.").format(
        filter=one.title or one.id, provider=summary.execution_provider
    )
