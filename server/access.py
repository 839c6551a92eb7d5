"""The options by which the commands get into a protected server, and the files that they name."""

from __future__ import annotations

import argparse
from pathlib import Path

from server.client.channel import Access
from server.errors import StartProblem
from server.security.certificates import read_pair
from server.security.files import read_file
from server.security.tokens import read_token


def add_access_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options that name a client's files."""
    add = parser.add_argument
    add("--token-file", metavar="FILE", help="a file with the token that the server requires")
    add("--tls-certificate", metavar="FILE", help="the server's certificate (PEM), for an encrypted connection")
    add("--tls-client-certificate", metavar="FILE", help="your own (PEM), for a server that wants its clients'")
    add("--tls-client-key", metavar="FILE", help="the key of your own certificate (PEM)")


def read_access(
    token_file: str | Path | None,
    certificate: str | Path | None,
    client_certificate: str | None,
    client_key: str | None,
) -> Access:
    """Reads the files. Raises StartProblem for one that cannot be used, or that lacks what belongs to it."""
    access = Access()
    if token_file:
        access["token"] = read_token(Path(token_file))
    if certificate:
        access["certificate"] = read_file(Path(certificate))
    if client_certificate or client_key:
        if not (client_certificate and client_key and certificate):
            raise StartProblem(
                "A client's certificate goes with its key and the server's certificate; give --tls-client-certificate,"
                " --tls-client-key and --tls-certificate."
            )
        own = read_pair(Path(client_certificate), Path(client_key))
        access["client_certificate"], access["client_key"] = own.chain, own.key
    return access
