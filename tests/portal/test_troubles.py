"""What happens to a case while its pages are open: on every page there is an answer that says what, and nothing is lost or half written."""

from __future__ import annotations

import errno
import hashlib
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.case.acts import Identified
from engine.portal.addresses import PAGES
from tests.case.acts_kit import NOW
from tests.case.package_kit import built, give_all, open_here
from tests.portal.served import TOKEN
from tests.portal.test_acting import AT, asked
from tests.portal.test_record import SHA256
from tests.portal.test_values import looked

NAMES = {"reference": "DSR-17", "vendor": "zoom", "endpoint": "phone_call_history", "number": "1", "path:.+": "index.html"}
OF_A_CASE = [path for path in PAGES if path.startswith("/case/")]
OF_MANY = [path for path in PAGES if not path.startswith("/case/")]


def address(path: str) -> str:
    """Fill in the address of a page."""
    return re.sub(r"\{([^}]+)\}", lambda found: NAMES[found[1]], path)


def vanish(folder: Path) -> None:
    """Somebody moves the folder away."""
    folder.rename(folder.parent.parent / "away")


def lose_log(folder: Path) -> None:
    """Somebody moves the log away."""
    (folder / "log.jsonl").unlink()


def tamper(folder: Path) -> None:
    """Somebody changes a word of the log."""
    log = folder / "log.jsonl"
    log.write_bytes(log.read_bytes().replace(b"gdpr", b"ccpa"))


def cut(folder: Path) -> None:
    """Somebody takes the last line of the log away."""
    log = folder / "log.jsonl"
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:-1]))


def from_the_future(folder: Path) -> None:
    """A newer Habeas wrote an act that this one does not know."""
    log = folder / "log.jsonl"
    last = hashlib.sha256(log.read_bytes().splitlines()[-1]).hexdigest()
    n = len(log.read_bytes().splitlines()) + 1
    log.write_bytes(log.read_bytes() + f'{{"n":{n},"at":"2026-11-30T12:00:00Z","by":"x","did":"teleported","prev":"{last}"}}\n'.encode())


def be_a_link(folder: Path) -> None:
    """Somebody puts a link to another file in the place of the log."""
    log = folder / "log.jsonl"
    log.rename(folder.parent.parent / "log")
    log.symlink_to(folder.parent.parent / "log")


TROUBLES: list[tuple[Callable[[Path], None], str]] = [
    (vanish, "there is no case DSR-17"),
    (lose_log, "log.jsonl is missing"),
    (tamper, "log.jsonl:"),
    (cut, "were written"),
    (from_the_future, "a newer Habeas wrote it"),
    (be_a_link, "log.jsonl"),
]


def bytes_of(home: Path) -> dict[str, bytes]:
    """Give all that lies in the state folder."""
    return {str(one.relative_to(home)): one.read_bytes() for one in sorted(home.rglob("*")) if one.is_file() and "uploads" not in one.parts}


@pytest.mark.parametrize(("trouble", "says"), TROUBLES)
def test_a_case_that_cannot_be_read_is_told_on_every_page_and_takes_no_form(office, ran, trouble, says):
    """The page of each address says why, in words and with no trace of the program; a form that was open writes nothing."""
    looked(office)
    page, folder = office.see(AT), open_here(ran).folder
    trouble(folder)
    before = bytes_of(office.home)
    for path in OF_A_CASE:
        answer = office.ask("GET", address(path))
        assert (path, answer.status in (404, 422), says in answer.text) == (path, True, True)
        assert "a defect of ours" not in answer.text
        if PAGES[path][1] is not None:
            sent = office.send(address(path), page, do="identified", why="seen", undo="3")
            assert (path, sent.status in (404, 422), says in sent.text) == (path, True, True)
    assert bytes_of(office.home) == before


@pytest.mark.parametrize("trouble", [tamper, lose_log, cut])
def test_a_case_that_cannot_be_read_hides_no_other(office, ran, trouble):
    """Every page of many cases goes on, and says which one it is."""
    trouble(open_here(ran).folder)
    for path in OF_MANY:
        page = office.see(path)
        assert "a defect of ours" not in page
    for path in ("/", "/due", "/letters", "/year"):
        assert "DSR-17 cannot be read" in office.see(path)


