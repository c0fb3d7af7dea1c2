"""Allowed hosts: where a request may go, and where the credential may go with it.

Checks addresses as text and resolves no names; which IP address a name may lead to is checked in `net/resolver`.
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import force_setattr

from engine.errors import UsageError

LOOPBACK_ORIGIN = re.compile(r"http://(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|localhost|\[::1\])(:\d{1,5})?/?")
NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
ORIGIN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")
NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052
# Not on the public internet, whatever this Python's own table says: IPv4-compatible (RFC 4291 section 2.5.5.1), site-local (RFC 3879),
# local NAT64 (RFC 8215), documentation (RFC 9637), segment routing (RFC 9602).
NEVER_PUBLIC = tuple(map(ipaddress.ip_network, ("::/96", "fec0::/10", "64:ff9b:1::/48", "3fff::/20", "5f00::/16")))
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}(?=:)")
UNFIT = re.compile(r"[\x00-\x20\x7f\\<>\"^`{|}]")
LOOKS_NUMERIC = re.compile(r"[0-9.]+|0x[0-9a-f.x]+|.*\.(?:0x[0-9a-f]+|[0-9]+)")


class Destination(Struct, frozen=True):
    """The scheme, host (lower-case) and port of an address; `port` is None where it is not written."""

    scheme: str
    host: str
    port: int | None


@lru_cache(maxsize=64)
def destination_of(url: str) -> Destination | None:
    """Take an address apart; None where two parsers could disagree on its host (a user, a backslash, control characters ...)."""
    origin = ORIGIN.match(url)
    return None if origin is None or not url.isascii() or UNFIT.search(url) else _parsed(origin[0])


@lru_cache(maxsize=64)
def _parsed(origin: str) -> Destination | None:
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        return None
    host = (parts.hostname or "").lower()
    literal = parts.netloc.startswith("[")
    if parts.scheme not in ("http", "https") or "@" in parts.netloc or not (literal or NAME.fullmatch(host)):
        return None
    return Destination(parts.scheme, host, port)


def literal_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Read a host that is an IP address in its usual form; None for a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet, as does the IPv4 address inside an IPv6 one (mapped, 6to4, NAT64, Teredo)."""
    found = literal_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        translated = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF) if found in NAT64 else None
        inner = found.ipv4_mapped or found.sixtofour or translated or (found.teredo[1] if found.teredo else None)
        if any(found in one for one in NEVER_PUBLIC) or (inner is not None and not inner.is_global):
            return False
    return found is not None and found.is_global and not found.is_multicast


def is_loopback(host: str) -> bool:
    """Whether the host of an address is this machine: `localhost` or a loopback address."""
    found = literal_address(host)
    return host == "localhost" or (found is not None and found.is_loopback)


def _untrusted(url: str) -> str:
    """Say why an address is not taken apart; of the address nothing is told but its scheme."""
    scheme = SCHEME.match(url)
    if scheme is None:
        return "it does not begin with https://" if url else "it is empty"
    if scheme[0].lower() not in ("http", "https"):
        return f"its scheme is {scheme[0].lower()}, not https"
    origin = ORIGIN.match(url)
    if not url.isascii() or UNFIT.search(url):
        return "it holds a character that no address may have"
    if origin is not None and "@" in origin[0]:
        return "it holds a user name before the host"
    return "its host or port is none"


class Hosts(Struct, frozen=True):
    """The `hosts` of a spec, such as `zoom.us` or `.zoom.us` (any host below it), and the simulator's origin if `--at` names one."""

    names: tuple[str, ...]
    at: str | None = None

    def __post_init__(self) -> None:
        """Check `at`. Raises UsageError if it is not an http address of this machine."""
        if self.at is None:
            return
        found = destination_of(self.at) if LOOPBACK_ORIGIN.fullmatch(self.at) else None
        if found is None:
            message = "--at takes an address of this machine only, such as http://127.0.0.1:8900"
            raise UsageError(message)
        force_setattr(self, "at", self.at.rstrip("/"))

    @property
    def _origin(self) -> Destination | None:
        return None if self.at is None else destination_of(self.at)

    def covers(self, url: str) -> bool:
        """Whether the credential may go to an address: https, the usual port, and a host of `names`; or the simulator."""
        found = destination_of(url)
        if found is None:
            return False
        if self._origin is not None and found == self._origin:
            return True
        return found.scheme == "https" and found.port in (None, 443) and self._named(found.host)

    def address(self, url: str) -> str:
        """Give the address to connect to: of a vendor's address, with `at`, the simulator's with the same path and query."""
        found = destination_of(url)
        if self.at is None or found is None or not self.covers(url) or found == self._origin:
            return url
        return self.at + re.sub(r"^https://[^/?#]*", "", url)

    def refusal(self, url: str, *, credentialed: bool) -> str | None:
        """Say why no request may go to an address, with or without the credential; None if it may.

        The words complete "an address was given that ..." and hold no more of the address than its scheme, host and port.
        """
        found = destination_of(url)
        if found is None:
            return f"an address that cannot be trusted was given: {_untrusted(url)}"
        if credentialed:
            return None if self.covers(url) else self._not_covered(found)
        if self._origin is not None and is_loopback(found.host):
            return None
        if found.scheme != "https":
            return f"an address without https was given ({found.scheme}, at {found.host})"
        literal = literal_address(found.host)
        if literal is None and (LOOKS_NUMERIC.fullmatch(found.host) or found.host == "localhost" or found.host.endswith(".localhost")):
            return f"an address of this machine was given ({found.host})"
        if literal is not None and not is_public(found.host):
            return f"a private address was given ({found.host})"
        if self._origin is not None and not self.covers(url):
            return f"an address elsewhere was given ({found.host}), and nothing but a simulator is asked now"
        return None

    def _not_covered(self, found: Destination) -> str:
        """Say why the credential may not go there: the host first, because another scheme or port would not mend that."""
        if not self._named(found.host):
            return f"an address outside the vendor's hosts was given ({found.host})"
        if found.scheme != "https":
            return f"an address without https was given ({found.scheme}, at {found.host})"
        return f"an address of another port was given ({found.host}, port {found.port})"

    def _named(self, host: str) -> bool:
        return any(host == name or (name.startswith(".") and host.endswith(name)) for name in self.names)
