"""Every act of the shell is a form of the portal, through the same function, as the same line of the log."""

from __future__ import annotations

import errno
import json
import re
import shutil
from datetime import timedelta
from typing import get_args
from urllib.parse import quote

import pytest

from engine.case import acts
from engine.case.folder import open_case
from engine.case.person import read_person
from engine.connection.vault import Vault
from engine.portal.addresses import PAGES
from engine.portal.overview_page import GROUNDS
from engine.reference.command_page import every
from tests.case.acts_kit import NOW
from tests.case.package_kit import approved, built, give_all, open_here
from tests.case.test_commands import ADA, PERSON, home_of

AT = "/case/DSR-17"
DO = 'name="do" value="{}"'
# What only looks, and what is about no case: the page that shows the same, or why there is none.
LOOKS = {
    "case list": "/",
    "case due": "/due",
    "case show": "/case/{reference}",
    "case check-log": "/case/{reference}/log",
    "review list": "/case/{reference}/values",
    "contact list": "/letters",
    "contact show": "/case/{reference}/contacts",
    "stats": "/year",
    "policy check": None,  # of a file that is being written; what a policy does to a case stands at its records and values
    "portal": None,  # which serves the pages
    "portal users": None,  # who may come in is the matter of who runs the portal, as all that follows
    "portal adduser": None,
    "portal changeuser": None,
    "portal removeuser": None,
}
RAN, DELETION, BUILT, APPROVED, RELEASED, ENDED = "ran", "deletion", "built", "approved", "released", "ended"
GROUPS = ("case", "review", "policy", "package", "contact", "portal", "tick", "purge", "stats")
# Of every act: the page whose form does it, a mark of that form, and the case in which it stands there.
FORMS = {
    "case new": ("/new", 'action="/new"', RAN),
    "case run": (f"{AT}/run", "Begin to fetch", RAN),
    "case add": (f"{AT}/contacts", DO.format("file"), RAN),
    "case name": (f"{AT}/person", 'name="email"', RAN),
    "case identified": (AT, DO.format("identified"), RAN),
    "case acknowledge": (AT, DO.format("acknowledge"), RAN),
    "case extend": (AT, DO.format("extend"), RAN),
    "case pause": ("/case/DSR-20", DO.format("pause"), DELETION),
    "case resume": ("/case/DSR-21", DO.format("resume"), DELETION),
    "case excuse": (AT, DO.format("excuse"), RAN),
    "case deny": (AT, DO.format("deny"), RAN),
    "case withdraw": (AT, DO.format("withdraw"), RAN),
    "case delivered": (AT, DO.format("deliver"), RELEASED),
    "case conclude": ("/case/DSR-20", DO.format("conclude"), DELETION),
    "case close": (AT, DO.format("close"), RELEASED),
    "contact send": (f"{AT}/contacts?ask=hris/access", DO.format("send"), RAN),
    "contact stop": (f"{AT}/contacts", DO.format("stop"), RAN),
    "contact answer": (f"{AT}/contacts", DO.format("answer"), RAN),
    "contact ingest": (f"{AT}/contacts", DO.format("mail"), RAN),
    "review hold": (f"{AT}/decide", '<option value="hold"', RAN),
    "review drop": (f"{AT}/decide", '<option value="drop"', RAN),
    "review mask": (f"{AT}/decide", '<option value="mask"', RAN),
    "review alias": (f"{AT}/decide", '<option value="alias"', RAN),
    "review give": (f"{AT}/decide", '<option value="give"', RAN),
    "review undo": (f"{AT}/decide", 'name="undo"', BUILT),
    "package build": (f"{AT}/package", 'name="do" value="build"', "decided"),
    "package approve": (f"{AT}/package", 'name="do" value="approve"', BUILT),
    "package release": (f"{AT}/package", 'name="do" value="release"', APPROVED),
    "package key": ("/signatures", 'value="key"', RAN),
    "package verify": ("/signatures", DO.format("verify"), RAN),
    "tick": ("/letters", 'name="do" value="tick"', RAN),
    "purge": ("/kept", 'name="do" value="delete"', ENDED),
}


def asked(ran, *words: str) -> None:
    """Call a command that ends well."""
    done = ran(*words)
    assert done.returncode == 0, done.stderr


def test_every_act_of_the_shell_has_a_form():
    """A command that is added and has no form makes this test fail: it stands in one of the two tables, and its page takes forms."""
    commands = {name.removeprefix("habeas ") for name, _ in every()}
    told = {name for name in commands if name.split()[0] in GROUPS} - {"case", "review", "policy", "package", "contact"}
    assert told == {*FORMS, *LOOKS}
    assert {page for page in LOOKS.values() if page} <= set(PAGES)
    for path, _, _ in FORMS.values():
        address = re.sub(r"/case/[^/?]+", "/case/{reference}", path.partition("?")[0])
        assert PAGES[address][1] is not None, path


