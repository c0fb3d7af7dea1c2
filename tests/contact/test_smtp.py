"""Mails through a real mail server: over STARTTLS, refused, cut off, or killed; and never a second one unasked."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from datetime import timedelta

import pytest

from engine.owners.smtp import TRUST
from tests.contact.mail_server import Kept, certificate, mail_server, served
from tests.contact.mails import OWNER, answer
from tests.process import environment

# Runs a command, and kills it with SIGKILL at the n-th moment at which something goes to the disk or to the mail server.
KILLER = """
import os, signal, sys
left, real = int(sys.argv[1]), os.fsync
def count():
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
def fsync(file):
    count()
    real(file)
os.fsync = fsync
sys.addaudithook(lambda event, _: count() if event.startswith("smtplib.") else None)
sys.argv = ["habeas", *sys.argv[2:]]
from engine.cli import main
main()
"""


def state(desk) -> str:
    """Give how far the first question is."""
    found = json.loads(desk("contact", "list", "--json"))["questions"]
    return found[0]["state"] if found else "drafted"


def test_a_mail_goes_out_over_starttls_with_a_password_from_a_file(desk, tmp_path):
    """The certificate is checked, the password comes from a file; asked, reminded and answered under a moved clock, each mail once."""
    pem, kept = certificate(tmp_path), Kept()
    (tmp_path / "secret").write_text("s3cret\n")
    desk.more = {"SSL_CERT_FILE": str(pem), "HABEAS_SMTP_SECRET_FILE": str(tmp_path / "secret")}
    desk.open()
    with mail_server(kept, pem, b"s3cret") as port:
        desk.owners(port=port, more="user: privacy")
        assert f"Sent to {OWNER}." in desk("contact", "send", "DSR-17", "zoom", "access")
        assert "it is sent; --again sends another mail" in desk("contact", "send", "DSR-17", "zoom", "access", code=2)
        desk.drop(b"")
        (desk.home / "Maildir/new/1").unlink()
        for days in (4, 5, 5, 10, 10):
            desk.moved = timedelta(days=days)
            desk("tick")
        desk.drop(answer("NONE\n", token=desk.token()))
        desk.moved = timedelta(days=30)
        assert "answered: none" in desk("tick")
    assert (len(kept.mails), set(kept.recipients), set(kept.users)) == (3, {OWNER}, {b"privacy"})
    assert [mail.count(b"reminder") for mail in kept.mails] == [0, 1, 1]
    assert b"s3cret" not in (desk.home / "cases/DSR-17/log.jsonl").read_bytes()


REFUSALS = {
    "an unknown certificate": ({}, "", {}, f"shows a certificate that cannot be trusted (self-signed certificate): {TRUST}"),
    "a wrong password": ({"HABEAS_SMTP_SECRET": "no"}, "ca", {}, "refuses the user or the password"),
    "the recipient": ({"HABEAS_SMTP_SECRET": "yes"}, "ca", {"refused": OWNER}, "refuses the recipient (550)"),
    "the mail": ({"HABEAS_SMTP_SECRET": "yes"}, "ca", {"says": "554 no"}, "refuses the mail (554)"),
    "the mail for now": ({"HABEAS_SMTP_SECRET": "yes"}, "ca", {"says": "451 later"}, "refuses the mail (451)"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_a_server_does_not_take_was_not_sent(desk, tmp_path, name):
    """It is said, stands in the log, and the next `send` asks again without further words."""
    given, trust, server, said = REFUSALS[name]
    pem, kept = certificate(tmp_path), Kept(**server)
    desk.more = {"HABEAS_SMTP_SECRET": "yes", **given, **({"SSL_CERT_FILE": str(pem)} if trust else {})}
    desk.open()
    with mail_server(kept, pem, b"yes") as port:
        desk.owners(port=port, more="user: privacy")
        assert f"Not sent: the server {said}." in desk("contact", "send", "DSR-17", "zoom", "access", code=3)
    assert desk.acts()[-2:] == ["sending", "unsent"]
    assert state(desk) == "drafted"
    with mail_server(taking := Kept()) as port:
        desk.owners(port=port)
        desk("contact", "send", "DSR-17", "zoom", "access")
    assert len(taking.mails) == 1


def test_no_tls_no_mail(desk):
    """A server that speaks no TLS gets neither a password nor a mail; one that is not there neither."""
    desk.open()
    with mail_server(kept := Kept()) as port:
        desk.owners(port=port, more="security: starttls")
        assert "speaks no TLS" in desk("contact", "send", "DSR-17", "zoom", "access", code=3)
    assert "could not be talked to" in desk("contact", "send", "DSR-17", "zoom", "access", code=3)
    assert kept.mails == []


def test_a_password_that_is_missing_is_asked_for_before_anything_is_written(desk):
    """The message names the variable; nothing stands in the log."""
    desk.open()
    desk.owners(port=1, more="user: privacy")
    assert "set HABEAS_SMTP_SECRET or HABEAS_SMTP_SECRET_FILE" in desk("contact", "send", "DSR-17", "zoom", "access", code=2)
    assert "sending" not in desk.acts()


def test_a_server_that_hangs_up_after_the_mail_leaves_that_it_may_have_been_sent(desk):
    """It is said and blocks; time sends nothing; only `--again` does, and an answer to the first mail is one."""
    desk.open()
    with mail_server(kept := Kept(says=None)) as port:
        desk.owners(port=port)
        assert "It may have been sent" in desk("contact", "send", "DSR-17", "zoom", "access", code=3)
        assert state(desk) == "may have been sent"
        assert "it may have been sent already; --again" in desk("contact", "send", "DSR-17", "zoom", "access", code=2)
        desk.drop(b"")
        desk.moved = timedelta(days=90)
        assert "may have been sent" in desk("tick", code=3)
        assert len(kept.mails) == 1
        desk("contact", "send", "DSR-17", "zoom", "access", "--again", code=3)
        assert len(kept.mails) == 2
    desk.drop(answer("NONE\n", token=desk.token()))
    assert "answered: none" in desk("tick")


class Babble(asyncio.Protocol):
    """Speaks no SMTP."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.write(b"\xff\x00 SSH-2.0\r\n" * 100)  # type: ignore[attr-defined]
        transport.close()


