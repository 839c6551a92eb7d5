"""Where the server is, and how to reach it."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field

from . import errors


@dataclass(frozen=True)
class Endpoint:
    """``address`` is HOST:PORT (an IPv6 host in brackets). ``fingerprint`` is the SHA-256 of the certificate to trust,
    64 hexadecimal digits, or empty to trust what the system trusts. The token never appears in a repr."""

    address: str = "127.0.0.1:50051"
    token: str = field(default="", repr=False)
    tls: bool = False
    fingerprint: str = ""

    @property
    def host_and_port(self) -> tuple[str, int]:
        """Returns the host without brackets, and the port. Raises ClientError for what is not an address."""
        host, _, port = self.address.strip().rpartition(":")
        bracketed = host.startswith("[") and host.endswith("]")
        if not host or not (port.isascii() and port.isdecimal()) or not 0 < int(port) < 65536:
            raise errors.bad_address(self.address)
        if (":" in host and not bracketed) or not host.isprintable() or " " in host or "/" in host:
            raise errors.bad_address(self.address)
        return (host[1:-1] if bracketed else host), int(port)

    @property
    def is_loopback(self) -> bool:
        """Returns whether what is sent stays on this machine. Raises ClientError for what is not an address."""
        host, _ = self.host_and_port
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"

    @property
    def checked_token(self) -> str:
        """Returns the token without spaces around it. Raises ClientError for one that no server can have."""
        token = self.token.strip()
        if not (token.isascii() and token.isprintable()) or " " in token:
            raise errors.bad_token()
        return token