def test_the_forms_stand_on_their_pages(office, ran):
    """In the state in which the shell would do it, the page offers it."""
    asked(ran, "contact", "send", "DSR-17", "hris", "access")
    seen: dict[str, list[str]] = {}

    def look(state: str) -> None:
        seen[state] = [name for name, (path, mark, when) in FORMS.items() if when == state and mark not in office.see(path)]

    look(RAN)
    asked(ran, "contact", "answer", "DSR-17", "hris", "none")
    give_all(ran)
    look("decided")
    built(ran)
    look(BUILT)
    approved(ran)
    look(APPROVED)
    asked(ran, "package", "release", "DSR-17", "--seal", "none")
    look(RELEASED)
    for reference in ("DSR-20", "DSR-21"):
        words = ("case", "new", reference, "--regime", "uk", "--right", "deletion", "--vendor", "zoom")
        assert ran(*words, stdin=PERSON).returncode == 0
        asked(ran, "case", "identified", reference, "--how", "by letter")
        asked(ran, "contact", "answer", reference, "zoom", "deleted")
    asked(ran, "case", "pause", "DSR-21", "--why", "a question")
    look(DELETION)
    asked(ran, "case", "withdraw", "DSR-20")
    (home_of(ran) / "office.yaml").write_text("retention: {person: 30d}\n")
    office.now += timedelta(days=40)
    look(ENDED)
    assert seen == {state: [] for state in seen}
    assert set(seen) == {when for *_, when in FORMS.values()}


def test_a_case_is_opened(office, ran):
    """The person is sealed, nothing of them stands in the log, and the same acts stand there as the shell writes."""
    fields = {
        "reference": "DSR-30",
        "received": "1 Nov 2026",
        "regime": "uk",
        "language": "de",
        "right": "access",
        "vendor": ["zoom", "hris"],
        "email": f"{ADA}\r\nmara@example.org",
        "name": " Mara   Lindqvist ",
        "address": "Street 1\r\n12345 City",
    }
    sent = office.send("/new", office.see("/new"), **fields)
    assert (sent.status, sent.headers["Location"]) == (303, "/case/DSR-30")
    person = f"email: {ADA}\nemail: mara@example.org\nname: Mara Lindqvist\naddress: Street 1\\n12345 City\n"
    words = (
        "case",
        "new",
        "DSR-31",
        "--regime",
        "uk",
        "--received",
        "2026-11-01",
        "--language",
        "de",
        "--vendor",
        "zoom",
        "--vendor",
        "hris",
    )
    assert ran(*words, stdin=person).returncode == 0
    one, two = open_here(ran, "DSR-30"), open_here(ran, "DSR-31")
    assert [type(line.act) for line in one.lines] == [type(line.act) for line in two.lines]
    assert {**json.loads((one.folder / "log.jsonl").read_text().splitlines()[0]), "reference": "", "at": "", "again": []} == {
        **json.loads((two.folder / "log.jsonl").read_text().splitlines()[0]),
        "reference": "",
        "at": "",
        "again": [],
    }
    keys = Vault(home_of(ran)).keys
    assert read_person(keys, one.folder) == read_person(keys, two.folder)
    assert "mara" not in (one.folder / "log.jsonl").read_text()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"reference": "DSR-17"}, "there is a case DSR-17 already"),
        ({"reference": "mara@example.com"}, "no @"),
        ({"reference": "../x"}, "holds letters"),
        ({"reference": ""}, "the reference is missing"),
        ({"received": "11/12/2026"}, "30 Nov 2026"),
        ({"received": "30 Feb 2026"}, "30 Nov 2026"),
        ({"received": "1 Jan 2099"}, "has not come yet"),
        ({"regime": "x"}, "none is known by this name"),
        ({"language": "x"}, "there are en, de"),
        ({"right": "x"}, "there are access, deletion"),
        ({"vendor": "nobody"}, "nobody"),
        ({"email": ""}, "the person has no identifier"),
        ({"email": "not an address"}, "address"),
        ({"phone": "12"}, ""),
    ],
)
def test_a_case_that_cannot_be_opened_keeps_what_was_typed(office, ran, wrong, says):
    """Nothing is made, the page says what does not fit, and all else that was typed is still there."""
    before = sorted((home_of(ran) / "cases").iterdir())
    fields = {
        "reference": "DSR-30",
        "received": "2026-11-01",
        "regime": "gdpr",
        "language": "en",
        "right": "access",
        "vendor": "zoom",
        "email": ADA,
        "name": "Mara Kept",
        **wrong,
    }
    sent = office.send("/new", office.see("/new"), **fields)
    assert (sent.status, says in sent.text, "Mara Kept" in sent.text) == (422, True, True)
    assert sorted((home_of(ran) / "cases").iterdir()) == before


