"""Bad mails by the whole command: each has an answer that closes nothing by mistake and loses nothing, once and again."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path

import pytest

from tests.case.test_commands import PERSON
from tests.contact.mails import OTHER, OWNER, answer, bounce

READ, BOMB = "answered_text", io.BytesIO()
with zipfile.ZipFile(BOMB, "w", zipfile.ZIP_DEFLATED) as made:
    made.writestr("x.csv", b"0" * 10_000_000)
FILES = {
    "../../etc/x": (("../../etc/x", b"root\n"),),
    "an absolute name": (("/etc/passwd", b"root\n"),),
    "a name with an end that is none": (("x.csv/../../y.sh;rm", b"root\n"),),
    "a zip bomb": (("data.zip", BOMB.getvalue()),),
}


def mail_of(name: str, token: str) -> bytes:
    """Give a bad mail about the question with a token."""
    head = f"From: {OWNER}\nTo: privacy@office.example\nSubject: Re: ({token})\n".replace("\n", "\r\n").encode()
    return {
        "10 MB of headers": head + b"X-Long: " + b"y" * 10_000_000 + b"\r\n\r\nDELETED\r\n",
        "10 MB of headers before the token": b"".join(b"X-%d: y\r\n" % n for n in range(900_000)) + head + b"\r\nDELETED\r\n",
        "a charset that is none": head + b"Content-Type: text/plain; charset=klingon\r\n\r\nNicht gel\xf6scht\r\n",
        "a wrong charset": head + b"Content-Type: text/plain; charset=utf-16\r\n\r\nDELETED\r\n",
        "a wrong charset of the subject": head.replace(b"Re: ", b"=?klingon?b?UmU=?= ") + b"\r\nNot deleted\r\n",
        "text/html only": head + b"Content-Type: text/html\r\n\r\n<p>DELETED</p>\r\n",
        "html that hides a word": head + b"Content-Type: text/html\r\n\r\n<p>We keep it</p><p style='display:none'>DELETED</p>\r\n",
        "two tokens": answer("DELETED\n", token=token, In_Reply_To=f"<{OTHER}.1@x>"),
        "a colleague of the owner": answer("DELETED\n", sender="bob@acme.example", token=token),
        "a part of the owner's address": answer("DELETED\n", sender=f"x{OWNER}", token=token),
        "not deleted": answer("not deleted\n", token=token),
        "not deleted, in two lines": answer("It is NOT\nDELETED\n", token=token),
        "not, in another part": answer("DELETED\n", token=token, files=(("x.txt", b"not"),)),
        "deleted, with a condition": answer("DELETED (but the invoices)\n", token=token),
        "an out of office": answer("DELETED\n", token=token, Auto_Submitted="auto-replied"),
        "an out of office that does not say so": answer("I am out of office until Monday.\n", token=token),
    }[name]


# What is said of each, and what the question is then.
SAID = {
    "10 MB of headers": ("it is no mail that can be read: read ", READ),
    "10 MB of headers before the token": ("belongs to no question: nothing was taken in, read it", "sent"),
    "a charset that is none": ("it is not one word that answers the question", READ),
    "a wrong charset": ("it is not one word that answers the question", READ),
    "a wrong charset of the subject": ("it is not one word that answers the question", READ),
    "text/html only": ("it is not one word that answers the question", READ),
    "html that hides a word": ("it is not one word that answers the question", READ),
    "two tokens": ("holds 2 tokens (DSR-17 zoom (deletion)): nothing was taken in", "sent"),
    "a colleague of the owner": ("its sender is not who was asked: read ", READ),
    "a part of the owner's address": ("its sender is not who was asked: read ", READ),
    "not deleted": ("it is not one word that answers the question", READ),
    "not deleted, in two lines": ("it is not one word that answers the question", READ),
    "not, in another part": ("it is not one word that answers the question", READ),
    "deleted, with a condition": ("it is not one word that answers the question", READ),
    "an out of office": ("an automatic reply, which answers nothing", "sent"),
    "an out of office that does not say so": ("it is not one word that answers the question", READ),
}


def kept(desk, mail: bytes) -> bool:
    """Whether a mail is still there: as it was delivered, and in the case where it belongs to one."""
    in_case = [one.read_bytes() for one in (desk.home / "cases").glob("*/received/*/*/mail.eml")]
    return [one.read_bytes() for one in (desk.home / "Maildir/cur").iterdir()] == [mail] and in_case in ([], [mail])


def state(desk, case: str = "DSR-17") -> str:
    questions = json.loads(desk("contact", "list", "--json"))["questions"]
    return next(one["state"] for one in questions if one["case"] == case)


@pytest.mark.parametrize("name", SAID)
def test_a_bad_mail_is_said_and_lost_nowhere(desk, name):
    """It closes nothing, lies where a person reads it, and changes nothing when it is found again."""
    said, after = SAID[name]
    desk.open("deletion")
    desk("contact", "send", "DSR-17", "zoom", "deletion")
    mail = mail_of(name, desk.token())
    desk.drop(mail)
    assert said in desk("tick", code=0 if name == "an out of office" else 3)
    assert (state(desk), kept(desk, mail)) == (after, True)
    before = desk.acts()
    desk("tick", code=3 if after == READ else 0)
    assert desk.acts() == before
    assert "something is outstanding" in desk("case", "conclude", "DSR-17", code=2)


@pytest.mark.parametrize("name", FILES)
def test_a_bad_file_lies_under_our_name_and_closed(desk, name):
    """Whatever it is called or holds, it is a file of ours in the case, byte for byte, and nothing lies anywhere else."""
    desk.open()
    desk("contact", "send", "DSR-17", "zoom", "access")
    around = {one for one in desk.home.parent.rglob("*") if "received" not in str(one)}
    desk.drop(answer("DATA\n", token=desk.token(), files=FILES[name]))
    assert "answered: data, 1 file" in desk("tick")
    (file,) = (desk.home / "cases/DSR-17/received/zoom/1").glob("file-1*")
    assert file.name in ("file-1", "file-1.zip")
    assert file.read_bytes() == FILES[name][0][1]
    new = {one for one in desk.home.parent.rglob("*") if "received" not in str(one)} - around
    assert all(Path("Maildir") in (one.relative_to(desk.home), *one.relative_to(desk.home).parents) for one in new)


@pytest.mark.parametrize("change", ["", "Delivered-To: other@office.example\r\n", "Received: from mx by office; now\r\n\tid 7\r\n"])
def test_the_same_reply_twice_is_one(desk, change):
    """The same bytes, or the same mail that travelled another way: its file is in the case once."""
    desk.open()
    desk("contact", "send", "DSR-17", "zoom", "access")
    mail = answer("DATA\n", token=desk.token(), files=(("x.csv", b"a,b\n"),), Message_ID="<1@acme.example>")
    desk.drop(mail)
    desk("tick")
    before = desk.acts()
    desk.drop(change.encode() + mail, name="2")
    assert "2: DSR-17 zoom (access): was taken in before\n" in desk("tick")
    assert desk.acts() == before
    desk.drop(mail.replace(b"YSxiCg==", b"YSxjCg=="), name="3")
    assert "answered: data, 1 file" in desk("tick")


def test_a_token_leads_to_its_own_case_and_no_other(desk):
    """Two people are asked about at one owner: the token says whose data came; one who was asked only elsewhere closes nothing here."""
    desk.open()
    desk("contact", "send", "DSR-17", "zoom", "access")
    first = desk.token()
    desk("case", "new", "DSR-18", "--vendor", "zoom", stdin=PERSON.replace("mara", "tomas"))
    desk("contact", "send", "DSR-18", "zoom", "access")
    desk("contact", "send", "DSR-18", "hris", "access")
    second = next((desk.home / "cases/DSR-18/mails").glob("*zoom*")).read_text().partition("<HABEAS-")[2][:9]
    desk.drop(answer("DATA\n", token=f"HABEAS-{second}", files=(("x.csv", b"theirs\n"),)))
    assert "1: DSR-18 zoom (access): answered: data, 1 file\n" in desk("tick")
    desk.drop(answer("NONE\n", token=first, sender="hr@acme.example"), name="2")
    assert "2: DSR-17 zoom (access): its sender is not who was asked: read " in desk("tick", code=3)
    assert (state(desk), state(desk, "DSR-18")) == ("answered_text", "answered_data")
    assert not list((desk.home / "cases/DSR-17").glob("received/*/*/file-*"))


def test_who_never_got_the_mail_cannot_answer_it(desk):
    """An address from which it came back is nobody who was asked; that an older mail came back says nothing of the newer one."""
    desk.owners("owners: {zoom: {to: old@acme.example}}\n")
    desk.open()
    desk("contact", "send", "DSR-17", "zoom", "access")
    desk.drop(bounce(desk.token(), recipient="old@acme.example"))
    assert "the mail came back" in desk("tick", code=3)
    desk.owners()
    desk("contact", "send", "DSR-17", "zoom", "access")
    desk.drop(bounce(desk.token(), recipient="old@acme.example", status="5.0.0"), name="2")
    assert "says that a mail to somebody else came back" in desk("tick", code=3)
    assert state(desk) == "sent"
    desk.drop(answer("NONE\n", token=desk.token(), sender="old@acme.example"), name="3")
    assert "its sender is not who was asked" in desk("tick", code=3)
    desk.drop(answer("NONE\n", token=desk.token()), name="4")
    assert "answered: none" in desk("tick")


MORE_THAN_ONE = [
    "to: [it@acme.example, hr@acme.example]",
    'to: "it@acme.example, hr@acme.example"',
    'to: "it@acme.example hr@acme.example"',
]


@pytest.mark.parametrize("to", MORE_THAN_ONE)
def test_a_mail_has_one_recipient_so_no_server_refuses_one_of_two(desk, to):
    """Two are refused before anything is written: what one took and the other did not would be neither sent nor unsent."""
    desk.open()
    desk.owners(f"owners: {{zoom: {{{to}}}}}\n")
    assert "contacts.yaml: " in desk("contact", "send", "DSR-17", "zoom", "access", code=2)
    assert "sending" not in desk.acts()


def test_an_answer_of_a_system_that_nobody_named_is_refused(desk):
    """A slip of the keyboard would make a system that answered that it holds nothing."""
    desk.open()
    before = desk.acts()
    assert "zooom is no part of DSR-17" in desk("contact", "answer", "DSR-17", "zooom", "none", code=2)
    assert desk.acts() == before


def test_an_owner_who_is_written_twice_is_asked_by_neither_address(desk):
    """The last would count, and the letter about a person would go to whom nobody meant: the place of both is told."""
    desk.open()
    desk.owners("owners:\n  zoom: {to: old@zoom.example}\n  hris: {to: hr@acme.example}\n  zoom: {to: new@zoom.example}\n")
    told = desk("contact", "send", "DSR-17", "zoom", "access", code=2)
    assert "contacts.yaml:5:3: `zoom` is written twice; the first is in line 3" in told
    assert "sending" not in desk.acts()


NAMES = ("../x.csv", "y" * 296 + ".csv", "\u202evsc.oof\u202c.csv", "=cmd|'\u002fc calc'!A1.csv", "</script><b>.csv", "con.csv")


def test_what_files_are_called_is_shown_and_names_no_file_of_a_package(desk):
    """Whatever an owner calls them: in the bag they have names of ours, and pages and list say what they were called."""
    desk.open()
    desk("contact", "send", "DSR-17", "zoom", "access")
    desk.drop(answer("DATA\n", token=desk.token(), files=tuple((name, b"a,b\n") for name in NAMES)))
    assert "answered: data, 6 files" in desk("tick")
    desk("review", "give", "DSR-17", *(f"zoom/received/zoom/1/file-{number}.csv" for number in range(1, 7)))
    desk("package", "build", "DSR-17")
    bag = desk.home / "cases/DSR-17/releases/1/DSR-17"
    names = sorted(path.name for path in (bag / "data/zoom/files").iterdir())
    assert names == ["list.csv", *(f"received-{number:04}.csv" for number in range(1, 7))]
    assert json.loads(desk("package", "verify", str(bag), "--json", code=3))["faults"] == []
    rows = list(csv.DictReader((bag / "data/zoom/files/list.csv").read_text("utf-8-sig").splitlines()))
    assert [row["called"].removeprefix("\t") for row in rows] == [" ".join(name.split()) for name in NAMES]
    page = (bag / "read/zoom-received-files.html").read_text()
    assert ("<b>.csv" in page, "&lt;/script&gt;&lt;b&gt;.csv" in page, "\u202e" in page) == (False, True, False)
