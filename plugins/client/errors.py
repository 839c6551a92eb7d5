"""What can go wrong in a call to a server, each as a sentence and a remedy for the artist."""

from __future__ import annotations

from typing import Any


def N_(text: str) -> str:
    """Marks a text for translation and returns it as it is; the code that shows it translates it."""
    return text


class ClientError(Exception):
    """A failed call. ``code`` is the name of a gRPC status code, ``reason`` one of the protocol's reasons or empty.

    ``template`` and ``remedy_template`` are the untranslated texts, into which ``values`` are put. ``detail`` is the
    server's own message, in English, for a report.
    """

    def __init__(
        self,
        template: str,
        remedy_template: str = "",
        *,
        code: str,
        reason: str = "",
        detail: str = "",
        **values: Any,
    ) -> None:
        self.template = template
        self.remedy_template = remedy_template
        self.values = values
        self.code = code
        self.reason = reason
        self.detail = detail
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
    """No connection could be made, or it ended during a call; another call may succeed."""


class UnknownCall(ClientError):
    """What answers does not know this call: it is not a Pleinair server, or one of another version."""


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
        N_("The server at {address} has sent nothing for {seconds:.0f} seconds."),
        N_("Check the network and the server, and try again."),
        code="UNAVAILABLE",
        address=address,
        seconds=seconds,
    )


def hung_up(address: str) -> ClientError:
    """Returns the error for a peer that closed before it sent anything: a server starting or stopping, or not ours."""
    return ConnectionLost(
        N_("The program at {address} closed the connection at once."),
        N_("Check the address, and whether the server wants an encrypted connection."),
        code="UNAVAILABLE",
        address=address,
    )


def unknown_host(host: str) -> ClientError:
    return ConnectionLost(
        N_("There is no computer named “{host}”."),
        N_("Correct the address in the settings, and check the network."),
        code="UNAVAILABLE",
        host=host,
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
        N_("The program at {address} is not a Pleinair server."),
        N_("Correct the address in the settings, and check whether the server wants an encrypted connection."),
        code="UNIMPLEMENTED",
        address=address,
    )


def unknown_call(address: str) -> ClientError:
    error = not_ours(address)
    return UnknownCall(error.template, error.remedy_template, code=error.code, **error.values)


def too_old_to_train(address: str) -> ClientError:
    return ClientError(
        N_("The server at {address} is too old to train filters."),
        N_("Update Pleinair on its computer and restart it."),
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


def bad_token() -> ClientError:
    return ClientError(
        N_("The token in the settings contains spaces or characters that a token cannot contain."),
        N_("Copy it again from the token file that the server was started with."),
        code="INVALID_ARGUMENT",
    )


def not_encrypted(address: str) -> ClientError:
    return ClientError(
        N_("An encrypted connection to {address} is not possible."),
        N_("Check that the server was started with a certificate, or turn off encryption in the settings."),
        code="UNAVAILABLE",
        address=address,
    )


def another_certificate(address: str) -> ClientError:
    return ClientError(
        N_("The server at {address} presented a different certificate from the one you trust."),
        N_(
            "If the certificate was renewed, compare the new fingerprint with the one the server "
            "shows, and pin it in the settings."
        ),
        code="UNAUTHENTICATED",
        address=address,
    )


def expired_certificate(address: str) -> ClientError:
    return ClientError(
        N_("The certificate of the server at {address} has expired."),
        N_("Give the server a new one, and pin its fingerprint in the settings."),
        code="UNAUTHENTICATED",
        address=address,
    )


def unknown_certificate(address: str) -> ClientError:
    return ClientError(
        N_("This computer does not trust the certificate of the server at {address}."),
        N_("If it is your server, compare its fingerprint and pin it in the settings."),
        code="UNAUTHENTICATED",
        address=address,
    )


def unusable_certificate(address: str, why: str) -> ClientError:
    return ClientError(
        N_("The certificate of the server at {address} cannot be trusted ({why})."),
        N_("Correct it on the server, or pin its fingerprint in the settings."),
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
        N_("The server at {address} sent a different number of pixels from the picture's."),
        N_("Check that the plug-in and the server have the same version."),
        code="DATA_LOSS",
        address=address,
    )


_REASONS = {
    "FILTER_NOT_FOUND": (N_("The server no longer has this filter."), N_("Choose another one.")),
    "PICTURE_TOO_LARGE": (
        N_("The picture is larger than the server accepts."),
        N_("Translate a selection or a smaller copy, or start the server with a larger --max-pixels."),
    ),
    "QUEUE_FULL": (N_("The server is busy: others are already waiting."), N_("Try again in a moment.")),
    "DEADLINE_EXCEEDED": (
        N_("The translation took longer than the server allows."),
        N_("Translate a selection or a smaller copy, or start the server with a longer --deadline."),
    ),
    "OUT_OF_MEMORY": (
        N_("The server does not have enough memory for this picture."),
        N_("Translate a selection or a smaller copy."),
    ),
    "SHUTTING_DOWN": (N_("The server is shutting down."), N_("Try again when it is back.")),
    "FILTER_FAILED": (
        N_("The filter failed on this picture."),
        N_("Try another size, or another filter."),
    ),
    "UNAUTHENTICATED": (
        N_("The token is missing or wrong."),
        N_("Enter the token that the server was started with in the settings."),
    ),
    "TRAINING_NOT_FOUND": (N_("The server no longer has this training."), N_("Choose another training.")),
    "WRONG_STATE": (
        N_("The training's current state does not allow this."),
        N_("Check its state, which may have changed in the meantime."),
    ),
    "NO_WEIGHTS_YET": (
        N_("The training has not yet learned anything that can be used."),
        N_("Wait for its first preview and try again."),
    ),
    "DISK_FULL": (
        N_("The disk of the server's computer is full."),
        N_("Free some space, for example by deleting trainings that have ended, and try again."),
    ),
    "STALLED": (
        N_("The connection to the server came to a halt, and the server gave up waiting."),
        N_("Try again; if it happens again, look for what slows the connection down."),
    ),
    "INTERNAL": (
        N_("Something went wrong on the server."),
        N_("Try again; if it happens again, report it to whoever runs the server."),
    ),
}


def told_by_server(code: str, reason: str, sentence: str) -> ClientError:
    """Returns the error for a failure that a Pleinair server describes, in our own words if artists may meet it."""
    if reason == "TRAINING_UNAVAILABLE":  # only the server knows what it lacks
        return ClientError(
            N_("Filters cannot be trained on this server."), sentence, code=code, reason=reason, detail=sentence
        )
    template, remedy = _REASONS.get(reason, (sentence, ""))
    return ClientError(template, remedy, code=code, reason=reason, detail=sentence)


def failed(address: str, code: str) -> ClientError:
    """Returns the error for a failure with only a status code, without a reason of the protocol's."""
    return ClientError(
        N_("The server at {address} failed ({status})."),
        N_("Try again; if it happens again, report it to whoever runs the server."),
        code=code,
        address=address,
        status=code,
    )
