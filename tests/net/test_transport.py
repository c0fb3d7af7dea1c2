"""What comes back from the network, as values; and that the credential goes nowhere it may not."""

from __future__ import annotations

import asyncio
import datetime as dt
import gzip
import itertools
import logging
import socket
import ssl
import tracemalloc
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from types import SimpleNamespace

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from engine.core.http import HttpRequest, NoAnswer, Response
from engine.core.vendor_address import redirected
from engine.net import transport as module
from engine.net.hosts import Hosts
from engine.net.transport import Credential, Limits, Transport
from tests.net.servers import answer, saying, serving

SECRET = "canary-secret-7c1f"
PERSON = "canary-person%40example.com"
URL = f"https://api.acme.example/people/{PERSON}?q={PERSON}"
BEARER = Credential((("Authorization", f"Bearer {SECRET}"),))
ACME = ("api.acme.example", "acme.example")


async def send(at: str | None, url: str = URL, limits: Limits | None = None) -> Response | NoAnswer:
    """Send, and go where redirects lead."""
    request: HttpRequest | NoAnswer | None = HttpRequest("GET", url)
    async with Transport(Hosts(ACME, at), BEARER, limits) as transport:
        for hops in itertools.count():
            assert isinstance(request, HttpRequest)
            found = await transport.send(request)
            request = redirected(request, found, hops)
            if not isinstance(request, HttpRequest):
                break
    return request or found


async def test_an_answer_is_its_status_headers_and_bytes():
    """The path and query arrive byte for byte, with the credential."""
    async with serving(saying(answer("404 Not Found", b'{"code":1}', X_Odd="yes"))) as server:
        found = await send(server.address)
    assert isinstance(found, Response)
    assert (found.status, found.headers["x-odd"], found.body) == (404, "yes", b'{"code":1}')
    assert server.heads[0].startswith(f"GET /people/{PERSON}?q={PERSON} HTTP/1.1".encode())
    assert f"Authorization: Bearer {SECRET}".encode() in server.heads[0]


