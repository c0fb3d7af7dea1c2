"""From sent over reminded to answered, with a real mail server, a Maildir and a moved clock; and what is true of a question at any time."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from engine.catalogue import load
from tests.case.test_commands import PERSON
from tests.contact.mail_server import Kept, mail_server
from tests.contact.mails import OWNER, answer, bounce

PURPOSES = {
    "access": ("DATA\n", (("x.csv", b"a,b\n"),), "answered: data, 1 file", "answered_data"),
    "deletion": ("DELETED\n", (), "answered: deleted", "answered_deleted"),
}


def listed(desk) -> dict[str, object]:
    """Give the only question."""
    (found,) = json.loads(desk("contact", "list", "--json"))["questions"]
    return found


def told(desk) -> str:
    """Give what `contact list` says of the state of the only question."""
    return desk("contact", "list").splitlines()[-1]


@pytest.mark.parametrize("purpose", PURPOSES)
def test_from_sent_over_reminded_to_answered(desk, purpose):
    """Each mail leaves once and when it is due, in a thread of its own; the answer closes the question, and a deletion ends in its letter."""
    word, files, said, state = PURPOSES[purpose]
    desk.open(purpose)
    with mail_server(kept := Kept()) as port:
        desk.owners(port=port)
        assert f"Sent to {OWNER}." in desk("contact", "send", "DSR-17", "zoom", purpose)
        assert listed(desk)["state"] == "sent"
        desk.drop(b"").joinpath("new/1").unlink()
        for days, line in ((4, "sent"), (5, "reminder sent"), (6, "reminded"), (10, "reminder sent"), (13, "reminded")):
            desk.moved = timedelta(days=days)
            assert desk("tick") == f"DSR-17: zoom ({purpose}) {line}\n"
            desk("tick")
        assert listed(desk)["state"] == "reminded"
        desk.drop(answer(word, token=desk.token(), files=files))
        assert f"1: DSR-17 zoom ({purpose}): {said}\n" in desk("tick")
        desk.moved = timedelta(days=300)
        assert said.partition(",")[0] in desk("tick")
    assert (len(kept.mails), set(kept.recipients), listed(desk)["state"]) == (3, {OWNER}, state)
    assert len({mail.split(b"Message-ID: ")[1].split(b"\r\n")[0] for mail in kept.mails}) == 3
    assert "each follows the one before" in desk("case", "check-log", "DSR-17")
    if purpose == "deletion":
        desk("case", "conclude", "DSR-17")
        (letter,) = (desk.home / "cases/DSR-17/letters").glob("*-conclude.txt")
        assert "* Zoom: your data was deleted." in letter.read_text()
        assert desk("tick") == ""


def test_the_list_says_what_is_true_now_whether_or_not_time_was_asked(desk):
    """Late is late without a tick, and no more when the clock is set back; a reminder that is due is said; a file is not said to be sent."""
    desk.open()
    with mail_server(Kept()) as port:
        desk.owners(port=port)
        desk("contact", "send", "DSR-17", "zoom", "access")
    before = desk.acts()
    for days, words, is_late in ((0, "sent", False), (5, "sent, a reminder is due", False), (14, "sent, late", True), (-9, "sent", False)):
        desk.moved = timedelta(days=days)
        assert told(desk).split(maxsplit=3)[3].rsplit(maxsplit=2) == [words, "2026-11-29", "2026-12-13"]
        assert (listed(desk)["late"], listed(desk)["reminder_due"]) == (is_late, "reminder" in words)
        assert f"DSR-17 zoom (access): {words}, due 2026-12-13\n" in desk("contact", "show", "DSR-17", "zoom")
    assert desk.acts() == before
    desk.moved = timedelta(days=14)
    desk.drop(b"")
    desk("tick", code=3)
    assert "blocked, late" in told(desk)
    desk("contact", "answer", "DSR-17", "zoom", "none")
    assert (listed(desk)["late"], listed(desk)["due"]) == (False, None)


def test_what_was_not_sent_has_no_day_and_what_is_sent_by_hand_is_called_so(desk):
    """A mail that no server took is nobody's delay; whether a file was sent nobody knows, and the case says that."""
    desk.open()
    with mail_server(Kept(refused=OWNER)) as port:
        desk.owners(port=port)
        desk("contact", "send", "DSR-17", "zoom", "access", code=3)
    assert (listed(desk)["state"], listed(desk)["asked"], listed(desk)["due"]) == ("drafted", None, None)
    desk.owners()
    desk("contact", "send", "DSR-17", "zoom", "access")
    assert "written, to be sent by hand" in told(desk)
    assert "zoom: a mail to be sent by hand was written, no answer yet (access)" in desk("case", "show", "DSR-17")


