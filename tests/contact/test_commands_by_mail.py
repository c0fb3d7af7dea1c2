"""From the question to the answer by the command line: files to send by hand, a Maildir, a moved clock; and what is refused."""

from __future__ import annotations

import json
from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import pytest

from tests.case.test_commands import ADA
from tests.contact.mails import OTHER, OWNER, answer, bounce


def test_an_access_from_the_mail_over_a_reminder_to_the_data(desk):
    """Asked, reminded once, answered with a file into the Maildir: the file is in the case under our name, and nothing is open."""
    desk.open()
    assert f"to be sent to {OWNER}" in desk("contact", "send", "DSR-17", "zoom", "access")
    mail = message_from_bytes(desk.mails()[0].read_bytes(), policy=default)
    first = mail.get_content().splitlines()[0]
    assert first == f"Please send us everything about {ADA} from Zoom, by 13 December 2026."
    assert ADA not in mail["Subject"]
    assert desk.token() in mail["Subject"]
    assert desk.token() in mail["References"]
    assert (mail["To"], mail["From"]) == (OWNER, "privacy@office.example")
    desk.drop(b"", name="none")
    (desk.home / "Maildir/new/none").unlink()
    assert desk("tick") == "DSR-17: zoom (access) written, to be sent by hand\n"
    desk.moved = timedelta(days=5)
    assert "reminder written, send it" in desk("tick")
    assert desk("tick") == "DSR-17: zoom (access) reminder written, to be sent by hand\n"
    assert (
        "This is a reminder: we asked you on 29 November 2026"
        in message_from_bytes(desk.mails()[1].read_bytes(), policy=default).get_content()
    )
    assert f"Message-ID: <{desk.token()}.2@office.example>" in desk.mails()[1].read_text()
    desk.drop(answer("DATA\n", token=desk.token(), files=(("../../etc/pass wd.csv", b"a,b\n"),)))
    assert "1: DSR-17 zoom (access): answered: data, 1 file\n" in desk("tick")
    assert desk("tick") == "DSR-17: zoom (access) answered: data\n"
    folder = desk.home / "cases/DSR-17/received/zoom/1"
    assert sorted(one.name for one in folder.iterdir()) == ["about.json", "file-1.csv", "mail.eml"]
    assert json.loads((folder / "about.json").read_text())["files"][0]["name"] == "../../etc/pass wd.csv"
    assert desk.acts()[-4:] == ["sending", "sent", "taken", "answered"]
    assert "zoom/received/zoom/1/file-1.csv" in desk("review", "list", "DSR-17", code=3)
    assert "acts, each follows" in desk("case", "check-log", "DSR-17")


def test_a_deletion_from_the_mail_to_the_letter(desk):
    """Who asks is shown first; the owner deletes, keeps something, and the letter says what and why; then the case is closed."""
    desk.open("deletion", identified=False)
    assert "who asks is not shown to be the person" in desk("contact", "send", "DSR-17", "zoom", "deletion", code=2)
    desk("case", "identified", "DSR-17", "--how", "by letter")
    assert "nobody was asked to delete" in desk("case", "show", "DSR-17")
    assert "something is outstanding" in desk("case", "conclude", "DSR-17", code=2)
    desk("contact", "send", "DSR-17", "zoom", "deletion")
    desk.drop(answer("We deleted all but the invoices.\n", token=desk.token()))
    assert "it is not one word that answers the question: read " in desk("tick", code=3)
    assert "answered by mail, to be read (deletion)" in desk("case", "show", "DSR-17")
    assert "something is outstanding" in desk("case", "conclude", "DSR-17", code=2)
    assert "belong together" in desk("contact", "answer", "DSR-17", "zoom", "deleted", "--kept", "invoices.", code=2)
    words = ("--kept", "invoices of 2024.", "--why", "tax law asks for them until 2034.")
    assert "habeas case conclude DSR-17" in desk("contact", "answer", "DSR-17", "zoom", "deleted", *words)
    desk("case", "conclude", "DSR-17")
    (letter,) = (desk.home / "cases/DSR-17/letters").glob("*-conclude.txt")
    said = "* Zoom: your data was deleted, except for this: invoices of 2024. The reason: tax law asks for them until 2034."
    assert said in letter.read_text().splitlines()
    assert json.loads(desk("case", "show", "DSR-17", "--json"))["state"] == "closed"