@pytest.mark.parametrize("unasked", [answer(body=b'{"of":"another"}'), b'{"code": 204}'], ids=["an answer", "a body"])
async def test_what_comes_unasked_is_never_the_next_answer(unasked):
    """A proxy that answers twice, or gives a body to a 204, must not shift every later answer by one."""
    asked, late = asyncio.Event(), asyncio.Event()

    async def keep_alive(reader, writer):
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                path = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1]
                writer.write(answer(body=b'{"path":"' + path + b'"}'))
                if path == b"/twice":
                    await asked.wait()
                    writer.write(unasked)
                await writer.drain()
                late.set()
        writer.close()

    server = await asyncio.start_server(keep_alive, "127.0.0.1", 0)
    async with server, Transport(Hosts(ACME, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"), None) as transport:
        first = await transport.send(HttpRequest("GET", "https://api.acme.example/twice"))
        asked.set()
        await late.wait()
        for _ in range(100):
            await asyncio.sleep(0)
        found = [await transport.send(HttpRequest("GET", f"https://api.acme.example/{name}")) for name in "ab"]
    assert [one.body for one in (first, *found) if isinstance(one, Response)] == [b'{"path":"/twice"}', b'{"path":"/a"}', b'{"path":"/b"}']


async def test_nothing_leaves_once_it_is_not_permitted_any_more():
    """Over no new connection, and over an open one neither."""
    may, found = True, []
    async with serving(saying(answer(body=b"1"))) as server:
        transport = Transport(Hosts(ACME, server.address), BEARER)
        transport.permitted = lambda: may
        async with transport:
            for may in (True, False, False):  # noqa: B007  read by the transport
                found.append(await transport.send(HttpRequest("GET", URL)))
    assert [getattr(one, "kind", "answered") for one in found] == ["answered", "forbidden", "forbidden"]
    assert (found[1].words, found[1].final) == ("nothing may be sent over this connection any more", True)
    assert len(server.heads) == 1


@pytest.mark.parametrize("body", [None, b"grant_type=refresh_token"], ids=["a head", "a head and a body"])
async def test_a_process_that_was_stopped_with_a_connection_at_hand_sends_nothing_when_it_is_woken(body, monkeypatch):
    """What was permitted when the connection was made is not any more when bytes are handed to it: none reach the vendor."""
    may, connect = True, aiohttp.TCPConnector.connect

    async def stopped(*given, **named):
        nonlocal may
        connection, may = await connect(*given, **named), False
        return connection

    async def stopped_later(*_given):
        nonlocal may
        may = False

    monkeypatch.setattr(aiohttp.TCPConnector, "connect", stopped if body is None else connect)
    if body is not None:
        monkeypatch.setattr(aiohttp.ClientRequest, "write_bytes", after(stopped_later, aiohttp.ClientRequest.write_bytes))
    async with serving(saying(answer(body=b"1"))) as server:
        transport = Transport(Hosts(ACME, server.address), BEARER)
        transport.permitted = lambda: may
        async with transport:
            found = await transport.send(HttpRequest("GET" if body is None else "POST", URL, body=body))
    assert (found.kind, found.words, found.final) == ("forbidden", "nothing may be sent over this connection any more", True)
    assert b"".join(server.heads) == b""


def after(first, then):
    """Do one thing, then the other."""

    async def both(*given):
        await first()
        return await then(*given)

    return both


async def test_a_vendor_that_always_speaks_first_is_not_connected_to_for_ever(monkeypatch):
    """What came before anything was asked is no answer; after some connections that is said."""
    closed = 0

    class Spoken:
        protocol = SimpleNamespace(should_close=True)

        def close(self):
            nonlocal closed
            closed += 1

    async def connect(*_given, **_named):
        return Spoken()

    monkeypatch.setattr(aiohttp.TCPConnector, "connect", connect)
    async with Transport(Hosts(ACME), None) as transport:
        found = await transport.send(HttpRequest("GET", URL))
    assert isinstance(found, NoAnswer)
    assert (found.words, closed) == ("the answer is not HTTP as it should be", module.MOST_SPOKEN)


async def test_link_headers_are_one_list():
    """The next page may stand in any of several (RFC 9110 section 5.3)."""
    raw = answer().replace(b"\r\n\r\n", b'\r\nLink: </2>; rel="next"\r\nlink: </9>; rel="last"\r\n\r\n', 1)
    async with serving(saying(raw)) as server:
        found = await send(server.address)
    assert isinstance(found, Response)
    assert found.headers["link"] == '</2>; rel="next", </9>; rel="last"'


@pytest.mark.parametrize(
    ("name", "size", "good"), [("Content-Security-Policy", 9000, True), ("Link", 65000, True), ("X-Odd", 66000, False)]
)
async def test_a_long_header_costs_no_answer(name, size, good):
    """Up to 64 KiB of one header, of pages and of files."""
    async with serving(saying(answer(body=b"[1]", **{name: "x" * size}))) as server:
        found = await send(server.address)
        async with Transport(Hosts(ACME, server.address), BEARER) as transport:
            try:
                async with transport.open(URL, {}, credentialed=False, long=True) as file:
                    body = await file.read()
            except aiohttp.ClientError:
                body = None
    assert (found.body, body) == (b"[1]", b"[1]") if isinstance(found, Response) else (found.kind, body, good) == ("truncated", None, False)


async def test_a_redirect_inside_the_vendor_is_followed():
    """To another path or another covered host, relative or whole."""
    first = answer("302 Found", Location="/other?x=%2F")
    second = answer("307 Temporary Redirect", Location="https://acme.example/third")
    async with serving(saying(first, second, answer(body=b"[3]"))) as server:
        found = await send(server.address)
    assert isinstance(found, Response)
    assert found.body == b"[3]"
    assert [head.split(b" ")[1] for head in server.heads[1:]] == [b"/other?x=%2F", b"/third"]
    assert all(SECRET.encode() in head for head in server.heads)


@pytest.mark.parametrize(
    "place",
    [
        "https://evil.example/x",
        "http://api.acme.example/x",
        "https://10.0.0.1/x",
        "https://169.254.169.254/latest",
        "//evil.example/x",
        "https://api.acme.example@evil.example/",
        "https://api.acme.example:8443/x",
        "file:///etc/passwd",
        "OTHER",
    ],
)
async def test_a_redirect_elsewhere_is_refused_and_nothing_is_sent_there(place):
    """Another host, plain http, a private address, another port of this machine."""
    async with (
        serving(saying(answer())) as other,
        serving(saying(answer("302 Found", Location=place.replace("OTHER", other.address)))) as server,
    ):
        found = await send(server.address)
    assert isinstance(found, NoAnswer)
    assert (found.kind, found.final) == ("forbidden", True)
    assert "the credential was not sent there" in found.words
    assert len(server.heads) == 1
    assert other.heads == []


async def test_redirects_have_an_end():
    """Five, and no more."""
    async with serving(saying(answer("302 Found", Location="/again"))) as server:
        found = await send(server.address)
    assert isinstance(found, NoAnswer)
    assert found.kind == "forbidden"
    assert len(server.heads) == 6


async def test_a_cookie_is_never_sent_back():
    """Runs of several people share nothing."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serving(saying(answer(Set_Cookie="a=b; Path=/"))))
        named = server.address.replace("127.0.0.1", "localhost")  # cookies are never kept for bare addresses anyway
        transport = await stack.enter_async_context(Transport(Hosts(ACME, named), BEARER))
        await transport.send(HttpRequest("GET", URL))
        await transport.send(HttpRequest("GET", URL))
    assert b"cookie" not in server.heads[1].lower()


async def silence(head: bytes, writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def trickle(head: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")
    await asyncio.Event().wait()


def hang_up(head: bytes, writer: asyncio.StreamWriter):
    writer.transport.abort()
    return asyncio.Event().wait()


BROKEN = {
    "silence": (silence, "timeout"),
    "trickle": (trickle, "timeout"),
    "hang_up": (hang_up, "reset"),
    "nothing": (saying(b""), "reset"),
    "short": (saying(answer(Content_Length="99")), "truncated"),
    "garbage": (saying(b"SSH-2.0-OpenSSH\r\n\r\n"), "truncated"),
    "odd_length": (saying(answer(Content_Length="-5")), "truncated"),
    "bad_gzip": (saying(answer(Content_Encoding="gzip")), "truncated"),
    "bad_chunks": (saying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n"), "truncated"),
    "long_header": (saying(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n"), "truncated"),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_what_breaks_is_a_value_that_gives_nothing_away(name, caplog):
    """Whatever the network does, no exception comes through, and no address, header or secret is told."""
    caplog.set_level(logging.DEBUG)
    respond, kind = BROKEN[name]
    async with serving(respond) as server:
        found = await send(server.address, limits=Limits(read=0.2))
    assert isinstance(found, NoAnswer)
    assert found.kind == kind
    assert not found.final
    told = repr(found) + caplog.text + repr(BEARER)
    assert "canary" not in told


async def test_a_refused_connection_and_an_unknown_name_say_so():
    """Each in words of its own, without the address."""
    async with serving(saying(answer())) as server:
        gone = server.address
    refused = await send(gone)
    assert isinstance(refused, NoAnswer)
    assert (refused.kind, refused.words) == ("refused", "no connection could be made")
    async with Transport(Hosts(("nowhere.invalid",)), BEARER) as transport:
        unknown = await transport.send(HttpRequest("GET", "https://nowhere.invalid/x"))
    assert isinstance(unknown, NoAnswer)
    assert unknown.kind == "dns"
    assert "invalid" not in repr(unknown)


async def test_a_vendor_s_name_that_leads_home_is_never_connected_to(monkeypatch):
    """A name that resolves to a private address is refused for good."""

    async def home(self, host, port, **_):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", home)
    found = await send(None)
    assert isinstance(found, NoAnswer)
    assert (found.kind, found.final) == ("forbidden", True)
    assert "private" in found.words


class Here:
    """A resolver that leads every name to one port of this machine."""

    port = 0

    def __init__(self, **_):
        pass

    async def resolve(self, host, port=0, family=socket.AF_INET):
        return [{"hostname": host, "host": "127.0.0.1", "port": self.port, "family": family, "proto": 0, "flags": 0}]

    async def close(self):
        pass


def self_signed(folder: Path, name: str) -> ssl.SSLContext:
    key, subject = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    built = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    built = built.serial_number(1).not_valid_before(now).not_valid_after(now + dt.timedelta(days=1))
    signed = built.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False).sign(key, hashes.SHA256())
    (folder / "cert.pem").write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem")
    return context


@pytest.mark.parametrize(
    ("secure", "kind", "words"), [(True, "untrusted", "certificate is not trusted"), (False, "tls", "no secure connection")]
)
async def test_a_connection_that_is_not_secure_is_refused(secure, kind, words, monkeypatch, tmp_path, caplog):
    """A self-signed certificate, or none at all: the credential is never sent."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(module, "PublicResolver", Here)
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    async with serving(saying(answer()), self_signed(tmp_path, "api.acme.example") if secure else None) as server:
        monkeypatch.setattr(Here, "port", server.port)
        found = await send(None, limits=Limits(connect=1.0, read=1.0))
    assert isinstance(found, NoAnswer)
    assert found.kind == kind
    assert words in found.words
    assert not any(SECRET.encode() in head for head in server.heads)
    assert "canary" not in repr(found) + caplog.text


async def test_an_answer_over_the_limit_is_left_alone_at_the_limit():
    """What follows is not read, and what is packed is not unpacked, beyond it."""
    limits = Limits(page=1 << 20)
    async with serving(saying(answer(body=b" " * (1 << 20)))) as server:
        assert isinstance(await send(server.address, limits=limits), Response)
    async with serving(saying(answer(body=b" " * ((1 << 20) + 1)))) as server:
        large = await send(server.address, limits=limits)
    assert isinstance(large, NoAnswer)
    assert (large.kind, large.final, large.words) == ("too_large", True, "an answer over 1 MiB")
    bomb = gzip.compress(b"\0" * (256 << 20), 9)
    tracemalloc.start()
    async with serving(saying(answer(body=bomb, Content_Encoding="gzip"))) as server:
        found = await send(server.address, limits=limits)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(found, NoAnswer)
    assert found.kind == "too_large"
    assert peak < (24 << 20)


async def test_a_transport_that_is_not_open_sends_nothing():
    """It is a mistake of ours, said plainly."""
    with pytest.raises(RuntimeError, match="not open"):
        Transport(Hosts(ACME), BEARER).open(URL, {}, credentialed=True)
    async with Transport(Hosts(ACME), None) as transport:
        assert transport.credential is None