def test_an_owner_who_is_named_no_more_is_said(desk):
    """Until when an answer is due is not known then, and that is told rather than left out."""
    desk.open()
    desk("contact", "send", "DSR-17", "hris", "access")
    desk.owners(f"owners: {{zoom: {{to: {OWNER}}}}}\n")
    assert "DSR-17 hris (access): until when is not known: hris has no spec" in desk("contact", "list", code=2)


def test_a_case_that_ended_waits_for_nobody(desk):
    """Its question is not late, and a mail that comes all the same is said once, to be read, and stays in the Maildir."""
    desk.open()
    desk("contact", "send", "DSR-17", "zoom", "access")
    desk("case", "withdraw", "DSR-17")
    desk.moved = timedelta(days=99)
    assert (listed(desk)["late"], listed(desk)["due"]) == (False, None)
    before = desk.acts()
    desk.drop(answer("NONE\n", token=desk.token()))
    assert "1: DSR-17 zoom (access): the case is withdrawn, so nothing was taken in, read it" in desk("tick", code=3)
    assert desk("tick") == ""
    assert (desk.acts(), [one.name for one in (desk.home / "Maildir/cur").iterdir()]) == (before, ["1:2,FS"])


def skipped(desk) -> None:
    """Ask for a deletion that nobody answers in time, and pass over it."""
    desk.open("deletion")
    with mail_server(Kept()) as port:
        desk.owners(f"owners: {{zoom: {{to: {OWNER}, deletion: {{late: skip, due: 3d}}}}}}\n", port=port)
        desk("contact", "send", "DSR-17", "zoom", "deletion")
    desk.drop(b"").joinpath("new/1").unlink()
    desk.moved = timedelta(days=3)
    assert "goes on without" in desk("tick")
    assert "habeas case conclude" in desk("case", "show", "DSR-17")


AFTER = {
    "deleted": (answer, {"text": "DELETED\n"}, None, "* Zoom: your data was deleted."),
    "none": (answer, {"text": "NONE\n"}, None, "* Zoom: no data about you was found."),
    "a text": (answer, {"text": "We keep the invoices.\n"}, "answered by mail, to be read", None),
    "a stranger": (answer, {"text": "DELETED\n", "sender": "eve@evil.example"}, "answered by mail, to be read", None),
    "a bounce": (bounce, {}, "could not be reached by mail", None),
}


@pytest.mark.parametrize("name", AFTER)
def test_what_comes_after_the_time_goes_before_that_no_answer_came(desk, name):
    """The letter never says that nobody answered where somebody did, or was never reached: it waits for who reads it."""
    made, words, waits, said = AFTER[name]
    skipped(desk)
    desk.drop(made(**words, token=desk.token()))
    desk("tick", code=3 if waits else 0)
    if waits:
        assert waits in desk("case", "show", "DSR-17")
        desk("case", "conclude", "DSR-17", code=2)
        return
    desk("case", "conclude", "DSR-17")
    (letter,) = (desk.home / "cases/DSR-17/letters").glob("*-conclude.txt")
    assert said in letter.read_text().splitlines()
    assert "no answer in time" not in letter.read_text()


def test_who_was_passed_over_and_is_asked_anew_is_waited_for(desk):
    """Another mail makes it a question again."""
    skipped(desk)
    desk("contact", "send", "DSR-17", "zoom", "deletion", "--again", "--eml")
    assert "no answer yet (deletion)" in desk("case", "show", "DSR-17")