def test_a_server_that_speaks_something_else_is_told(desk):
    """Not sent, without a traceback."""
    desk.open()
    with served(Babble) as port:
        desk.owners(port=port)
        assert "could not be talked to" in desk("contact", "send", "DSR-17", "zoom", "access", code=3)


def test_who_is_late_is_passed_over_where_a_server_took_the_mail(desk):
    """With `late: skip` nothing blocks, and the person reads that no answer came."""
    desk.open()
    with mail_server(Kept()) as port:
        desk.owners(f"owners: {{zoom: {{to: {OWNER}, access: {{late: skip, due: 3d}}}}}}\n", port=port)
        desk("contact", "send", "DSR-17", "zoom", "access")
    desk.drop(b"")
    (desk.home / "Maildir/new/1").unlink()
    desk.moved = timedelta(days=3)
    assert desk("tick") == "DSR-17: zoom (access) did not answer in time: goes on without\n"
    told = json.loads(desk("case", "show", "DSR-17", "--json"))
    assert told["blocks"] == []
    assert told["vendors"]["zoom"]["left_out"] == "We asked Zoom on 29 November 2026 and got no answer in time."


@pytest.mark.parametrize("moment", range(1, 20))
def test_a_killed_send_never_sends_twice(desk, moment):
    """Killed at any moment, then called again: one mail at most, and a case that says whether one may be out."""
    desk.open()
    before = desk.acts()
    with mail_server(kept := Kept()) as port:
        desk.owners(port=port)
        words = ("contact", "send", "DSR-17", "zoom", "access")
        command = [sys.executable, "-c", KILLER, str(moment), *words]
        done = subprocess.run(command, env=environment(desk.home), capture_output=True, text=True, check=False)
        assert done.returncode in (-9, 0), done.stderr
        assert desk.acts()[: len(before)] == before
        killed = state(desk)
        assert killed in ("drafted", "may have been sent", "sent")
        assert not kept.mails or killed != "drafted"
        desk(*words, code=0 if killed == "drafted" else 2)
        desk("tick", code=3 if killed == "may have been sent" else 0) if (desk.home / "Maildir").is_dir() else None
        assert len(kept.mails) <= 1
        assert kept.mails or killed == "may have been sent"
    assert "each follows the one before" in desk("case", "check-log", "DSR-17")


@pytest.mark.parametrize("moment", range(1, 16))
def test_a_killed_ingest_loses_no_answer_and_takes_none_twice(desk, moment):
    """Killed at any moment, then called again: the answer and its file stand in the case, once."""
    desk.open()
    desk("contact", "send", "DSR-17", "zoom", "access")
    desk.drop(answer("DATA\n", token=desk.token(), files=(("x.csv", b"a,b\n"),)))
    command = [sys.executable, "-c", KILLER, str(moment), "contact", "ingest", str(desk.home / "Maildir")]
    subprocess.run(command, env=environment(desk.home), capture_output=True, text=True, check=False)
    desk("contact", "ingest", str(desk.home / "Maildir"))
    assert [one for one in desk.acts() if one in ("taken", "answered")] == ["taken", "answered"]
    folders = json.loads(desk("case", "show", "DSR-17", "--json"))["vendors"]["zoom"]["files"]
    assert [(desk.home / "cases/DSR-17" / one / "file-1.csv").read_bytes() for one in folders] == [b"a,b\n"]
    assert list((desk.home / "Maildir/new").iterdir()) == []
