"""Where the credential may go: the spec's hosts over https, and nowhere that only looks like it."""

from __future__ import annotations

import socket

import pytest

from engine.errors import UsageError
from engine.net.hosts import Hosts, destination_of, is_public
from engine.net.resolver import NotPublic, PublicResolver

REAL = Hosts(("zoom.us", ".zoom.us"))
AT = Hosts(("zoom.us", ".zoom.us"), "http://127.0.0.1:8900")

COVERED = ["https://zoom.us/a", "https://api.zoom.us/v2/users?x=1", "https://us02web.zoom.us:443/rec", "HTTPS://API.ZOOM.US/x"]
NOT_COVERED = [
    "http://zoom.us/a",
    "https://zoom.us:8443/a",
    "https://evilzoom.us/a",
    "https://zoom.us.evil.example/a",
    "https://zoom.us@evil.example/a",
    "https://user@zoom.us/a",
    "https://evil.example#zoom.us",
    "https://evil.example\\.zoom.us/",
    "https://evil.example/.zoom.us",
    "https://zoom.us./a",
    "https://.zoom.us/a",
    "https://zoom.us\t/a",
    "https://zo\u043em.us/a",
    "https:///a",
    "//zoom.us/a",
    "ftp://zoom.us/a",
    "https://zoom.us:x/a",
    "https://zoom.us:99999/a",
    "https://[::1/a",
    "",
]
NOT_PUBLIC = [
    "https://127.0.0.1/x",
    "https://10.1.2.3/x",
    "https://192.168.0.1/x",
    "https://169.254.169.254/latest/meta-data",
    "https://[::1]/x",
    "https://[::ffff:10.0.0.1]/x",
    "https://[fe80::1]/x",
    "https://[2002:0a00:0001::]/x",
    "https://0.0.0.0/x",
    "https://224.0.0.1/x",
    "https://2130706433/x",
    "https://0x7f000001/x",
    "https://0177.0.0.1/x",
    "https://127.1/x",
    "https://localhost/x",
    "https://a.localhost/x",
    "http://files.example/x",
    "https://user@files.example/x",
]


@pytest.mark.parametrize("url", COVERED)
def test_the_vendor_s_own_hosts_are_covered(url):
    """By name or below a leading dot, over https on its port."""
    assert REAL.covers(url)
    assert REAL.refusal(url, credentialed=True) is None
    assert REAL.address(url) == url


@pytest.mark.parametrize("url", NOT_COVERED)
def test_nothing_that_only_looks_like_the_vendor_is_covered(url):
    """Other ports, user names, look-alikes, addresses that two readers read differently."""
    assert not REAL.covers(url)
    words = REAL.refusal(url, credentialed=True)
    assert words
    assert len(url) < 9 or url not in words


@pytest.mark.parametrize("url", NOT_PUBLIC)
def test_files_come_from_public_addresses_over_https_only(url):
    """However a private address is written."""
    assert REAL.refusal(url, credentialed=False)


def test_a_public_file_address_is_allowed_without_the_credential():
    """Signed links to storage elsewhere."""
    assert REAL.refusal("https://files.example/x?sig=%2F", credentialed=False) is None
    assert REAL.refusal("https://93.184.216.34/x", credentialed=False) is None
    assert not REAL.covers("https://files.example/x")


def test_with_a_simulator_the_vendor_s_addresses_go_there_to_the_letter():
    """Path and query stay byte for byte; the origin itself is covered, other loopback is foreign."""
    assert AT.address("https://api.zoom.us/v2/a%2Fb?x=%40") == "http://127.0.0.1:8900/v2/a%2Fb?x=%40"
    assert AT.address("https://zoom.us") == "http://127.0.0.1:8900"
    assert AT.covers("http://127.0.0.1:8900/x")
    assert AT.address("http://127.0.0.1:8900/x") == "http://127.0.0.1:8900/x"
    assert not AT.covers("http://127.0.0.1:8901/x")
    assert not AT.covers("http://localhost:8900/x")
    assert AT.refusal("http://localhost:8900/x", credentialed=False) is None
    assert AT.refusal("http://127.0.0.1:1/x", credentialed=False) is None
    assert AT.refusal("https://10.0.0.1/x", credentialed=False)
    words = "an address elsewhere was given (files.example), and nothing but a simulator is asked now"
    assert AT.refusal("https://files.example/x?sig=%2F", credentialed=False) == words
    assert AT.address("https://other.example/x") == "https://other.example/x"
    assert REAL.refusal("http://localhost:8900/x", credentialed=False)