CONCLUDED = {
    "deleted": (("answer", "DSR-17", "zoom", "deleted"), "* Zoom: your data was deleted."),
    "none": (("answer", "DSR-17", "zoom", "none"), "* Zoom: no data about you was found."),
    "declined": (("answer", "DSR-17", "zoom", "declined"), None),
    "stopped": (("stop", "DSR-17", "zoom"), None),
}


@pytest.mark.parametrize("name", CONCLUDED)
def test_a_letter_says_only_what_an_owner_said(desk, name):
    """Nothing is said to be deleted where an owner declined or was not asked to the end: the person is told what was decided."""
    words, said = CONCLUDED[name]
    desk.open("deletion")
    desk("contact", "send", "DSR-17", "zoom", "deletion")
    desk("contact", *words)
    if said is None:
        assert "something is outstanding" in desk("case", "conclude", "DSR-17", code=2)
        desk("case", "excuse", "DSR-17", "zoom", "--say", "Zoom keeps it for a lawsuit.")
    desk("case", "conclude", "DSR-17")
    (letter,) = (desk.home / "cases/DSR-17/letters").glob("*-conclude.txt")
    assert (said or "* Zoom: Zoom keeps it for a lawsuit.") in letter.read_text().splitlines()
    assert ("deleted" in letter.read_text()) is (name == "deleted")


def mail_of(name: str, token: str) -> bytes:
    """Give a mail that must close nothing."""
    return {
        "a stranger with the token": answer("NONE\n", sender="eve@evil.example", token=token),
        "a colleague of the owner": answer("NONE\n", sender="bob@acme.example", token=token),
        "the owner without the token": answer("NONE\n", token=""),
        "the token of another case": answer("NONE\n", token=OTHER),
        "two tokens": answer("NONE\n", token=token, In_Reply_To=f"<{OTHER}.1@x>"),
        "an out of office": answer("NONE\n", token=token, Auto_Submitted="auto-replied"),
        "not deleted": answer("not deleted\n", token=token),
        "deleted, and access was asked": answer("DELETED\n", token=token),
        "data without a file": answer("DATA\n", token=token),
        "none with a file": answer("NONE\n", token=token, files=(("x.csv", b"a"),)),
        "a bounce": bounce(token),
        "a bounce of somebody else": bounce(token, recipient="hr@acme.example"),
        "a delay": bounce(token, action="delayed", status="4.4.1"),
        "an encrypted one": answer("NONE\n", token=token).replace(b"text/plain", b"application/pkcs7-mime"),
    }[name]


TO_READ = {
    "a stranger with the token": ("answered_text", "its sender is not who was asked: read "),
    "a colleague of the owner": ("answered_text", "its sender is not who was asked: read "),
    "the owner without the token": ("sent", "comes from an address that was asked in DSR-17 zoom (access), without its token"),
    "the token of another case": ("sent", "comes from an address that was asked in DSR-17"),
    "two tokens": ("sent", "holds 2 tokens (DSR-17 zoom (access)): nothing was taken in"),
    "an out of office": ("sent", "an automatic reply, which answers nothing"),
    "not deleted": ("answered_text", "it is not one word that answers the question"),
    "deleted, and access was asked": ("answered_text", "it is not one word that answers the question"),
    "data without a file": ("answered_text", "it is not one word that answers the question"),
    "none with a file": ("answered_text", "it is not one word that answers the question"),
    "a bounce": ("bounced", "the mail came back"),
    "a bounce of somebody else": ("sent", "says that a mail to somebody else came back"),
    "a delay": ("sent", "delayed, and tries on"),
    "an encrypted one": ("answered_text", "it is encrypted"),
}


@pytest.mark.parametrize("name", TO_READ)
def test_what_closes_nothing_is_said_and_blocks(desk, name):
    """Whatever is not the token and the sender and one whole word leaves the question open; the same mail twice changes nothing."""
    state, words = TO_READ[name]
    desk.open()
    desk("contact", "send", "DSR-17", "zoom", "access")
    file = desk.home / "mail.eml"
    file.write_bytes(mail_of(name, desk.token()))
    code = 0 if name in ("an out of office", "a delay") else 3
    assert words in desk("contact", "ingest", str(file), code=code)
    assert json.loads(desk("contact", "list", "--json"))["questions"][0]["state"] == state
    assert "(access)" in "".join(json.loads(desk("case", "show", "DSR-17", "--json"))["blocks"])
    before = desk.acts()
    again = desk.habeas("contact", "ingest", str(file))
    assert again.returncode in (0, 3)
    assert desk.acts() == before