def forms(portal, ran) -> Iterator[tuple[str, dict[str, str]]]:
    """Give a form of each page that would be taken, as somebody filled it in."""
    kind = f"{AT}/zoom/phone_call_history"
    digest = re.findall(r'name="d-([0-9a-f]{32,64})"', portal.see(f"{AT}/values"))[0]
    yield AT, {"do": "identified", "why": "passport seen"}
    yield AT, {"do": "excuse", "what": "zoom/recordings.files", "say": "Too large."}
    yield AT, {"do": "acknowledge"}
    yield AT, {"do": "withdraw"}
    yield f"{AT}/person", {"email": "new@example.org"}
    yield f"{AT}/contacts", {"do": "send", "vendor": "hris", "purpose": "access"}
    yield f"{AT}/contacts", {"do": "stop", "vendor": "payroll", "purpose": "access", "why": "sold"}
    yield f"{AT}/decide", {"target": "zoom/meetings", "operation": "hold", "because": "third_party", "note": "mine"}
    yield f"{AT}/values", {f"d-{digest}": "mask", f"r-{digest}": "third_party"}
    yield kind, {"d-1": "hold", "because": "third_party"}
    yield f"{kind}/1", {"record": SHA256.findall(portal.see(f"{kind}/1"))[0], "whole": "hold", "note": "mine"}


def test_a_full_disk_takes_no_form_of_any_page_and_keeps_what_was_typed(office, ran, monkeypatch):
    """The log cannot grow: each page says so, the case is as before, and the same form is taken once there is room."""
    book = office.home / "contacts.yaml"
    book.write_text(f"{book.read_text()}  payroll: {{to: pay@acme.example}}\n")
    asked(ran, "contact", "send", "DSR-17", "payroll", "access")
    looked(office)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    for path, fields in list(forms(office, ran)):
        page, before, there = office.see(path), open_here(ran).case.n, bytes_of(office.home)
        with monkeypatch.context() as patched:
            patched.setattr("engine.case.log._appended", full)
            sent = office.send(path, page, **fields)
        assert (path, sent.status, "the disk is full" in sent.text) == (path, 422, True)
        assert open_here(ran).case.n == before
        now = bytes_of(office.home)
        changed = {Path(name).name for name in now if now[name] != there.get(name)}
        assert changed <= {"findings.sqlite", "person.sealed"}  # a cache; and who it is, sealed again as it was
        for word in ("why", "say", "note", "email"):
            assert fields.get(word, "") in sent.text
    path, fields = AT, {"do": "identified", "why": "passport seen"}
    assert office.send(path, office.see(path), **fields).status == 303


def test_a_stale_form_of_any_page_says_who_was_faster_and_keeps_what_was_typed(office, ran):
    """Somebody acted since the page was made: nothing is written, their act is named, and the words are there still, to be sent again."""
    book = office.home / "contacts.yaml"
    book.write_text(f"{book.read_text()}  payroll: {{to: pay@acme.example}}\n")
    asked(ran, "contact", "send", "DSR-17", "payroll", "access")
    looked(office)
    stale = [(path, fields, office.see(path)) for path, fields in forms(office, ran)]
    case = open_here(ran)
    case.act(Identified(how="by a colleague"), NOW, by="ana")
    for path, fields, page in stale:
        sent = office.send(path, page, **fields)
        assert (path, sent.status) == (path, 409)
        assert f"Act {case.case.n}, by ana: Who asks was shown to be the person: by a colleague" in sent.text
        for word in ("why", "say", "note", "email"):
            assert fields.get(word, "") in sent.text
        chosen = [(name, value) for name, value in fields.items() if name.startswith("d-")]
        assert all(re.search(f'name="{name}" value="{value}" checked', sent.text) for name, value in chosen)
    assert open_here(ran).case.n == case.case.n


