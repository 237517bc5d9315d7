"""Fetches a file from an address that somebody typed, and never from inside the clinic's own network.

A name is looked up once, every number that it has must be a public one, and the connection goes to a number that was
checked: a name that means something else a moment later leads nowhere else. TLS is verified for the name. Each redirect
is a new address and is checked like the first. What answers has so many bytes and so many seconds for everything.
Proxies of the environment, cookies, passwords and compression are not used.
"""

from __future__ import annotations

import io
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from http.client import HTTPException, HTTPResponse
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import SplitResult, urljoin, urlunsplit

from portal.appointments.outside.addresses import PORTS, BadAddress, checked

MOST_BYTES: Final = 5 * 1024 * 1024
MOST_HEADER_BYTES: Final = 64 * 1024
MOST_SECONDS: Final = 20.0
MOST_REDIRECTS: Final = 4
LONGEST_VALIDATOR: Final = 200
_REDIRECTS = {301, 302, 303, 307, 308}
# Roads by which a number of IPv6 leads to one of IPv4: NAT64, 6to4 and Teredo.
_ROADS = [IPv6Network(one) for one in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")]
# Numbers that look open and are a cloud's own: Oracle's metadata, Azure's agent; and relays of old.
_CLOUDS_OWN = [IPv4Network(one) for one in ("192.0.0.0/24", "168.63.129.16/32", "192.88.99.0/24")]


class FetchFailed(Exception):
    """Nothing was fetched; `reason` is one word, and says nothing of what was asked or answered."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came: None as `body` where it is as it was; `etag` and `modified` are to be sent back the next time."""

    body: bytes | None
    etag: str = ""
    modified: str = ""


def look_up(host: str, port: int) -> list[str]:
    """Every number of a host."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_kind, address in found))


def connect(number: str, port: int, timeout: float) -> socket.socket:
    return socket.create_connection((number, port), timeout=timeout)


@cache
def _verified() -> ssl.SSLContext:
    return ssl.create_default_context()


@dataclass(frozen=True, slots=True)
class Net:
    """How names are looked up and numbers are reached; tests reach servers of their own."""

    look_up: Callable[[str, int], Sequence[str]] = look_up
    connect: Callable[[str, int, float], socket.socket] = connect
    tls: Callable[[], ssl.SSLContext] = _verified
    seconds: float = MOST_SECONDS
    most_bytes: int = MOST_BYTES


THE_NET: Final = Net()


def is_public(number: str) -> bool:
    """Whether a number is one of the open internet: not private, of this machine, of the link, of a cloud's metadata,
    shared, reserved or for many; nor a road of IPv6 to IPv4, where it would be asked in vain."""
    try:
        address: IPv4Address | IPv6Address = ip_address(number.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        elif "%" in number or address.is_site_local or any(address in road for road in _ROADS):
            return False
    if isinstance(address, IPv4Address) and any(address in one for one in _CLOUDS_OWN):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved and not address.is_unspecified


def fetch(address: str, *, etag: str = "", modified: str = "", net: Net = THE_NET) -> Fetched:
    """What stands at the address, or that it is as it was; raises FetchFailed."""
    until = time.monotonic() + net.seconds
    known = {"If-None-Match": etag, "If-Modified-Since": modified}
    try:
        for _step in range(MOST_REDIRECTS + 1):
            parts = checked(address)
            response = _ask(
                parts, headers={name: value for name, value in known.items() if value}, until=until, net=net
            )
            with response:
                if response.status not in _REDIRECTS:
                    return _read(response, until=until, most=net.most_bytes)
                address = urljoin(urlunsplit(parts), response.headers.get("Location", ""))
        raise FetchFailed("redirects")
    except BadAddress as refused:
        raise FetchFailed("refused" if refused.reason != "own" else "own") from None
    except TimeoutError:
        raise FetchFailed("slow") from None
    except ssl.SSLError:
        raise FetchFailed("certificate") from None
    except (OSError, HTTPException, UnicodeError, ValueError):
        raise FetchFailed("unreachable") from None


def _ask(parts: SplitResult, *, headers: dict[str, str], until: float, net: Net) -> HTTPResponse:
    host = parts.hostname or ""
    port = PORTS[parts.scheme]
    numbers = list(net.look_up(host, port))
    if not numbers:
        raise FetchFailed("unreachable")
    if not all(is_public(number) for number in numbers):
        raise FetchFailed("refused")
    line = net.connect(numbers[0], port, _left(until))
    try:
        if parts.scheme == "https":
            line.settimeout(_left(until))
            line = net.tls().wrap_socket(line, server_hostname=host)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        sent = {
            "Host": parts.netloc,
            "User-Agent": "clinic-portal-calendar/1",
            "Accept": "text/calendar, */*;q=0.1",
            "Accept-Encoding": "identity",
            "Connection": "close",
            **headers,
        }
        words = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
        line.settimeout(_left(until))
        line.sendall(f"GET {target} HTTP/1.1\r\n{words}\r\n".encode("ascii"))
        response = HTTPResponse(_Line(line, until, net.most_bytes + MOST_HEADER_BYTES), method="GET")  # type: ignore[arg-type]
        response.begin()
    except BaseException:
        line.close()
        raise
    return response


def _read(response: HTTPResponse, *, until: float, most: int) -> Fetched:
    if response.status == 304:
        return Fetched(None)
    if response.status in {401, 403}:
        raise FetchFailed("sign_in")
    if response.status in {404, 410}:
        raise FetchFailed("gone")
    if response.status != 200:
        raise FetchFailed("unreachable")
    if response.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        # Asked for as it is: a few packed bytes may be gigabytes.
        raise FetchFailed("packed")
    body = response.read(most + 1)
    if len(body) > most:
        raise FetchFailed("large")
    if response.length:
        raise FetchFailed("unreachable")
    return Fetched(body, _validator(response, "ETag"), _validator(response, "Last-Modified"))


def _validator(response: HTTPResponse, name: str) -> str:
    """A header to be sent back, unless it is no short word of ASCII."""
    value = (response.headers.get(name) or "").strip()
    return value if len(value) <= LONGEST_VALIDATOR and value.isascii() and value.isprintable() else ""


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


@dataclass(slots=True)
class _Line:
    """A connection as HTTPResponse reads it, by so many bytes and until a moment: a byte a second gains nobody time."""

    line: socket.socket
    until: float
    most: int
    reader: _Reader = field(init=False)

    def makefile(self, mode: str) -> io.BufferedReader:
        self.reader = _Reader(self)
        return io.BufferedReader(self.reader)


class _Reader(io.RawIOBase):
    def __init__(self, line: _Line) -> None:
        self._line = line

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self._line.line.settimeout(_left(self._line.until))
        count = self._line.line.recv_into(buffer)
        self._line.most -= count
        if self._line.most < 0:
            raise FetchFailed("large")
        return count

    def close(self) -> None:
        if not self.closed:
            self._line.line.close()
        super().close()
