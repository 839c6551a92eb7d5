"""Who calls: those whose calls share one allowance."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import unquote

_FORWARDED = "x-forwarded-for"

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Metadata = Sequence[tuple[str, str | bytes]]


class Clients:
    """Names the client of a call: the host that it comes from, or where that is one of ``proxies`` (networks, such as
    10.0.0.7/32), the one for which they say that they forward it."""

    def __init__(self, proxies: Iterable[str]) -> None:
        self._proxies = [ipaddress.ip_network(proxy) for proxy in proxies]

    def client_of(self, peer: str, metadata: Metadata) -> str:
        """``peer`` is as gRPC names it. The name is without a port, so that several connections are one client."""
        host = _host(peer)
        if self._proxies and self._is_proxy(_address(unquote(host.partition(":")[2]))):
            return next((_named(one) for one in _forwarded(metadata) if not self._is_proxy(one)), host)
        return host

    def _is_proxy(self, address: Address | None) -> bool:
        return any(address in network for network in self._proxies if address and address.version == network.version)


def _host(peer: str) -> str:
    kind, _, _ = peer.partition(":")
    return peer.rpartition(":")[0] if kind in ("ipv4", "ipv6") else peer


def _forwarded(metadata: Metadata) -> Iterator[Address]:
    """The addresses that proxies have written down, the nearest first, to the first that is none: what lies before may
    be anybody's."""
    lines = [value for key, value in metadata if key == _FORWARDED and isinstance(value, str)]
    for text in reversed(",".join(lines).split(",")):
        address = _address(text.strip())
        if address is None:
            return
        yield address


def _address(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _named(address: Address) -> str:
    """As gRPC names a peer, without the port."""
    return f"ipv4:{address}" if address.version == 4 else f"ipv6:%5B{address}%5D"