def test_what_is_kept_is_not_forgotten_by_a_later_word(desk, tmp_path):
    """`DELETED` after a person recorded what is kept is to be read; a file that comes later changes nothing of the letter."""
    desk.open("deletion")
    desk("contact", "send", "DSR-17", "zoom", "deletion")
    kept = ("--kept", "invoices.", "--why", "tax law.")
    desk("contact", "answer", "DSR-17", "zoom", "deleted", *kept)
    desk.drop(answer("DELETED\n", token=desk.token()))
    desk("tick", code=3)
    assert "answered by mail, to be read (deletion)" in desk("case", "show", "DSR-17")
    desk("contact", "answer", "DSR-17", "zoom", "deleted", *kept)
    (tmp_path / "export.csv").write_text("a,b\n")
    desk("contact", "ingest", str(tmp_path / "export.csv"), "--case", "DSR-17", "--vendor", "zoom")
    desk("case", "conclude", "DSR-17")
    (letter,) = (desk.home / "cases/DSR-17/letters").glob("*-conclude.txt")
    assert "except for this: invoices. The reason: tax law." in letter.read_text()


def test_a_reviewer_sees_what_may_hide_something(desk):
    """Office files, archives and attached mails are flagged in the list, all of them and first, and stay closed; each waits for a decision."""
    desk.open()
    desk("contact", "send", "DSR-17", "zoom", "access")
    office, bomb = b"PK\x03\x04" + b"x" * 20 + b"[Content_Types].xml", b"PK\x03\x04" + b"\x00" * 1000
    plain = tuple((f"{number}.csv", b"a,b\n") for number in range(12))
    desk.drop(
        answer(
            "DATA\n",
            token=desk.token(),
            files=(*plain, ("x.docx", office), ("bomb.zip", bomb), ("old.doc", b"\xd0\xcf\x11\xe0"), ("thread.eml", b"From: x\r\n\r\nx")),
        )
    )
    taken = desk("tick")
    assert "file-13.docx: may hold hidden data\n" in taken
    shown = [line for line in desk("review", "list", "DSR-17", code=3).splitlines() if line.startswith("file to decide: ")]
    assert shown[:4] == [
        "file to decide: zoom/received/zoom/1/file-13.docx (may hold hidden data)",
        "file to decide: zoom/received/zoom/1/file-14.zip (an archive: it stays closed)",
        "file to decide: zoom/received/zoom/1/file-15.doc (may hold hidden data)",
        "file to decide: zoom/received/zoom/1/file-16.eml (a mail: it may hold files)",
    ]
    assert "16 files" in desk("review", "list", "DSR-17", code=3)
    body = json.loads(desk("review", "list", "DSR-17", "--json", code=3))
    assert body["notes"]["zoom/received/zoom/1/file-14.zip"] == "an archive: it stays closed"
    assert len(body["notes"]) == 4
    assert len(body["files"]) == 16
    assert (desk.home / "cases/DSR-17/received/zoom/1/file-14.zip").read_bytes() == bomb


def test_the_operator_s_address_goes_before_the_published_one(desk):
    """GitHub publishes an address with its source; contacts.yaml overrides it; a spec without one refuses and names the line to write."""
    desk.open()
    published = load("github").direct_contact["access"]
    assert published.source
    desk("contact", "send", "DSR-17", "github", "access")
    assert f"To: {published.to}" in desk.mails()[-1].read_text()
    desk.owners("owners: {github: {to: it@acme.example}}\n")
    desk("contact", "send", "DSR-17", "github", "access", "--again")
    assert "To: it@acme.example" in desk.mails()[-1].read_text()
    assert "write `owners: {slack: {to: ADDRESS}}`" in desk("contact", "send", "DSR-17", "slack", "access", code=2)


def test_the_access_comes_before_the_deletion_unless_said_otherwise(desk):
    """In a case about access and in one about deletion: an open access refuses the deletion, an answered one does not."""
    desk.open()
    deletion = ("contact", "send", "DSR-17", "zoom", "deletion")
    assert "the access at zoom comes first" in desk(*deletion, code=2)
    desk("contact", "send", "DSR-17", "zoom", "access")
    assert "the access at zoom comes first" in desk(*deletion, code=2)
    desk("contact", "answer", "DSR-17", "zoom", "none")
    assert "Written, to be sent to" in desk(*deletion)
    desk("case", "new", "DSR-18", "--right", "deletion", "--vendor", "zoom", "--vendor", "hris", stdin=PERSON)
    desk("case", "identified", "DSR-18", "--how", "by letter")
    desk("contact", "send", "DSR-18", "zoom", "access")
    assert "the access at zoom comes first" in desk("contact", "send", "DSR-18", "zoom", "deletion", code=2)
    desk("contact", "send", "DSR-18", "zoom", "deletion", "--before-access")
    desk("contact", "send", "DSR-18", "hris", "deletion")