def test_a_denial_is_counted_by_its_ground(office, ran):
    """The ground stands in the log as the shell writes it; one that is none denies nothing."""
    assert tuple(GROUNDS) == get_args(acts.Ground)
    page, n = office.see(AT), open_here(ran).case.n
    assert office.send(AT, page, do="deny", why="We could not tell.", ground="x").status == 422
    assert open_here(ran).case.n == n
    assert office.send(AT, page, do="deny", why="We could not tell.", ground="unverified").status == 303
    assert open_here(ran).lines[-1].act.ground == "unverified"


def test_the_person_gets_another_identifier(office, ran):
    """It is sealed and recorded as the shell does; one that could mean somebody else is refused, and that is recorded."""
    at = f"{AT}/person"
    assert ADA in office.see(at)
    assert office.send(at, office.see(at), email="mara@example.org", name="M. Lindqvist").status == 303
    assert "mara@example.org" in office.see(at)
    assert "M. Lindqvist" in office.see(at)
    assert isinstance(open_here(ran).lines[-1].act, acts.Named)
    assert office.send(at, office.see(at), do="ask", vendor="zoom", kind="email").status == 303
    assert [line.act for line in open_here(ran).lines[-1:]] == [acts.VendorAsked(vendor="zoom", by_kind="email")]
    n = open_here(ran).case.n
    assert office.send(at, office.see(at)).status == 422
    assert office.send(at, office.see(at), do="ask", vendor="zoom", kind="phone").status == 422
    assert open_here(ran).case.n == n
    assert office.send(at, office.see(at), email="a\u202eb@example.com").status == 422
    assert isinstance(open_here(ran).lines[-1].act, acts.IdentifierRefused)


def test_a_person_that_cannot_be_opened_is_told(office, ran):
    """The page stays a page."""
    (open_here(ran).folder / "person.sealed").unlink()
    assert "person.sealed is missing" in office.see(f"{AT}/person")


@pytest.mark.parametrize(
    ("operation", "target", "because", "shown"),
    [
        ("hold", "zoom/webinars", "not_personal", "Decided to hold all records of zoom/webinars back, since: not about them (as agreed)"),
        (
            "drop",
            "zoom/meetings.topic",
            "not_personal",
            "Decided to leave the field zoom/meetings.topic in all records out, since: not about them (as agreed)",
        ),
        ("mask", "zoom/meetings:1#/topic", "third_party", "Decided to mask /topic of the record "),
        ("give", "undecided", "known_to_them", "Decided to give every place of the value "),
    ],
)
def test_anything_is_decided_by_its_name(office, ran, operation, target, because, shown):
    """A kind, a field, a place, all that waits: the acts of the shell; and each is taken back by its number."""
    at = f"{AT}/decide"
    sent = office.send(at, office.see(at), operation=operation, target=target, because=because, note="as agreed")
    assert sent.status == 303
    page, last = office.see(at), open_here(ran).lines[-1]
    assert shown in page
    assert isinstance(last.act, acts.Decided)
    assert (last.act.operation, last.act.because, last.act.note) == (operation, because, "as agreed")
    assert office.send(at, page, undo=str(last.n)).status == 303
    assert open_here(ran).lines[-1].act == acts.Undone(act=last.n)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"target": "zoom/nothing", "operation": "hold", "because": "third_party"},
        {"target": "zoom/meetings", "operation": "burn", "because": "third_party"},
        {"target": "zoom/meetings", "operation": "give", "because": "third_party"},
        {"target": "zoom/meetings", "operation": "hold", "because": "x"},
        {"undo": "x"},
        {"undo": "1"},
        {"undo": "9" * 40},
    ],
)
def test_what_names_nothing_decides_nothing(office, ran, fields):
    """The page says what does not fit, and keeps what was typed."""
    office.send(f"{AT}/values", office.see(f"{AT}/values"), do="look")
    before = open_here(ran).case.n
    assert office.send(f"{AT}/decide", office.see(f"{AT}/decide"), **fields).status == 422
    assert open_here(ran).case.n == before


