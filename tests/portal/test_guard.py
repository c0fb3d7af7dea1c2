"""Who may ask the portal: this machine, by its own name, once by the link and then by a session; every line of the threat model by raw requests."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import UsageError
from engine.portal.guard import IDLE, parse_origin
from engine.portal.server import HEADERS, LARGEST
from tests.portal.served import TOKEN

PROXY = "https://dsr.acme.example"


def test_the_link_works_once_and_opens_a_session(empty):
    """The second use is refused; the cookie is for HTTP and for this site only, and no page opens without it."""
    assert empty.ask("GET", "/").status == 403
    entered = empty.enter()
    assert (entered.status, entered.headers["Location"]) == (303, "/")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(entered.headers["Set-Cookie"].split("; "))
    assert empty.ask("GET", "/").status == 200
    assert empty.ask("GET", "/enter/dice-1", Cookie=None).status == 403
    assert "used already" in empty.ask("GET", "/enter/dice-1").text
    assert empty.ask("GET", "/").status == 200


@pytest.mark.parametrize("key", ["", "dice-2", "dice-1x", "%00", "%C3%A4", "%ED%A0%80"])
def test_another_link_opens_nothing_and_costs_nothing(empty, key):
    """Whoever guesses is refused, and the true link still works."""
    assert empty.ask("GET", f"/enter/{key}").status in (403, 404)
    assert empty.enter().status == 303


def test_a_look_ahead_does_not_use_the_link_up(empty):
    """A HEAD request, as programs send that preview a link, opens no session."""
    assert empty.ask("HEAD", "/enter/dice-1").status in (403, 405)
    assert empty.enter().status == 303


@pytest.mark.parametrize(
    "host", [None, "", "evil.example", "127.0.0.1", "127.0.0.1:1", "localhost", "evil.example:{port}", "127.0.0.1.:{port}"]
)
def test_another_host_is_refused(empty, host):
    """A name that was made to lead here (DNS rebinding), a wrong port or none: 403, or no HTTP at all; the cookie does not help."""
    empty.enter()
    told = host.format(port=empty.port) if host is not None else None
    assert empty.ask("GET", "/", Host=told).status in ((403,) if told else (400, 403))
    assert empty.ask("GET", "/style.css", Host=told).status in ((403,) if told else (400, 403))


def test_the_machines_own_name_is_known(empty):
    """`localhost` is the same place."""
    empty.enter()
    assert empty.ask("GET", "/", Host=f"LocalHost:{empty.port}").status == 200


def test_two_hosts_are_none(empty):
    """A request that names two hosts is refused."""
    own = f"Host: {empty.host}\r\n"
    assert b" 200 " not in empty.raw(f"GET /style.css HTTP/1.1\r\n{own}Host: evil.example\r\n\r\n".encode())
    assert b" 200 " in empty.raw(f"GET /style.css HTTP/1.1\r\n{own}\r\n".encode())


@pytest.mark.parametrize(
    "origin", [None, "null", "http://evil.example", "http://localhost:{port}", "https://127.0.0.1:{port}", "http://127.0.0.1"]
)
def test_a_form_of_another_site_is_refused(empty, origin):
    """Origin must be this very host, whatever cookie and token come with it."""
    empty.enter()
    token = TOKEN.findall(empty.see("/"))[-1]
    told = origin.format(port=empty.port) if origin is not None else None
    assert empty.ask("POST", "/leave", f"token={token}", Origin=told).status == 403
    assert empty.ask("GET", "/").status == 200
    assert empty.ask("POST", "/leave", f"token={token}").status == 200
    assert empty.ask("GET", "/").status == 403


@pytest.mark.parametrize("body", ["", "token=", "token=x", "token=%C3%A4", "token=x&token={token}"])
def test_a_form_without_the_sessions_token_is_refused(empty, body):
    """The token is the session's own, in every form."""
    empty.enter()
    assert empty.ask("POST", "/leave", body.format(token=TOKEN.findall(empty.see("/"))[-1])).status == 403
    assert empty.ask("GET", "/").status == 200


def test_a_session_ends_after_eight_idle_hours(empty):
    """Each request keeps it alive; eight hours without one end it."""
    empty.enter()
    for _ in range(3):
        empty.seconds += IDLE - 1
        assert empty.ask("GET", "/").status == 200
    empty.seconds += IDLE
    assert empty.ask("GET", "/").status == 403
    assert IDLE == 8 * 3600


