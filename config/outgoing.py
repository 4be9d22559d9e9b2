"""Requests that the house itself makes to addresses that others wrote: keys, sector documents, notices of sign-out.

Such an address must not lead into the city's own network (SSRF). So it is checked here, at each use: https only, the
name resolved once, every address it has must be public, and the connection goes to the address that was checked.
Nothing follows a redirect; size and time are capped. A city's own hosts are let through by `outgoing.allow_hosts`.
"""

from __future__ import annotations

import http.client
import ipaddress
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from urllib.parse import SplitResult, urlsplit

from config.database import assert_outside
from config.errors import ConfigurationError, OutgoingError, OutgoingRefused
from config.settings import Outgoing as OutgoingSettings

MAX_URL: Final = 2048
"""Characters of an address; no client needs more."""
_URL: Final = re.compile(r"[!-~]+")
"""Printable ASCII without blanks: what other parsers might cut or rewrite doesn't get so far."""
_NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})

Address = tuple[str, int]
Resolve = Callable[[str, int], Sequence[Address]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whole."""

    status: int
    media_type: str
    """Lower case, without parameters; empty when none was said."""
    body: bytes


@dataclass(frozen=True, slots=True)
class _Target:
    scheme: str
    host: str
    port: int
    path: str
    may_be_private: bool


class Outgoing:
    """The only way out by HTTP."""

    def __init__(self, settings: OutgoingSettings, resolve: Resolve | None = None) -> None:
        """resolve: host and port to the addresses to try; by default the machine's resolver.

        Raises `ConfigurationError` when `outgoing.ca_file` can't be read.
        """
        self._allowed = frozenset(host.lower() for host in settings.allow_hosts)
        self._seconds = settings.timeout.total_seconds()
        self._resolve = resolve or _resolved
        self._public_tls = ssl.create_default_context()
        self._own_tls = ssl.create_default_context()
        if settings.ca_file:
            try:
                self._own_tls.load_verify_locations(settings.ca_file)
            except OSError as error:
                message = f"outgoing.ca_file {settings.ca_file} can't be read: {error}. Give a PEM file."
                raise ConfigurationError(message) from error

    def check(self, url: str) -> None:
        """Refuse an address at registration that a request would refuse for its form (no name is resolved here).

        Raises `OutgoingRefused`.
        """
        self._target(url)

    def get(self, url: str, *, accept: str, max_bytes: int) -> Answer:
        """Fetch a document of at most `max_bytes`. A redirect comes back as it is.

        Raises `OutgoingRefused` when the address may not be called, `OutgoingError` when it didn't answer as it should.
        """
        return self._ask("GET", url, None, {"Accept": accept}, max_bytes)

    def post(
        self, url: str, body: bytes, *, media_type: str, max_bytes: int, headers: Mapping[str, str] = _NO_HEADERS
    ) -> Answer:
        """Hand something over. Raises as `get` does; whether it arrived is then unknown."""
        return self._ask("POST", url, body, {"Content-Type": media_type, **headers}, max_bytes)

    def _ask(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str], max_bytes: int) -> Answer:
        assert_outside("outgoing")
        target = self._target(url)
        addresses = self._addresses(target)
        try:
            with self._connection(target, addresses) as connection:
                # identity: a small compressed answer must not become a large one.
                connection.request(method, target.path, body, {"Accept-Encoding": "identity", **headers})
                return _read(connection.getresponse(), max_bytes)
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise OutgoingError(f"{target.host}: {type(error).__name__}") from error

    def _target(self, url: str) -> _Target:
        parts, port = _parsed(url)
        host = (parts.hostname or "").rstrip(".")
        is_own = host in self._allowed
        if parts.scheme != "https" and not (is_own and parts.scheme == "http"):
            raise OutgoingRefused("not https")
        path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        return _Target(parts.scheme, host, port or (443 if parts.scheme == "https" else 80), path, is_own)

    def _addresses(self, target: _Target) -> Sequence[Address]:
        try:
            addresses = self._resolve(target.host, target.port)
        except (OSError, UnicodeError) as error:
            raise OutgoingError(f"{target.host}: no such host") from error
        # One private address among public ones is refused too: which one is taken would be the other side's choice.
        if not addresses or not (target.may_be_private or all(is_public(address) for address, _ in addresses)):
            raise OutgoingRefused(f"{target.host}: not a public address")
        return addresses

    @contextmanager
    def _connection(self, target: _Target, addresses: Sequence[Address]) -> Iterator[http.client.HTTPConnection]:
        tls = None if target.scheme == "http" else self._own_tls if target.may_be_private else self._public_tls
        connection = _Connection(target, addresses, self._seconds, tls)
        # Timeouts of a socket begin anew with each byte; this one doesn't.
        alarm = threading.Timer(self._seconds, connection.abort)
        alarm.daemon = True
        alarm.start()
        try:
            yield connection
        finally:
            alarm.cancel()
            connection.close()


class _Connection(http.client.HTTPConnection):
    """A connection to an address that was checked, by the name it was asked for."""

    def __init__(
        self, target: _Target, addresses: Sequence[Address], seconds: float, tls: ssl.SSLContext | None
    ) -> None:
        self.default_port = 443 if tls else 80
        super().__init__(target.host, target.port, timeout=seconds)
        self._addresses = addresses
        self._tls = tls
        self._is_late = False

    def connect(self) -> None:
        self.sock = self._reached()
        if self._tls:
            self.sock = self._tls.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
            self.sock.do_handshake()
        if self._is_late:
            raise TimeoutError

    def _reached(self) -> socket.socket:
        failure: OSError = TimeoutError()
        for address in self._addresses:
            if self._is_late:
                break
            try:
                return socket.create_connection(address, self.timeout)
            except OSError as error:
                failure = error
        raise failure

    def abort(self) -> None:
        """From another thread: whatever is being waited for ends now."""
        self._is_late = True
        if self.sock is not None:
            try:
                # The plain call: that of an SSL socket would pull its state from under the reader.
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)
            except OSError:
                return  # closed meanwhile


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet, also when it carries an IPv4 address inside."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inside = ip.ipv4_mapped or ip.sixtofour or (ip.teredo and ip.teredo[1])
        if inside:
            return is_public(str(inside))
        if ip.is_site_local:
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def _parsed(url: str) -> tuple[SplitResult, int | None]:
    if len(url) > MAX_URL or not _URL.fullmatch(url) or "\\" in url:
        raise OutgoingRefused("not a plain address")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise OutgoingRefused("not an address") from error
    if not parts.hostname or "@" in parts.netloc or "#" in url:
        raise OutgoingRefused("a user, a fragment or no host")
    return parts, port


def _resolved(host: str, port: int) -> Sequence[Address]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(str(sockaddr[0]), port) for *_, sockaddr in found]


def _read(response: http.client.HTTPResponse, max_bytes: int) -> Answer:
    body = response.read(max_bytes + 1)
    if len(body) > max_bytes:
        raise ValueError("too large")
    if response.length:  # http.client gives what came before the connection broke
        raise http.client.IncompleteRead(body, response.length)
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise ValueError("encoded")
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return Answer(response.status, media_type, body)