@pytest.mark.parametrize("name", ["/etc/passwd", "../x.yaml", "x.yaml", "./zoom.yaml", "Zoom"])
def test_no_form_names_a_file_of_the_machine(office, ran, name):
    """Where the shell takes a path, the portal takes a name: nothing of a file is read, and none of its lines is shown."""
    before = open_here(ran).case.n
    forms = {
        "/new": {"reference": "DSR-30", "received": "2026-11-01", "regime": "gdpr", "language": "en", "right": "access", "email": ADA},
        f"{AT}/run": {},
        f"{AT}/person": {"do": "ask", "kind": "email"},
        f"{AT}/contacts": {"do": "send", "purpose": "access"},
    }
    for path, fields in forms.items():
        sent = office.send(path, office.see(path), vendor=name, **fields)
        assert (sent.status, "begins with a letter" in sent.text, "root:" in sent.text) == (422, True, False), path
    assert "Next: send this letter" not in office.see(f"{AT}/contacts?ask={quote(name)}/access")
    assert open_here(ran).case.n == before


def test_a_stale_form_of_the_acting_pages_writes_nothing(office, ran):
    """Somebody acted since: 409, and what was typed is kept."""
    pages = {name: office.see(f"{AT}/{name}") for name in ("person", "contacts", "decide", "run")}
    open_here(ran).act(acts.Identified(how="by a colleague"), NOW, by="ana")
    before = open_here(ran).case.n
    assert ">new@example.org</textarea>" in office.send(f"{AT}/person", pages["person"], email="new@example.org").text
    told = {
        "person": {"email": "new@example.org"},
        "contacts": {"do": "send", "vendor": "hris", "purpose": "access"},
        "decide": {"target": "undecided", "operation": "give", "because": "known_to_them"},
        "run": {"vendor": "zoom"},
    }
    for name, page in pages.items():
        answer = office.send(f"{AT}/{name}", page, **told[name])
        assert (name, answer.status) == (name, 409)
        assert f"Act {before}, by ana: Who asks was shown to be the person: by a colleague" in answer.text
    upload = office.upload(f"{AT}/contacts", pages["contacts"], [("a", b"x")], do="file", vendor="payroll")
    assert upload.status == 409
    assert open_here(ran).case.n == before
    assert not (open_here(ran).folder / ".errands").exists()


def test_a_case_that_is_gone_has_no_page(office, ran):
    """Each acting page of a case whose folder vanished says that there is none."""
    page = office.see(f"{AT}/contacts")
    shutil.move(open_here(ran).folder, home_of(ran) / "away")
    for name in ("person", "run", "contacts", "decide", "preview/index.html", "sealed", "letter/x"):
        assert office.ask("GET", f"{AT}/{name}").status == 404
    assert office.upload(f"{AT}/contacts", page, [("a", b"x")], do="file", vendor="payroll").status == 404
    shutil.move(home_of(ran) / "away", home_of(ran) / "cases" / "DSR-17")
    assert open_case(home_of(ran), "DSR-17").case.n


def test_a_full_disk_takes_no_act_and_keeps_what_was_typed(office, ran, monkeypatch):
    """The log cannot grow: the page says so, the person is as before, no case is opened, and the form can be sent again."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    home, before, pages = home_of(ran), open_here(ran).case.n, {path: office.see(path) for path in (AT, f"{AT}/person", "/new")}
    person = read_person(Vault(home).keys, open_here(ran).folder)
    forms = {
        AT: {"do": "identified", "why": "passport seen"},
        f"{AT}/person": {"email": "new@example.org"},
        "/new": {
            "reference": "DSR-30",
            "received": "2026-11-01",
            "regime": "gdpr",
            "language": "en",
            "right": "access",
            "email": "new@example.org",
        },
    }
    with monkeypatch.context() as patched:
        patched.setattr("engine.case.log._appended", full)
        for path, fields in forms.items():
            sent = office.send(path, pages[path], **fields)
            assert (path, sent.status, "the disk is full" in sent.text) == (path, 422, True)
            assert [value for value in fields.values() if value in ("passport seen", "new@example.org") and value not in sent.text] == []
    assert (open_here(ran).case.n, read_person(Vault(home).keys, open_here(ran).folder)) == (before, person)
    assert not (home / "cases" / "DSR-30").exists()
    assert office.send(AT, pages[AT], **forms[AT]).status == 303


def test_a_log_that_was_tampered_with_takes_no_act(office, ran):
    """While the page was open somebody changed a line: nothing is written behind it, and the page says which line."""
    page = office.see(f"{AT}/person")
    log = open_here(ran).folder / "log.jsonl"
    log.write_bytes(log.read_bytes().replace(b"gdpr", b"ccpa"))
    before = log.read_bytes()
    for at, fields in ((f"{AT}/person", {"email": "x@example.org"}), (f"{AT}/run", {"vendor": "zoom"})):
        answer = office.send(at, page, **fields)
        assert (answer.status, "log.jsonl:" in answer.text) == (422, True)
    assert office.upload(f"{AT}/contacts", page, [("a", b"x")], do="file", vendor="payroll").status == 422
    assert log.read_bytes() == before