def test_a_cookie_of_nobody_opens_nothing(empty):
    """Neither an invented one, nor the token of a form, nor the key of the link."""
    empty.enter()
    for value in ("dice-1", "dice-3", "x", ""):
        assert empty.ask("GET", "/", Cookie=f"{empty.guard.cookie}={value}").status == 403


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/nothing", None, 404),
        ("GET", "/case/../../etc/passwd", None, 404),
        ("GET", "/case/NONE-1", None, 404),
        ("GET", "/case/a%40b", None, 404),
        ("GET", "/case/%2e%2e", None, 404),
        ("GET", "/case/..%2F..%2Ftmp", None, 404),
        ("GET", "/case/%00", None, 404),
        ("PUT", "/", None, 403),
        ("POST", "/", "token=x", 405),
        ("POST", "/leave", "x" * (LARGEST + 1), 413),
        ("POST", "/leave", "&".join(["a=b"] * 2001), 400),
        ("POST", "/leave", "token=%ff", 400),
        ("POST", "/leave", b"token=\xff", 400),
    ],
)
def test_every_answer_says_what_a_browser_may_do(empty, method, path, body, status):
    """Refusals too carry every header, are a page, and hold no trace of the program."""
    empty.enter()
    answer = empty.ask(method, path, body)
    assert answer.status == status
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "Traceback" not in answer.text
    assert "aiohttp" not in f"{answer.headers}{answer.text}"


def test_pages_sheet_and_redirects_carry_every_header(empty):
    """What may run is nothing; what may be shown is the one sheet; nothing is stored or framed."""
    for answer in (empty.ask("GET", "/"), empty.enter(), empty.ask("GET", "/"), empty.ask("GET", "/style.css")):
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    policy = "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    assert HEADERS["Content-Security-Policy"] == policy
    assert (HEADERS["Cache-Control"], HEADERS["Referrer-Policy"], HEADERS["X-Content-Type-Options"]) == (
        "no-store",
        "same-origin",
        "nosniff",
    )
    assert HEADERS["Cross-Origin-Opener-Policy"] == HEADERS["Cross-Origin-Resource-Policy"] == "same-origin"


def test_other_kinds_of_forms_are_not_read(empty):
    """Files and JSON are refused, so that no upload reaches a form that takes none."""
    empty.enter()
    for kind in ("multipart/form-data; boundary=x", "application/json", "text/plain"):
        assert empty.ask("POST", "/leave", "token=x", Content_Type=kind).status == 415


def test_a_body_that_never_says_how_long_it_is_ends_at_the_bound(empty):
    """A chunked body is counted while it comes."""
    empty.enter()
    head = (
        f"POST /leave HTTP/1.1\r\nHost: {empty.host}\r\nOrigin: http://{empty.host}\r\nCookie: {empty.guard.cookie}={empty.cookie}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    chunk = b"8000\r\n" + b"a" * 0x8000 + b"\r\n"
    assert b" 413 " in empty.raw(head.encode() + chunk * 3 + b"0\r\n\r\n")


def test_behind_a_proxy_host_and_origin_are_the_proxys(serve, tmp_path):
    """Then 127.0.0.1 is another host too, cookies travel encrypted only, and the link is the proxy's."""
    portal = serve(tmp_path, parse_origin(PROXY))
    assert portal.guard.link.startswith(f"{PROXY}/enter/")
    assert portal.ask("GET", "/enter/dice-1").status == 403
    portal.host = "dsr.acme.example"
    entered = portal.enter()
    assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} <= set(entered.headers["Set-Cookie"].split("; "))
    assert entered.headers["Set-Cookie"].startswith("__Host-habeas=")
    token = TOKEN.findall(portal.see("/"))[-1]
    assert portal.ask("POST", "/leave", f"token={token}", Origin="http://dsr.acme.example").status == 403
    assert portal.ask("POST", "/leave", f"token={token}", Origin=PROXY).status == 200


@pytest.mark.parametrize("text", ["https://dsr.acme.example/", "https://DSR.acme.example", "https://dsr.acme.example:443"])
def test_ways_to_write_an_origin(text):
    """A closing slash, capitals and the port that https has anyway make no difference."""
    assert str(parse_origin(text)) == PROXY


@pytest.mark.parametrize(
    "text",
    [
        "",
        "dsr.acme.example",
        "http://dsr.acme.example",
        "http://127.0.0.1",
        "https://",
        "https://a/b",
        "https://a?b",
        "https://u:p@a",
        "https://a:x",
        "https://a:99999",
        "https://a b",
        "https://ä.example",
        "0.0.0.0",
        "https://a#b",
    ],
)
def test_what_is_no_origin_is_refused(text):
    """Only https and a host: anything else would listen elsewhere, or send cookies in the clear."""
    with pytest.raises(UsageError, match=r"dsr\.acme\.example"):
        parse_origin(text)


def test_it_listens_on_this_machine_only(empty):
    """The socket is bound to 127.0.0.1, and there is no option for any other."""
    lines = Path("/proc/net/tcp").read_text().splitlines()
    bound = [line.split()[1] for line in lines if line.split()[3] == "0A" and line.split()[1].endswith(f":{empty.port:04X}")]
    assert bound == [f"0100007F:{empty.port:04X}"]


def test_the_sheet_is_small(empty):
    """One sheet serves every page, under 8 KB, and asks for nothing else."""
    sheet = empty.ask("GET", "/style.css")
    assert sheet.headers["Content-Type"].startswith("text/css")
    assert len(sheet.text) < 8192
    assert "url(" not in sheet.text
    assert "@import" not in sheet.text
