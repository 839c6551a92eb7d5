"""What can go wrong on the way to a server, in a sentence and a remedy for the artist."""

from __future__ import annotations

from typing import Any


def N_(text: str) -> str:
    """Marks a text for translation; whoever shows it translates ``template`` and ``remedy_template``."""
    return text


class ClientError(Exception):
    """A call that failed. ``code`` is the canonical status code's name, ``reason`` one of the protocol's or empty.

    ``template`` and ``remedy_template`` are the texts before ``values`` were put in.
    """

    def __init__(self, template: str, remedy_template: str = "", *, code: str, reason: str = "", **values: Any) -> None:
        self.template = template
        self.remedy_template = remedy_template
        self.values = values
        self.code = code
        self.reason = reason
        super().__init__(f"{self.sentence} {self.remedy}".rstrip())

    @property
    def sentence(self) -> str:
        return self.template.format(**self.values) if self.values else self.template

    @property
    def remedy(self) -> str:
        return self.remedy_template.format(**self.values) if self.values else self.remedy_template


class Cancelled(ClientError):
    def __init__(self) -> None:
        super().__init__(N_("It was cancelled."), code="CANCELLED")


class ConnectionLost(ClientError):
    """The connection ended under a call; another call may succeed."""


def nobody_answers(address: str) -> ClientError:
    return ConnectionLost(
        N_("No server answers at {address}."),
        N_("Start one, or correct the address in the settings."),
        code="UNAVAILABLE",
        address=address,
    )


def connection_ended(address: str) -> ClientError:
    return ConnectionLost(
        N_("The server at {address} ended the connection."),
        N_("It may have been stopped or restarted; try again when it is back."),
        code="UNAVAILABLE",
        address=address,
    )


def silent(address: str, seconds: float) -> ClientError:
    return ConnectionLost(
        N_("Nothing has come from the server at {address} for {seconds:.0f} seconds."),
        N_("Check the network and the server, and try again."),
        code="UNAVAILABLE",
        address=address,
        seconds=seconds,
    )


def too_late(address: str, seconds: float) -> ClientError:
    return ClientError(
        N_("The server at {address} did not answer within {seconds:g} seconds."),
        N_("Try again, or with a smaller picture."),
        code="DEADLINE_EXCEEDED",
        address=address,
        seconds=seconds,
    )


def not_ours(address: str) -> ClientError:
    return ClientError(
        N_("What answers at {address} is not a Pleinair server."),
        N_("Correct the address in the settings, and check whether the server wants an encrypted connection."),
        code="UNIMPLEMENTED",
        address=address,
    )


def bad_address(address: str) -> ClientError:
    return ClientError(
        N_("“{address}” is not an address."),
        N_("Write the server's name and port, such as 127.0.0.1:50051."),
        code="INVALID_ARGUMENT",
        address=address,
    )


def not_encrypted(address: str) -> ClientError:
    return ClientError(
        N_("No encrypted connection to {address} is possible."),
        N_("Check that the server was started with a certificate, or switch encryption off in the settings."),
        code="UNAVAILABLE",
        address=address,
    )


def another_certificate(address: str) -> ClientError:
    return ClientError(
        N_("The server at {address} shows another certificate than the one that you trust."),
        N_("If its certificate was renewed, compare the new fingerprint with the server's and pin it in the settings."),
        code="UNAUTHENTICATED",
        address=address,
    )


def unusable_certificate(address: str, why: str) -> ClientError:
    return ClientError(
        N_("The certificate of the server at {address} cannot be trusted ({why})."),
        N_("Renew it on the server, or pin its fingerprint in the settings if it is self-signed."),
        code="UNAUTHENTICATED",
        address=address,
        why=why,
    )


def too_large_for_memory() -> ClientError:
    return ClientError(
        N_("There is not enough memory for the result."),
        N_("Close other pictures, or translate a smaller part."),
        code="RESOURCE_EXHAUSTED",
    )


def wrong_length(address: str) -> ClientError:
    return ClientError(
        N_("The server at {address} sent another number of pixels than the picture has."),
        N_("Check that the plug-in and the server are of the same version."),
        code="DATA_LOSS",
        address=address,
    )


def failed(address: str, code: str) -> ClientError:
    """A failure that no server of ours describes."""
    return ClientError(
        N_("The server at {address} failed ({code})."),
        N_("Its log says more."),
        code=code,
        address=address,
    )