def test_a_full_disk_shows_every_page(office, ran, monkeypatch):
    """What was found must be written down anew and cannot be: each page is one still, and those that need it say why."""
    looked(office)
    usual = {path: office.ask("GET", address(path)).status for path in PAGES}
    (open_here(ran).folder / "findings.sqlite").unlink()
    before = bytes_of(office.home)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("engine.case.findings_tables.locked", full)
    needing = set()
    for path in PAGES:
        answer = office.ask("GET", address(path))
        assert (path, answer.status in (200, 404, 422), "a defect of ours" in answer.text) == (path, True, False)
        if answer.status != usual[path]:
            assert (path, answer.status, "the disk is full" in answer.text) == (path, 422, True)
            needing.add(path)
    assert {"/case/{reference}/values", "/case/{reference}/{vendor}/{endpoint}", "/case/{reference}/search"} <= needing
    assert not needing & set(OF_MANY)
    assert bytes_of(office.home) == before


def test_a_full_disk_takes_no_form_of_the_pages_of_many_cases(office, ran, monkeypatch):
    """No case is half opened, no key half made, no mail half taken in: the page says so, and the same form is taken once there is room."""

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    sent_forms = {
        "/new": {
            "reference": "DSR-18",
            "received": "2026-11-29",
            "regime": "gdpr",
            "language": "en",
            "right": "access",
            "email": "n@example.org",
        },
        "/signatures": {"do": "key"},
    }
    for path, fields in sent_forms.items():
        page, before = office.see(path), bytes_of(office.home)
        with monkeypatch.context() as patched:
            patched.setattr("engine.connection.private_files.write_new", full)
            sent = office.send(path, page, **fields)
        assert (path, sent.status, "the disk is full" in sent.text) == (path, 422, True)
        assert bytes_of(office.home) == before
        assert fields.get("email", "") in sent.text
        assert office.send(path, page, **fields).status == 303


def test_a_full_disk_approves_and_releases_nothing(desk, ran, monkeypatch):
    """The package lies there as it was, none is sealed, and the act can be done once there is room."""
    (desk.home / "office.yaml").write_text("controller: Acme AB\ncontact: privacy@acme.example\n")
    give_all(ran)
    built(ran)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = f"{AT}/package"
    for act, fields in (("approve", {"also_given": "yes"}), ("release", {"seal": "page"})):
        page, before = desk.see(path), open_here(ran).case.n
        told = {"do": act, **fields, "package": (re.findall(r'name="package" value="([0-9a-f]{64})"', page) or [""])[0]}
        with monkeypatch.context() as patched:
            patched.setattr("engine.case.log._appended", full)
            sent = desk.send(path, page, **told)
        assert (act, sent.status, "the disk is full" in sent.text) == (act, 422, True)
        assert open_here(ran).case.n == before
        assert desk.send(path, desk.see(path), **told).status in (200, 303)
    assert open_here(ran).case.state == "released"


def test_a_state_folder_that_vanishes_is_told(desk):
    """Each page is one still, and a form that was open makes nothing anew."""
    page = desk.see(AT)
    shutil.move(desk.home, desk.home.with_name("away"))
    for path in PAGES:
        answer = desk.ask("GET", address(path))
        assert (path, answer.status in (200, 404, 422), "a defect of ours" in answer.text) == (path, True, False)
    assert TOKEN.findall(page)
    assert desk.send(AT, page, do="identified", why="x").status == 404
    assert not (desk.home / "cases").exists()


@pytest.mark.parametrize("path", [f"{AT}/contacts", "/letters", "/new"])
def test_a_page_that_a_broken_file_stops_still_leads_to_the_others(office, path):
    """A wrong word in contacts.yaml is told in our words, and the way to the cases stands above it as on every page."""
    (office.home / "contacts.yaml").write_text("owners: {hris: {tos: hr@acme.example}}\n")
    page = office.ask("GET", path)
    assert (page.status, "owners.hris: <code>tos</code> is no word here: did you mean <code>to</code>?" in page.text) == (422, True)
    assert '<nav aria-label="Habeas">' in page.text
    assert office.send("/leave", page.text).status == 200