@pytest.mark.parametrize("word", ["NONE", "DATA"])
def test_a_file_that_was_too_large_to_take_closes_nothing(desk, monkeypatch, word):
    """`NONE` beside a file is no NONE, also where that file was left in the mail; and data of which a part was left out is not all of it."""
    monkeypatch.setattr("engine.contact.reading.LARGEST", 10)
    desk.open()
    desk("contact", "send", "DSR-17", "zoom", "access")
    files = (("big.csv", b"a" * 11), *([("small.csv", b"a,b\n")] if word == "DATA" else []))
    (desk.home / "mail.eml").write_bytes(answer(f"{word}\n", token=desk.token(), files=files))
    told = desk("contact", "ingest", str(desk.home / "mail.eml"), code=3)
    assert "it is not one word that answers the question" in told
    assert "an attachment is larger than 50 MB: it is in received/zoom/1/mail.eml only" in told
    assert json.loads(desk("contact", "list", "--json"))["questions"][0]["state"] == "answered_text"


def test_a_stranger_after_the_answer_changes_nothing(desk):
    """The answer stands; the mail is kept, and said to be read."""
    desk.open()
    desk("contact", "send", "DSR-17", "zoom", "access")
    desk.drop(answer("NONE\n", token=desk.token()))
    assert "answered: none" in desk("tick")
    desk.drop(answer("DATA\n", token=desk.token(), sender="eve@evil.example", files=(("x.csv", b"a"),)), name="2")
    assert "its sender is not who was asked" in desk("tick", code=3)
    assert desk.acts()[-1] == "noted"
    assert json.loads(desk("contact", "list", "--json"))["questions"][0]["state"] == "answered_none"
    assert json.loads(desk("case", "show", "DSR-17", "--json"))["vendors"]["zoom"]["files"] == []


def test_who_is_late_blocks_or_is_passed_over_and_told(desk):
    """A mail that a server took may be passed over, with a sentence for the person; one sent by hand only blocks."""
    desk.owners(f"owners: {{zoom: {{to: {OWNER}, access: {{late: skip, due: 3d}}}}}}\n")
    desk.open()
    desk("contact", "send", "DSR-17", "zoom", "access")
    desk.drop(b"")
    desk.moved = timedelta(days=3)
    assert "the release waits" in desk("tick", code=3)
    before = desk.acts()
    assert "zoom (access) blocked" in desk("tick", code=3)
    assert desk.acts() == before
    assert "did not answer in time (access)" in desk("case", "show", "DSR-17")


def test_a_clock_that_was_set_back_asks_for_nothing(desk):
    """Before the question was asked no time has passed."""
    desk.open()
    desk("contact", "send", "DSR-17", "zoom", "access")
    desk.drop(b"")
    (desk.home / "Maildir/new/1").unlink()
    desk.moved = timedelta(days=-400)
    assert desk("tick") == "DSR-17: zoom (access) written, to be sent by hand\n"
    assert len(desk.mails()) == 1


REFUSED = [
    (("send", "DSR-17", "slack", "access"), "write `owners: {slack: {to: ADDRESS}}` into "),
    (("send", "DSR-17", "nosuch", "access"), "nosuch has no spec, and no owner of it is named: write `owners: {nosuch: {to: ADDRESS}}`"),
    (("send", "DSR-17", "../x", "access"), "the name of a vendor or system holds"),
    (("send", "DSR-17", "zoom", "rectification"), "write access or deletion"),
    (("send", "DSR-17", "zoom", "deletion"), "the access at zoom comes first"),
    (("show", "DSR-17", "zoom"), "was asked nothing by mail"),
    (("stop", "DSR-17", "zoom"), "was asked nothing by mail"),
    (("answer", "DSR-17", "zoom", "maybe"), "write data, none, deleted, declined"),
    (("answer", "DSR-17", "zoom", "data"), "`data` without a file"),
    (("answer", "DSR-17", "zoom", "deleted"), "answers no question about access"),
    (("ingest", "/nowhere.eml"), "is no file"),
    (("ingest", "/nowhere.csv"), "say whose, --case REF --vendor VENDOR"),
    (("ingest", "/"), "is no Maildir"),
]


@pytest.mark.parametrize(("words", "said"), REFUSED, ids=lambda one: " ".join(one) if isinstance(one, tuple) else None)
def test_what_cannot_be_is_refused_with_what_to_do(desk, words, said):
    """Nothing was sent, and nothing stands in the log."""
    desk.open()
    before = desk.acts()
    assert said in desk("contact", *words, code=2)
    assert desk.acts() == before
    assert desk.mails() == []


