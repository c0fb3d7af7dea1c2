"""What is sent to the portal: bounded, streamed to the disk, under names of ours, and nothing lost where it cannot be taken."""

from __future__ import annotations

import errno
import resource
import socket

import pytest

from engine.portal import forms
from engine.portal.forms import LARGEST, LARGEST_UPLOAD, WITH_FILES
from tests.case.package_kit import open_here
from tests.case.test_commands import home_of
from tests.portal.served import BOUNDARY, TOKEN, ServedPortal, multipart

AT = "/case/DSR-17/contacts"
KIND = f"{WITH_FILES}; boundary={BOUNDARY}"


def head(portal: ServedPortal, length: int, path: str = AT) -> bytes:
    """Write the head of an upload."""
    return (
        f"POST {path} HTTP/1.1\r\nHost: {portal.host}\r\nOrigin: http://{portal.host}\r\n"
        f"Cookie: {portal.guard.cookie}={portal.cookie}\r\nContent-Type: {KIND}\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


def left(ran) -> list:
    """Give what lies where uploads lie."""
    folder = home_of(ran) / "uploads"
    return [*folder.iterdir()] if folder.is_dir() else []


def test_the_limits_are_said_before(desk):
    """On the page, beside the field."""
    page = desk.see(AT)
    assert page.count("up to 1 GB") >= 1
    assert "up to 100 MB" in page
    assert LARGEST_UPLOAD == 1 << 30


def test_five_gigabytes_are_refused_before_a_byte_of_them_came(desk, ran):
    """The length is said first, so the answer is there at once."""
    assert b" 413 " in desk.raw(head(desk, 5 << 30))
    assert left(ran) == []


def test_a_body_that_never_says_how_long_it_is_ends_at_the_limit(desk, ran, monkeypatch):
    """It is counted while it comes; what came of it is gone, and the memory stayed as it was."""
    monkeypatch.setattr(forms, "LARGEST_UPLOAD", 32 << 20)
    page, before = desk.see(AT), open_here(ran).case.n
    told = multipart({"token": TOKEN.findall(page)[-1], "n": str(before), "do": "file", "vendor": "payroll"}, [("a", b"")])
    start = told.rpartition(b"\r\n--")[0]
    chunk = b"100000\r\n" + bytes(0x100000) + b"\r\n"
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with socket.create_connection(("127.0.0.1", desk.port), timeout=60) as line, line.makefile("rb") as answer:
        line.sendall(
            head(desk, 0).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked") + f"{len(start):x}\r\n".encode() + start + b"\r\n"
        )
        for _ in range(33):
            line.sendall(chunk)
        assert b" 413 " in answer.readline()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - used < 24 << 10
    assert left(ran) == []
    assert open_here(ran).case.n == before


def test_a_large_file_is_taken_without_memory(desk, ran):
    """64 MB go through to the case; the process is no larger by half of that."""
    page, size = desk.see(AT), 64 << 20
    told = multipart(
        {"token": TOKEN.findall(page)[-1], "n": str(open_here(ran).case.n), "do": "file", "vendor": "payroll"}, [("a.bin", b"")]
    )
    start, _, end = told.rpartition(b"\r\n--")
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with socket.create_connection(("127.0.0.1", desk.port), timeout=60) as line, line.makefile("rb") as answer:
        line.sendall(head(desk, size + len(told)) + start)
        for _ in range(64):
            line.sendall(bytes(1 << 20))
        line.sendall(b"\r\n--" + end)
        assert b" 303 " in answer.readline()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - used < 32 << 10
    folder = open_here(ran).folder / "received" / "payroll" / "1"
    assert (folder / "file-1.bin").stat().st_size == size
    assert (folder / "file-1.bin").stat().st_mode & 0o777 == 0o600
    assert left(ran) == []


def test_no_byte_of_a_file_is_kept_without_the_sessions_token(desk, ran):
    """The fields come first; a file before them, or with another token, is refused."""
    page = desk.see(AT)
    for fields in ({"token": "x"}, {"do": "file"}, {}):
        assert desk.ask("POST", AT, multipart(fields, [("a", b"x" * 1000)]), Content_Type=KIND).status == 403
    late = multipart({}, [("a", b"x")]).replace(f"--{BOUNDARY}--".encode(), b"") + multipart({"token": TOKEN.findall(page)[-1]}, [])
    assert desk.ask("POST", AT, late, Content_Type=KIND).status == 403
    assert (
        desk.ask(
            "POST", AT, multipart({"token": TOKEN.findall(page)[-1]}, [("a", b"x")]), Content_Type=KIND, Origin="http://evil.example"
        ).status
        == 403
    )
    assert desk.ask("POST", AT, multipart({"token": TOKEN.findall(page)[-1]}, [("a", b"x")]), Content_Type=KIND, Cookie=None).status == 403
    assert left(ran) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--",
        b"x" * 5000,
        f"--{BOUNDARY}\r\n".encode() * 100,
        f"--{BOUNDARY}\r\n\r\nx\r\n--{BOUNDARY}--\r\n".encode(),
        f"--{BOUNDARY}\r\nContent-Disposition: form-data\r\n\r\nx\r\n--{BOUNDARY}--\r\n".encode(),
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="token"\r\n\r\n'.encode(),
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="do"\r\nContent-Type: multipart/mixed; boundary=z\r\n\r\n--z--\r\n--{BOUNDARY}--\r\n'.encode(),
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="do"\r\n\r\n\xff\r\n--{BOUNDARY}--\r\n'.encode("latin-1"),
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{"n" * 20000}"\r\n\r\nx\r\n--{BOUNDARY}--\r\n'.encode(),
    ],
)
def test_a_body_that_is_no_form_is_refused(desk, ran, body):
    """Cut off, without names, not UTF-8, nested: a page that says so, and nothing is left."""
    answer = desk.ask("POST", AT, body, Content_Type=KIND)
    assert answer.status in (400, 403)
    assert "Traceback" not in answer.text
    assert left(ran) == []


