"""Where the server is and how it is reached."""

from __future__ import annotations

import hashlib
import socket
import ssl
from dataclasses import dataclass, field

from . import errors

CONNECT_SECONDS = 5.0


@dataclass(frozen=True)
class Endpoint:
    """``address`` is HOST:PORT (an IPv6 host in brackets); ``fingerprint`` the SHA-256 of the certificate to trust, 64
    hexadecimal digits, or empty for a certificate that the system trusts. The token never shows in a repr."""

    address: str = "127.0.0.1:50051"
    token: str = field(default="", repr=False)
    tls: bool = False
    fingerprint: str = ""

    @property
    def host_and_port(self) -> tuple[str, int]:
        """Raises ClientError."""
        host, _, port = self.address.strip().rpartition(":")
        bracketed = host.startswith("[") and host.endswith("]")
        if not host or not (port.isascii() and port.isdecimal()) or not 0 < int(port) < 65536:
            raise errors.bad_address(self.address)
        if (":" in host and not bracketed) or any(character.isspace() for character in host):
            raise errors.bad_address(self.address)
        return (host[1:-1] if bracketed else host), int(port)

    @property
    def is_loopback(self) -> bool:
        """Whether what is sent stays on this machine. Raises ClientError."""
        host, _ = self.host_and_port
        return host in ("localhost", "::1") or host.startswith("127.")


def connect(endpoint: Endpoint, *, timeout: float = CONNECT_SECONDS) -> socket.socket:
    """A connected socket; an encrypted one, with the certificate checked, when the endpoint says so. Raises
    ClientError."""
    if not endpoint.tls:
        return _plain(endpoint, timeout)
    if not endpoint.fingerprint:
        return _encrypted(endpoint, ssl.create_default_context(), timeout, name=endpoint.host_and_port[0])
    certificate = _certificate(endpoint, timeout)
    if hashlib.sha256(certificate).hexdigest() != _normal(endpoint.fingerprint):
        raise errors.another_certificate(endpoint.address)
    return _encrypted(endpoint, _trusting(certificate), timeout)


def server_fingerprint(address: str, *, timeout: float = CONNECT_SECONDS) -> str:
    """The fingerprint of the certificate that a server shows, to be compared by a person and then pinned. Raises
    ClientError."""
    return hashlib.sha256(_certificate(Endpoint(address, tls=True), timeout)).hexdigest()


def _plain(endpoint: Endpoint, timeout: float) -> socket.socket:
    try:
        connected = socket.create_connection(endpoint.host_and_port, timeout)
    except (OSError, UnicodeError) as error:  # a host name can be no name at all
        raise errors.nobody_answers(endpoint.address) from error
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return connected


def _encrypted(
    endpoint: Endpoint, context: ssl.SSLContext, timeout: float, *, name: str | None = None
) -> socket.socket:
    context.set_alpn_protocols(["h2"])
    plain = _plain(endpoint, timeout)
    try:
        return context.wrap_socket(plain, server_hostname=name)
    except ssl.SSLCertVerificationError as error:
        plain.close()
        raise errors.unusable_certificate(endpoint.address, error.verify_message) from error
    except OSError as error:
        plain.close()
        raise errors.not_encrypted(endpoint.address) from error


def _certificate(endpoint: Endpoint, timeout: float) -> bytes:
    """The certificate that the server shows (DER), unchecked: nothing is sent over this connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with _encrypted(endpoint, context, timeout) as shown:
        assert isinstance(shown, ssl.SSLSocket)
        certificate = shown.getpeercert(binary_form=True)
    assert certificate is not None  # servers always show one
    return certificate


def _trusting(certificate: bytes) -> ssl.SSLContext:
    """Trusts this certificate alone, whatever name it is for; its dates are still checked."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= 0x80000  # X509_V_FLAG_PARTIAL_CHAIN: it need not be an authority's; named from Python 3.10
    context.load_verify_locations(cadata=certificate)
    return context


def _normal(fingerprint: str) -> str:
    """As tools print it: in capitals, with colons."""
    return "".join(fingerprint.replace(":", "").split()).lower()
