"""Mails through a real mail server: over STARTTLS, refused, cut off, or killed; and never a second one unasked."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import timedelta
from random import Random

import pytest

from engine.case.folder import open_case
from engine.case.log import Stale
from engine.case.person import read_person
from engine.connection.vault import Vault
from engine.owners.ask import Asking, Post, ask
from engine.owners.book import MailServer, contacts, owner_of
from engine.owners.smtp import TRUST, deliver
from tests.contact.conftest import BEGIN
from tests.contact.mail_server import Kept, Scripted, certificate, mail_server, served
from tests.contact.mails import OWNER, answer
from tests.forked import run
from tests.moments import few
from tests.process import environment

# The same at the n-th of all changes on the disk and words on the network.
ANY_MOMENT = """
import os, signal, sys
left = int(sys.argv[1])
def hook(event, args):
    global left
    writes = event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR)
    if writes or event in ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "fcntl.flock") or event.startswith(("smtplib.", "socket.")):
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(hook)
sys.argv = ["habeas", *sys.argv[2:]]
from engine.cli import main
main()
"""

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


SENDING, TAKING = 24, 22  # a few more moments than each has


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


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_both_ways_of_tls_carry_password_and_mail(desk, tmp_path, security):
    """STARTTLS, or TLS from the first byte as on port 465: the certificate is checked, the mail arrives once."""
    pem, kept = certificate(tmp_path), Kept()
    desk.more = {"SSL_CERT_FILE": str(pem), "HABEAS_SMTP_SECRET": "yes"}
    desk.open()
    with mail_server(kept, pem, b"yes", implicit=security == "tls") as port:
        desk.owners(port=port, more=f"user: privacy, security: {security}")
        assert f"Sent to {OWNER}." in desk("contact", "send", "DSR-17", "zoom", "access")
    assert (len(kept.mails), kept.recipients, kept.users) == (1, [OWNER], [b"privacy"])
    assert b"X-Unsent" not in kept.mails[0]
    assert kept.mails[0].isascii()


BAD = {
    "signed by nobody known": ("localhost", 30, False, "self-signed certificate"),
    "of another name": ("mail.acme.example", 30, True, "Hostname mismatch, certificate is not valid for 'localhost'"),
    "that has ended": ("localhost", -1, True, "certificate has expired"),
}


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("name", BAD)
def test_a_bad_certificate_gets_neither_password_nor_mail(desk, tmp_path, name, security):
    """What is wrong with it is said, and what to do; the mail was not sent, and can be sent later."""
    whose, days, trusted, said = BAD[name]
    pem, kept = certificate(tmp_path, whose, days), Kept()
    desk.more = {"HABEAS_SMTP_SECRET": "yes", **({"SSL_CERT_FILE": str(pem)} if trusted else {})}
    desk.open()
    with mail_server(kept, pem, b"yes", implicit=security == "tls") as port:
        desk.owners(port=port, more=f"user: privacy, security: {security}")
        told = desk("contact", "send", "DSR-17", "zoom", "access", code=3)
    assert f"Not sent: the server shows a certificate that cannot be trusted ({said}): {TRUST}." in told
    assert (kept.mails, kept.users, state(desk)) == ([], [], "drafted")
    desk.drop(b"").joinpath("new/1").unlink()
    assert desk("tick", code=3) == "DSR-17: zoom (access) drafted\n"


def test_tls_where_there_is_none_is_told_with_the_usual_ports(desk, tmp_path):
    """`tls` on a port that begins in the clear, and `starttls` on one that waits for TLS: nothing was sent."""
    desk.open()
    with mail_server(kept := Kept()) as port:
        desk.owners(port=port, more="security: tls")
        told = desk("contact", "send", "DSR-17", "zoom", "access", code=3)
    assert f"speaks no TLS on port {port}, or none that is safe: `security: tls` is usual on port 465, `starttls` on 587" in told
    with mail_server(kept, certificate(tmp_path), implicit=True) as port:
        server = MailServer("localhost", port, "starttls")
        assert deliver(server, None, "privacy@office.example", OWNER, b"x\r\n", 0.2)[0] == "not_taken"
    assert kept.mails == []


DELIVERED = {
    "a good server": ({}, "took"),
    "another yes": ({"end": b"251 will forward"}, "took"),
    "a rude goodbye": ({"quit": b"500 what?"}, "took"),
    "a goodbye that is none": ({"quit": b"\xff\xfe"}, "took"),
    "no goodbye": ({"quit": None}, "took"),
    "a no for good": ({"end": b"554 no"}, "not_taken"),
    "a no for now": ({"end": b"451 later"}, "not_taken"),
    "a no before the mail": ({"data": b"554 no"}, "not_taken"),
    "a no to the recipient": ({"rcpt": b"550 no"}, "not_taken"),
    "a no to the sender": ({"mail": b"550 no"}, "not_taken"),
    "no answer to the mail": ({"end": None}, "lost"),
    "words that are no answer": ({"end": b"thank you"}, "lost"),
    "a number that is no answer": ({"end": b"354 go on"}, "lost"),
    "no answer before the mail": ({"data": None}, "lost"),
    "no answer to the recipient": ({"rcpt": None}, "not_taken"),
}


@pytest.mark.parametrize("name", DELIVERED)
def test_what_a_server_says_decides_whether_a_mail_was_taken(name):
    """Taken where it says so, whatever it says to the goodbye; not taken where it refuses; else nobody knows, so nothing is sent again."""
    says, outcome = DELIVERED[name]
    heard: list[bytes] = []
    with served(lambda: Scripted(says, heard)) as port:
        server = MailServer("localhost", port, "none")
        patience = 1.5 if None in says.values() else 60
        assert deliver(server, None, "privacy@office.example", OWNER, b"Subject: x\r\n\r\nx\r\n", patience)[0] == outcome
    assert heard in ([], [b"mail"])
    assert outcome != "took" or heard


def test_a_reminder_that_no_server_took_is_tried_again_the_next_day(desk):
    """Not at every tick, and not only after the days between two reminders."""
    desk.open()
    with mail_server(kept := Kept()) as port:
        desk.owners(port=port)
        desk("contact", "send", "DSR-17", "zoom", "access")
    desk.drop(b"").joinpath("new/1").unlink()
    desk.moved = timedelta(days=5)
    assert "could not be reminded" in desk("tick")
    assert desk("tick") == "DSR-17: zoom (access) sent\n"
    with mail_server(kept) as port:
        desk.owners(port=port)
        desk.moved = timedelta(days=5, hours=23)
        assert desk("tick") == "DSR-17: zoom (access) sent\n"
        desk.moved = timedelta(days=6)
        assert "reminder sent" in desk("tick")
        desk.moved = timedelta(days=10)
        assert desk("tick") == "DSR-17: zoom (access) reminded\n"
        desk.moved = timedelta(days=11)
        assert "reminder sent" in desk("tick")
    assert len(kept.mails) == 3


def test_a_sender_with_a_name_is_refused_before_anything_is_written(desk):
    """An envelope and a Message-ID take a plain address; a file to send by hand needs none."""
    (desk.home / "office.yaml").write_text("controller: Acme GmbH\ncontact: Privacy <privacy@office.example>\nsignature: Pat\n")
    desk.open()
    desk.owners(port=1)
    assert "a mail needs a sender: write `contact: ADDRESS`" in desk("contact", "send", "DSR-17", "zoom", "access", code=2)
    assert "sending" not in desk.acts()
    desk("contact", "send", "DSR-17", "zoom", "access", "--eml")
    assert f"<{desk.token()}.1@habeas.invalid>" in desk.mails()[0].read_text()


def test_of_two_who_ask_at_once_one_asks(desk):
    """Both had read the case: the second is told what the first did; one mail leaves, and it is the one that is kept."""
    desk.open()
    with mail_server(kept := Kept()) as port:
        desk.owners(port=port)
        owner, keys = owner_of(desk.home, "zoom", "access"), Vault(desk.home).keys
        cases = [open_case(desk.home, "DSR-17") for _ in range(2)]
        both = [Asking(desk.home, case, read_person(keys, case.folder), "zoom", "access", owner) for case in cases]
        dice = iter([*[1] * 8, *[2] * 8])
        post = Post(contacts(desk.home).smtp, None, lambda below: next(dice) % below)
        assert ask(both[0], post, BEGIN, "send").delivery == "took"
        with pytest.raises(Stale, match="sending by"):
            ask(both[1], post, BEGIN, "send")
    (mail,) = kept.mails
    assert [one.read_bytes() for one in desk.mails()] == [mail]


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


@pytest.mark.parametrize("moment", few(range(1, 20), 6, 10, 13))
def test_a_killed_send_never_sends_twice(desk, moment):
    """Killed at any moment, then called again: one mail at most, and a case that says whether one may be out."""
    desk.open()
    before = desk.acts()
    with mail_server(kept := Kept()) as port:
        desk.owners(port=port)
        words = ("contact", "send", "DSR-17", "zoom", "access")
        command = [sys.executable, "-c", KILLER, str(moment), *words]
        done = run(command, env=environment(desk.home), capture_output=True, text=True, check=False)
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


@pytest.mark.parametrize("moment", few(range(1, 16), 4, 8))
def test_a_killed_ingest_loses_no_answer_and_takes_none_twice(desk, moment):
    """Killed at any moment, then called again: the answer and its file stand in the case, once."""
    desk.open()
    desk("contact", "send", "DSR-17", "zoom", "access")
    desk.drop(answer("DATA\n", token=desk.token(), files=(("x.csv", b"a,b\n"),)))
    command = [sys.executable, "-c", KILLER, str(moment), "contact", "ingest", str(desk.home / "Maildir")]
    run(command, env=environment(desk.home), capture_output=True, text=True, check=False)
    desk("contact", "ingest", str(desk.home / "Maildir"))
    assert [one for one in desk.acts() if one in ("taken", "answered")] == ["taken", "answered"]
    folders = json.loads(desk("case", "show", "DSR-17", "--json"))["vendors"]["zoom"]["files"]
    assert [(desk.home / "cases/DSR-17" / one / "file-1.csv").read_bytes() for one in folders] == [b"a,b\n"]
    assert list((desk.home / "Maildir/new").iterdir()) == []


def killed(desk, dice: Random, most: int, *words: str) -> int:
    """Run a command that is killed at a moment of the dice; gives its exit code. No act that was there before is lost."""
    before = desk.acts()
    command = [sys.executable, "-c", ANY_MOMENT, str(dice.randint(1, most)), *words]
    done = run(command, env=environment(desk.home), capture_output=True, text=True, check=False)
    assert done.returncode in (-9, 0, 2, 3), done.stderr
    assert desk.acts()[: len(before)] == before
    return done.returncode


@pytest.mark.parametrize("seed", few(range(1, 51), 1, 2, 3, 4, 5))
def test_random_kills_lose_no_act_and_send_no_second_mail(desk, seed):
    """A question is sent and its answer taken in, each killed twice at random: one mail, one answer, one file, and a log that holds."""
    dice, words = Random(seed), ("contact", "send", "DSR-17", "zoom", "access")
    desk.open()
    with mail_server(kept := Kept()) as port:
        desk.owners(port=port)
        for _ in range(2):
            killed(desk, dice, SENDING, *words)
            assert not kept.mails or state(desk) != "drafted"
        if state(desk) == "drafted":
            desk(*words)
        assert len(kept.mails) <= 1
        assert kept.mails or state(desk) == "may have been sent"
        desk.drop(answer("DATA\n", token=desk.token(), files=(("x.csv", b"a,b\n"),)))
        for _ in range(2):
            killed(desk, dice, TAKING, "tick")
        desk("tick")
        assert len(kept.mails) <= 1
    assert state(desk) == "answered_data"
    assert [one for one in desk.acts() if one in ("taken", "answered")] == ["taken", "answered"]
    (folder,) = json.loads(desk("case", "show", "DSR-17", "--json"))["vendors"]["zoom"]["files"]
    assert (desk.home / "cases/DSR-17" / folder / "file-1.csv").read_bytes() == b"a,b\n"
    assert list((desk.home / "Maildir/new").iterdir()) == []
    assert "each follows the one before" in desk("case", "check-log", "DSR-17")