@pytest.mark.parametrize(
    "name", ["../../../etc/passwd", "/etc/passwd", "a\u202efdp.exe", "con", ".htaccess", "x" * 300 + ".csv", "", "a.tar.gz", "a.<b>"]
)
def test_names_are_ours(desk, ran, name):
    """Whatever a file claims to be called, it lies under a name of ours, and the claim is kept as text."""
    sent = desk.upload(AT, desk.see(AT), [(name, b"content")], do="file", vendor="payroll")
    assert sent.status == 303
    (file,) = (open_here(ran).folder / "received" / "payroll" / "1").glob("file-*")
    assert file.name in ("file-1", "file-1.exe", "file-1.csv", "file-1.gz", "file-1.htaccess")
    assert file.read_bytes() == b"content"
    assert [path.name for path in home_of(ran).parent.rglob("passwd")] == []


def test_too_many_files_and_too_many_words_are_refused(desk, ran):
    """Ten files, 64 KB of fields: what is more is refused, before it fills a disk or the memory."""
    page, before = desk.see(AT), open_here(ran).case.n
    assert desk.upload(AT, page, [("a", b"x")] * 11, do="file", vendor="payroll").status == 400
    assert desk.upload(AT, page, [("a", b"x")], do="file", vendor="v" * (LARGEST + 1)).status == 413
    assert desk.upload(AT, page, [("a", b"x")], **{f"f{number}": "" for number in range(2100)}).status == 413
    assert (open_here(ran).case.n, left(ran)) == (before, [])


def test_a_megabyte_on_a_small_form_is_refused(desk, ran):
    """Every page but those that take files ends at 64 KB, whatever kind the body says it is."""
    before = open_here(ran).case.n
    for path in ("/case/DSR-17", "/case/DSR-17/values", "/case/DSR-17/decide", "/new", "/signin", "/case/DSR-17/person"):
        answer = desk.ask("POST", path, "token=" + "x" * (1 << 20))
        assert (path, answer.status, "64 KB at most" in answer.text) == (path, 413, True)
        assert desk.ask("POST", path, multipart({"token": "x"}, [("a", b"x")]), Content_Type=KIND).status == 415
    assert open_here(ran).case.n == before


def test_a_full_disk_loses_nothing(desk, ran, monkeypatch):
    """While a file comes, and while it is taken in: the page says so, nothing of it is left, and the case is as before."""

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    page, before = desk.see(AT), open_here(ran).case.n
    with monkeypatch.context() as patched:
        patched.setattr(forms.asyncio, "to_thread", _refusing(full))
        sent = desk.upload(AT, page, [("a", b"x")], do="file", vendor="payroll")
        assert (sent.status, "the disk is full" in sent.text) == (422, True)
    with monkeypatch.context() as patched:
        patched.setattr("engine.case.take._copy", full)
        sent = desk.upload(AT, page, [("a", b"x")], do="file", vendor="payroll")
        assert (sent.status, "the disk is full" in sent.text) == (422, True)
    assert (open_here(ran).case.n, left(ran)) == (before, [])
    assert desk.upload(AT, page, [("a", b"x")], do="file", vendor="payroll").status == 303


def _refusing(full):
    """Let every write of a file fail, and all else go on."""
    going = forms.asyncio.to_thread

    async def to_thread(done, *words):
        return full() if getattr(done, "__name__", "") == "write" else await going(done, *words)

    return to_thread


def test_who_goes_away_while_sending_leaves_nothing(desk, ran):
    """The line breaks in the middle of a file: what came of it is gone with the next question."""
    page = desk.see(AT)
    told = multipart({"token": TOKEN.findall(page)[-1], "n": "1", "do": "file", "vendor": "payroll"}, [("a", b"x" * 100)])
    with socket.create_connection(("127.0.0.1", desk.port), timeout=60) as line:
        line.sendall(head(desk, len(told)) + told[:-60])
    assert desk.upload(AT, page, [("a", b"x")], do="file", vendor="payroll").status == 303
    assert left(ran) == []
    assert [line.act.vendor for line in open_here(ran).lines if getattr(line.act, "vendor", "") == "payroll"] == ["payroll"]