@pytest.mark.parametrize(
    "at",
    [
        "https://127.0.0.1:1",
        "http://example.com",
        "http://10.0.0.1:80",
        "127.0.0.1:80",
        "http://127.0.0.1:80/path",
        "http://u@127.0.0.1:80",
        "http://127.0.0.1:99999",
    ],
)
def test_a_simulator_is_on_this_machine(at):
    """Anything else is wrong usage."""
    with pytest.raises(UsageError, match="this machine"):
        Hosts(("zoom.us",), at)


def test_what_is_public_is_told_by_its_address():
    """Documentation ranges and mapped addresses are not."""
    assert is_public("93.184.216.34")
    assert is_public("2606:2800:220:1::1")
    for address in ("10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "::1", "fe80::1%eth0", "not an address", "100.64.0.1"):
        assert not is_public(address)
    assert destination_of("https://a\\b") is None


@pytest.mark.parametrize(
    "address", ["::127.0.0.1", "::8.8.8.8", "fec0::1", "feff::1", "64:ff9b:1::808:808", "3fff::1", "3fff:fff::1", "5f00::1"]
)
def test_ranges_that_no_public_host_has_are_not_public(address):
    """IPv4-compatible, site-local, local NAT64, documentation and segment routing, whatever this Python's own table says."""
    assert not is_public(address)
    assert "private address" in (REAL.refusal(f"https://[{address}]/x", credentialed=False) or "")


@pytest.mark.parametrize("address", ["64:ff9b::808:808", "2606:2800:220:1::1", "2a00:1450:4001::1"])
def test_the_neighbours_of_those_ranges_are_public(address):
    """The well-known NAT64 prefix leads to public IPv4 addresses."""
    assert is_public(address)


WHY = [
    ("https://evil.example/a?u=ada", "an address outside the vendor's hosts was given (evil.example)"),
    ("http://evil.example/a", "an address outside the vendor's hosts was given (evil.example)"),
    ("http://api.zoom.us/a", "an address without https was given (http, at api.zoom.us)"),
    ("https://api.zoom.us:8443/a", "an address of another port was given (api.zoom.us, port 8443)"),
    ("ftp://api.zoom.us/a", "an address that cannot be trusted was given: its scheme is ftp, not https"),
    ("file:///etc/passwd", "an address that cannot be trusted was given: its scheme is file, not https"),
    ("//api.zoom.us/a", "an address that cannot be trusted was given: it does not begin with https://"),
    ("", "an address that cannot be trusted was given: it is empty"),
    ("https://ada@api.zoom.us/a", "an address that cannot be trusted was given: it holds a user name before the host"),
    ("https://evil.example\\.zoom.us/", "an address that cannot be trusted was given: it holds a character that no address may have"),
    ("https://zo\u043em.us/a", "an address that cannot be trusted was given: it holds a character that no address may have"),
    ("https://zoom.us:x/a", "an address that cannot be trusted was given: its host or port is none"),
]


@pytest.mark.parametrize(("url", "words"), WHY)
def test_a_refused_address_says_which_host_and_why(url, words):
    """A wrong scheme or port of the vendor's own host is not called another host; path, query and user name are never told."""
    assert REAL.refusal(url, credentialed=True) == words
    assert "ada" not in words


async def test_a_name_that_leads_home_is_refused_at_the_moment_of_connecting():
    """So that no name can be rebound between the check and the connection."""
    with pytest.raises(NotPublic):
        await PublicResolver(loopback=False).resolve("localhost", 80, socket.AF_INET)
    allowed = PublicResolver(loopback=True)
    assert (await allowed.resolve("localhost", 80, socket.AF_INET))[0]["host"] == "127.0.0.1"
    await allowed.close()
    await PublicResolver(loopback=True).close()
