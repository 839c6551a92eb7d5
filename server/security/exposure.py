"""Where other machines can reach the server, it starts only with encryption and a token, or when the operator
insists."""

from __future__ import annotations

from collections.abc import Sequence

from server.config import ServerConfig
from server.errors import StartProblem

_ENCRYPTION = ("--tls-certificate", "--tls-key")
_TOKEN = ("--token-file",)


def check_exposure(config: ServerConfig) -> None:
    """Raises StartProblem where other machines can reach a server that lacks protection, unless the operator
    insists."""
    missing = [option for options in _missing(config) for option in options]
    if missing and not config.insecure:
        raise StartProblem(
            f"{config.address} is not known to be an address of this machine alone, as 127.0.0.1 and [::1] are; on"
            f" others the server starts only with encryption and a token, so give {_listed(missing)} (server/README.md"
            " shows how). --insecure starts it all the same."
        )


def dangers(config: ServerConfig) -> list[str]:
    """What other machines can do because the operator insisted, a sentence each."""
    address = config.address
    sentences = {
        _ENCRYPTION: f"connections from other machines to {address} are not encrypted; encrypt them with"
        f" {_listed(_ENCRYPTION)}.",
        _TOKEN: f"{address} can be reached from other machines, so anyone who can reach it may use this server; protect"
        f" it with {_listed(_TOKEN)}.",
    }
    return [sentences[options] for options in _missing(config)]


def _missing(config: ServerConfig) -> list[tuple[str, ...]]:
    if config.is_loopback:
        return []
    given = {_ENCRYPTION: config.tls_certificate, _TOKEN: config.token_file}
    return [options for options, value in given.items() if value is None]


def _listed(words: Sequence[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
