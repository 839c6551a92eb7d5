"""Network addresses written as HOST:PORT."""

from __future__ import annotations

import ipaddress
import socket


def split_address(address: str) -> tuple[str, int]:
    """Splits an address into its host (an IPv6 one in brackets) and port. Raises ValueError."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535 or (":" in host) != host.startswith("["):
        raise ValueError
    return host, int(port)


def is_loopback(address: str) -> bool:
    """Whether only programs on this machine can reach the address, which is known of numbers and of localhost, where
    that stands for nothing else. Raises ValueError if it is not HOST:PORT."""
    host, _ = split_address(address)
    if host.lower() == "localhost":
        return all(map(_is_loopback, _numbers_of(host)))
    try:
        return _is_loopback(host.strip("[]"))
    except ValueError:  # a name, which may stand for another address when the server listens
        return False


def _numbers_of(name: str) -> list[str]:
    try:
        return [str(where[0]) for *_, where in socket.getaddrinfo(name, None, flags=socket.AI_PASSIVE)]
    except OSError:  # nothing can listen there
        return []


def _is_loopback(number: str) -> bool:
    address = ipaddress.ip_address(number)
    written_as_ipv6 = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (written_as_ipv6 or address).is_loopback
