"""Connects sockets to servers, encrypted where the endpoint says so."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import hmac
import socket
import ssl
import threading
from typing import Any

from . import errors
from .endpoint import Endpoint
from .waiting import Patience

CONNECT_SECONDS = 5.0  # for each address of a host, and for each step of a handshake

_UNDER_WAY = (0, errno.EINPROGRESS, errno.EWOULDBLOCK, 10035)  # the last is EWOULDBLOCK on Windows
_PARTIAL_CHAIN = 0x80000  # ssl.VERIFY_X509_PARTIAL_CHAIN, which only Python 3.10 and later name
_EXPIRED = 10  # one of OpenSSL's X509_V_ERR codes, as the next are
_OF_NOBODY_KNOWN = (18, 19, 20, 21)

_Found = tuple[Any, ...]  # an entry of socket.getaddrinfo's result


def connect(endpoint: Endpoint, patience: Patience) -> socket.socket:
    """Returns a connected, non-blocking socket; if it is encrypted, its certificate has been checked. Nothing of a
    call has been sent yet. Raises ClientError."""
    if not endpoint.tls:
        return _plain(endpoint, patience)
    if not endpoint.fingerprint:
        return _encrypted(endpoint, patience, ssl.create_default_context(), name=endpoint.host_and_port[0])
    certificate = _certificate(endpoint, patience)
    if not hmac.compare_digest(hashlib.sha256(certificate).hexdigest(), _normal(endpoint.fingerprint)):
        raise errors.another_certificate(endpoint.address)
    return _encrypted(endpoint, patience, _trusting(certificate))


def server_fingerprint(address: str, *, timeout: float = CONNECT_SECONDS) -> str:
    """Returns the SHA-256 fingerprint of the certificate that a server presents, for a person to compare and pin.
    Raises ClientError."""
    certificate = _certificate(Endpoint(address, tls=True), Patience(address, timeout=timeout))
    return hashlib.sha256(certificate).hexdigest()


def _plain(endpoint: Endpoint, patience: Patience) -> socket.socket:
    failure: errors.ClientError | None = None
    for found in _resolved(endpoint, patience):
        try:
            return _connected(endpoint.address, found, patience)
        except errors.ConnectionLost as error:
            failure = failure or error
    raise failure or errors.unknown_host(endpoint.host_and_port[0])


def _resolved(endpoint: Endpoint, patience: Patience) -> list[_Found]:
    """Resolves in a thread: waiting for a silent name server can take half a minute and cannot be interrupted."""
    host, port = endpoint.host_and_port
    found: list[_Found] = []
    here, there = socket.socketpair()

    def resolve() -> None:
        with there, contextlib.suppress(OSError, UnicodeError):  # the host may not be a valid name
            found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))

    with here:
        threading.Thread(target=resolve, name="pleinair-resolve", daemon=True).start()
        patience.wait(here, read=True, write=False, seconds=None)  # readable once the other end is closed
    return found


def _connected(address: str, found: _Found, patience: Patience) -> socket.socket:
    family, kind, protocol, _, target = found
    made = socket.socket(family, kind, protocol)
    try:
        made.setblocking(False)
        begun = made.connect_ex(target)
        if begun not in _UNDER_WAY or not patience.wait(made, read=False, write=True, seconds=CONNECT_SECONDS):
            raise errors.nobody_answers(address)
        if made.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise errors.nobody_answers(address)
        _prepare(made)
    except BaseException:
        made.close()
        raise
    return made


def _prepare(made: socket.socket) -> None:
    """Makes the socket send at once, and notice within half a minute when its peer has vanished."""
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", 15), ("TCP_KEEPALIVE", 15), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, name):
            made.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _encrypted(
    endpoint: Endpoint, patience: Patience, context: ssl.SSLContext, *, name: str | None = None
) -> ssl.SSLSocket:
    context.set_alpn_protocols(["h2"])
    plain = _plain(endpoint, patience)
    try:
        wrapped = context.wrap_socket(plain, server_hostname=name, do_handshake_on_connect=False)
    except BaseException:
        plain.close()
        raise
    try:
        _shake_hands(endpoint, wrapped, patience)
    except BaseException:
        wrapped.close()
        raise
    return wrapped


def _shake_hands(endpoint: Endpoint, wrapped: ssl.SSLSocket, patience: Patience) -> None:
    while True:
        write = False
        try:
            wrapped.do_handshake()
            break
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLWantWriteError:
            write = True
        except ssl.SSLCertVerificationError as error:
            raise _certificate_error(endpoint.address, error) from error
        except OSError as error:
            raise errors.not_encrypted(endpoint.address) from error
        if not patience.wait(wrapped, read=not write, write=write, seconds=CONNECT_SECONDS):
            raise errors.silent(endpoint.address, CONNECT_SECONDS)
    if wrapped.selected_alpn_protocol() != "h2":
        raise errors.not_ours(endpoint.address)


def _certificate(endpoint: Endpoint, patience: Patience) -> bytes:
    """Returns the certificate that the server presents (DER), unchecked; sends nothing over this connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with _encrypted(endpoint, patience, context) as shown:
        certificate = shown.getpeercert(binary_form=True)
    assert certificate is not None  # servers always present one
    return certificate


def _trusting(certificate: bytes) -> ssl.SSLContext:
    """Returns a context that trusts this certificate only, whatever name it is for; its dates are still checked."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= _PARTIAL_CHAIN  # it need not be self-signed or an authority's
    context.load_verify_locations(cadata=certificate)
    return context


def _certificate_error(address: str, error: ssl.SSLCertVerificationError) -> errors.ClientError:
    if error.verify_code == _EXPIRED:
        return errors.expired_certificate(address)
    if error.verify_code in _OF_NOBODY_KNOWN:
        return errors.unknown_certificate(address)
    return errors.unusable_certificate(address, error.verify_message)


def _normal(fingerprint: str) -> str:
    """Returns the fingerprint in lower case without colons and spaces, which tools print."""
    return "".join(fingerprint.replace(":", "").split()).lower()