BOOKS = [
    ("owners: {zoom: {to: nobody}}\n", "owners.zoom: `to` is not an e-mail address"),
    ("owners: {Zoom: {}}\n", "owners.Zoom: the name of a system"),
    ("owners: {zoom: {tos: x}}\n", "owners.zoom: `tos` is no word here: did you mean `to`?; docs/contact.md"),
    ("owners: {zoom: {1: x}}\n", "owners.zoom: `1` is no word here: known here: access, deletion, language, title, to; docs/contact.md"),
    ("owners: {zoom: {access: {remain: 3d}}}\n", "owners.zoom.access: `remain` is no word here"),
    ("owners: {zoom: {access: 3d}}\n", "owners.zoom: `access` is not what it should be; docs/contact.md"),
    ("owners: {zoom: {language: no}}\n", "owners.zoom: `language` is not what it should be: put a text in quotes; docs/contact.md"),
    ("owners: {zoom: }\n", "owners.zoom holds to, title, language, access, deletion, each with a colon behind it; docs/contact.md"),
    ("owners: [zoom]\n", "the file: `owners` is not what it should be; docs/contact.md"),
    ("owner: {zoom: {to: a@b.example}}\n", "the file: `owner` is no word here: did you mean `owners`?"),
    ("smtp: {port: 25}\n", "smtp: `host` is missing"),
    ("smtp: {host: a, port: many}\n", "smtp: `port` is not what it should be"),
    ("owners: {zoom: {language: fr}}\n", "owners.zoom.language: there are en, de"),
    ("owners: {zoom: {access: {due: soon}}}\n", "owners.zoom.access.due: `soon` is no span of time"),
    ("owners: [\n", "contacts.yaml:3:1: no YAML"),
    ("smtp: {host: mail.acme.example, security: none}\n", "smtp.security: `none` is for a server on this machine only"),
]


@pytest.mark.parametrize(("text", "said"), BOOKS)
def test_a_mistake_in_contacts_yaml_is_said(desk, text, said):
    """Where it stands, and what may stand there; nothing is sent."""
    desk.open()
    desk.owners(text)
    assert said in desk("contact", "send", "DSR-17", "zoom", "access", code=2)


def test_an_owner_in_the_house_is_asked_in_german_by_the_operator_s_own_letter(desk):
    """A system without a spec has an owner, a language and a text of its own; the subject has the token all the same."""
    desk.open()
    desk("contact", "send", "DSR-17", "hris", "access")
    text = message_from_bytes(desk.mails()[0].read_bytes(), policy=default).get_content()
    assert text.startswith(f"Bitte schicken Sie uns bis zum 13. Dezember 2026 alles, was bei the HR system über {ADA} gespeichert ist.")
    (desk.home / "letters/de").mkdir(parents=True)
    (desk.home / "letters/de/ask_access.txt").write_text("Subject: Auskunft\n\nBitte <ASKED_FOR> zu <SUBJECT>.\n")
    desk("contact", "send", "DSR-17", "hris", "access", "--again")
    mail = message_from_bytes(desk.mails()[1].read_bytes(), policy=default)
    assert mail["Subject"] == f"Auskunft ({desk.token()})"
    assert mail.get_content().splitlines() == [f"Bitte alles zu {ADA}."]


def test_a_file_that_an_owner_gave_by_hand_is_an_answer(desk, tmp_path):
    """Taken in through the same review; the log says who answered, and no name, address or token of the person."""
    (tmp_path / "export.csv").write_text("a,b\n")
    desk.open()
    desk("contact", "send", "DSR-17", "zoom", "access")
    desk("contact", "ingest", str(tmp_path / "export.csv"), "--case", "DSR-17", "--vendor", "zoom")
    assert desk.acts()[-2:] == ["taken", "answered"]
    shown = desk("contact", "show", "DSR-17", "zoom")
    assert "DSR-17 zoom (access): answered: data" in shown
    log = (desk.home / "cases/DSR-17/log.jsonl").read_text()
    assert not any(one in log + shown for one in (ADA, "Lindqvist", OWNER))


def test_a_case_to_practise_with_sends_nothing(desk):
    """Its mails are files, whatever contacts.yaml says."""
    desk.owners(port=1)
    desk("case", "new", "DSR-17", "--simulated", "--vendor", "zoom", stdin="email: a@example.com\n")
    assert "Written, to be sent to" in desk("contact", "send", "DSR-17", "zoom", "access")
