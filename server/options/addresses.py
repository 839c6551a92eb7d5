"""Network addresses written as HOST:PORT."""

from __future__ import annotations

import ipaddress


def split_address(address: str) -> tuple[str, int]:
    """Splits an address into its host (an IPv6 one in brackets) and port. Raises ValueError."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535 or (":" in host) != host.startswith("["):
        raise ValueError
    return host, int(port)


def is_loopback(address: str) -> bool:
    """Whether only programs on this machine can reach the address. Raises ValueError if it is not HOST:PORT."""
    host, _ = split_address(address)
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
