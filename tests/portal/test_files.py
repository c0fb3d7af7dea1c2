"""The page of files: what came and what did not, held or given there; a file is shown without running anything, or saved."""

from __future__ import annotations

import json
import re

import pytest

from engine.case.acts import Decided
from tests.case.invented import opened_with, run_folder
from tests.case.package_kit import open_here
from tests.case.test_commands import home_of
from tests.portal.cases_kit import AT, here, lines, served_with
from tests.portal.served import ServedPortal

FILES = {
    "calls/000001-1.mp4": b"\0\0\0\x18ftypmp42" + b"film" * 100,
    "calls/000001-2.html": b"<script>alert(1)</script>",
    "calls/000001-3.txt": b"<b>words</b>",
    "calls/000001-4.svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "calls/000001-5.pdf": b"%PDF-1.7 /JavaScript",
    "calls/000001-6.bin": b"\0\1\2",
}
ROW = re.compile(r'<tr role="row">.*?</tr>', re.DOTALL)


@pytest.fixture
def filed(serve, habeas, tmp_path) -> ServedPortal:
    """Serve a case with six files."""
    return served_with(serve, habeas, tmp_path, {"calls": lines({"id": 1})}, FILES)


def key(name: str) -> str:
    """Name a file as its form does."""
    return f"acme/files/calls/{name}"


def test_every_file_is_listed_with_its_record_and_waits(filed, habeas):
    """No policy knows what stands in them; the shell counts the same."""
    page = filed.see(f"{AT}/files")
    assert "6 of 6 files wait for a decision." in page
    assert page.count(f'href="{AT}/acme/calls/1"') == 6
    assert page.count("<b>to decide</b>") == 6
    assert "Every file that a record names came." in page
    assert 'href="/case/DSR-17/files"' in filed.see(f"{AT}/values")
    assert len(json.loads(habeas("review", "list", "DSR-17", "--json").stdout)["files"]) == 6


def test_files_are_held_and_given_and_that_is_taken_back(filed, habeas):
    """Each choice is the act that the shell writes."""
    before = open_here(habeas).case.n
    one, two = key("000001-1.mp4"), key("000001-2.html")
    sent = filed.send(f"{AT}/files", filed.see(f"{AT}/files"), **{f"d-{one}": "give", f"d-{two}": "hold", f"r-{two}": "privilege"})
    assert (sent.status, sent.headers["Location"]) == (303, f"{AT}/files?p=1")
    done = [line.act for line in open_here(habeas).lines[before:] if isinstance(line.act, Decided)]
    assert [(act.operation, act.because, act.target.vendor, act.target.file) for act in done] == [
        ("give", "known_to_them", "acme", "files/calls/000001-1.mp4"),
        ("hold", "privilege", "acme", "files/calls/000001-2.html"),
    ]
    page = filed.see(f"{AT}/files")
    assert "held: confidential, with a lawyer" in page
    assert "4 of 6 files wait" in page
    undo = re.findall(r'name="undo" value="(\d+)"', page)
    assert undo == [str(before + 1), str(before + 2)]
    assert filed.send(f"{AT}/files", page, undo=undo[0]).status == 303
    assert "5 of 6 files wait" in filed.see(f"{AT}/files")


def test_all_that_wait_are_decided_at_once_but_for_those_with_a_choice_of_their_own(filed, habeas):
    """One act each, as the shell writes it; what was decided before stays as it is, and those that wait stand first."""
    one, two = key("000001-1.mp4"), key("000001-2.html")
    assert filed.send(f"{AT}/files", filed.see(f"{AT}/files"), **{f"d-{one}": "give"}).status == 303
    page, before = filed.see(f"{AT}/files"), open_here(habeas).case.n
    assert page.index("000001-2.html") < page.index("000001-1.mp4")
    assert "All 5 that wait" in page
    assert filed.send(f"{AT}/files", page, all="hold", **{"r-all": "privilege", f"d-{two}": "give"}).status == 303
    done = [line.act for line in open_here(habeas).lines[before:]]
    assert [(act.operation, act.because) for act in done] == [("give", "known_to_them"), *[("hold", "privilege")] * 4]
    assert len({act.target.file for act in done}) == 5
    page = filed.see(f"{AT}/files")
    assert "Every file is decided." in page
    assert "that wait, but for" not in page
    again = filed.send(f"{AT}/files", page, all="hold")
    assert (again.status, "no decision was chosen" in again.text) == (422, True)
    assert filed.send(f"{AT}/files", page, all="mask", **{"r-all": ""}).status == 422


def test_what_was_decided_of_files_together_is_taken_back_together(filed, habeas):
    """Whoever gave all that wait with one press takes that back with one; the page of values does not offer it as its own."""
    page = filed.see(f"{AT}/files")
    assert filed.send(f"{AT}/files", page, all="give").status == 303
    page = filed.see(f"{AT}/files")
    assert "6 files were decided together last." in page
    assert "decided together last" not in filed.see(f"{AT}/values")
    assert filed.send(f"{AT}/files", page, undo="last").status == 303
    assert "6 of 6 files wait" in filed.see(f"{AT}/files")
    assert filed.send(f"{AT}/files", filed.see(f"{AT}/files"), **{f"d-{key('000001-1.mp4')}": "give"}).status == 303
    assert "decided together last" not in filed.see(f"{AT}/files")


def test_when_only_files_wait_the_values_lead_to_them(filed, habeas):
    """The page of values names the next act; once nothing waits, it leads back to the case."""
    digests = re.findall(r'name="d-([0-9a-f]{32,64})" value="give"', filed.see(f"{AT}/values"))
    if digests:
        assert filed.send(f"{AT}/values", filed.see(f"{AT}/values"), **{f"d-{one}": "give" for one in digests}).status == 303
    assert "Next: 6 files wait for a decision" in filed.see(f"{AT}/values")
    assert filed.send(f"{AT}/files", filed.see(f"{AT}/files"), all="give").status == 303
    assert "wait for a decision" not in filed.see(f"{AT}/values")


def test_what_does_not_fit_decides_nothing_and_keeps_what_was_chosen(filed, habeas):
    """A file that is not there, an act that is none, a reason that does not go with it, an older page."""
    page, before, one = filed.see(f"{AT}/files"), open_here(habeas).case.n, key("000001-1.mp4")
    for fields in ({}, {"d-": "give"}, {"d-acme/files/calls/9.mp4": "give"}, {"d-acme/None": "give"}, {f"d-{one}": "mask"}):
        assert filed.send(f"{AT}/files", page, **fields).status == 422, fields
    sent = filed.send(f"{AT}/files", page, **{f"d-{one}": "give", f"r-{one}": "privilege"})
    assert sent.status == 422
    assert re.search(rf'name="d-{one}" value="give" checked', sent.text)
    assert '<option value="privilege" selected>' in sent.text
    assert open_here(habeas).case.n == before
    assert filed.send(f"{AT}/files", page, **{f"d-{one}": "give"}).status == 303
    assert filed.send(f"{AT}/files", page, **{f"d-{one}": "hold"}).status == 409


def test_a_file_is_shown_in_a_sandbox_or_saved(filed):
    """What could run is an attachment of no known type; what is shown runs nothing, by type and by policy."""
    for number, (name, raw) in enumerate(FILES.items(), 1):
        answer = filed.ask("GET", f"{AT}/files/acme/calls/{number}")
        assert (answer.status, answer.text) == (200, raw.decode()), name
        inline = name.endswith((".mp4", ".txt"))
        assert answer.headers["Content-Disposition"].startswith("inline; " if inline else "attachment; ")
        assert answer.headers["Content-Type"] == {"mp4": "video/mp4", "txt": "text/plain; charset=utf-8"}.get(
            name.rpartition(".")[2], "application/octet-stream"
        )
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; ")
        assert policy.endswith("; sandbox allow-same-origin" if name.endswith(".mp4") else "; sandbox")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Server"] == "habeas"
    assert "sandbox" not in filed.ask("GET", f"{AT}/files").headers["Content-Security-Policy"]


def test_a_part_of_a_film_can_be_asked_for(filed):
    """So that a browser can go to a place in it."""
    answer = filed.ask("GET", f"{AT}/files/acme/calls/1", Range="bytes=12-15")
    assert (answer.status, answer.text) == (206, "film")
    assert answer.headers["Content-Security-Policy"].endswith("; sandbox allow-same-origin")


@pytest.mark.parametrize(
    "path", ["acme/calls/7", "acme/calls/0", "acme/calls/x", "acme/../1", "zoom/calls/1", "acme/received/1", "acme/calls/%2e%2e"]
)
def test_what_is_no_file_of_the_case_is_not_sent(filed, path):
    """Only what its lists name, by number."""
    assert filed.ask("GET", f"{AT}/files/{path}").status in (403, 404)
    assert filed.ask("GET", f"{AT}/files/acme/calls/1", Cookie=None).status == 403


def test_a_file_that_is_not_the_one_that_was_taken_in_is_not_shown(filed, habeas):
    """Other bytes, another size, a link elsewhere, a pipe, none: an error that names it, and nothing hangs."""
    file = here(habeas, "files/calls/000001-3.txt")
    raw, outside = file.read_bytes(), file.with_name("outside")
    outside.write_bytes(raw)
    changes = (
        lambda: file.write_bytes(raw[::-1]),
        lambda: file.write_bytes(raw * 2),
        lambda: (file.unlink(), file.symlink_to(outside)),
        lambda: (file.unlink(), __import__("os").mkfifo(file)),
        file.unlink,
    )
    for change in changes:
        change()
        answer = filed.ask("GET", f"{AT}/files/acme/calls/3")
        assert (answer.status, "000001-3.txt is not the file that was taken in" in answer.text) == (422, True)
    file.write_bytes(raw)
    assert filed.ask("GET", f"{AT}/files/acme/calls/3").status == 200


@pytest.mark.parametrize(
    "name", ["../../../person.sealed", "files/calls/../../manifest.json", "/etc/hostname", 'files/calls/a"b', "files/x\n"]
)
def test_a_list_that_leads_elsewhere_is_refused(filed, habeas, name):
    """A list that was changed by hand opens no other file of this machine."""
    listing = here(habeas, "calls.files.jsonl")
    listing.write_bytes(lines({"record_line": 1, "number": 1, "file": name, "bytes": 10, "sha256": "0" * 64}))
    for path in ("files", "files/acme/calls/1"):
        answer = filed.ask("GET", f"{AT}/{path}")
        assert (answer.status, "is no list of files" in answer.text) == (422, True)


def test_what_did_not_come_is_told_with_its_reason(serve, habeas, tmp_path):
    """Files that failed, and those that nobody asked for; a hostile reason stays text."""
    told = lines({"record_line": 1, "number": 1, "file": None, "size_announced": 2_500_000, "reason": "<b>410</b> gone"})
    listed = {"calls.files.jsonl": told}
    folder = run_folder(tmp_path / "run", {"calls": lines({"id": 1})})
    path = folder / "acme" / "manifest.json"
    body = json.loads(path.read_text())
    for name, raw in listed.items():
        (folder / "acme" / name).write_bytes(raw)
        body["written"][name] = {"bytes": len(raw), "sha256": __import__("hashlib").sha256(raw).hexdigest()}
    body["endpoints"]["calls"]["files"] = {"found": 4, "downloaded": 0, "failed": 1}
    path.write_text(json.dumps(body))
    opened_with(habeas, folder)
    portal = serve(home_of(habeas))
    portal.enter()
    page = portal.see(f"{AT}/files")
    assert "No file came with the runs" in page
    assert "&lt;b&gt;410&lt;/b&gt; gone" in page
    assert "2.5 MB" in page
    assert "3 files were found and not asked for" in page
    assert "--vendor acme --files" in page


def test_what_an_owner_sent_waits_under_the_name_that_they_gave(filed, habeas, tmp_path):
    """It is saved under a name of ours; the owner's own is shown as text."""
    sent = tmp_path / "<img src=x>.csv"
    sent.write_text("a,b\n")
    assert habeas("case", "add", "DSR-17", str(sent), "--vendor", "hris").returncode == 0
    page = filed.see(f"{AT}/files")
    assert "&lt;img src=x&gt;.csv" in page
    assert "7 of 7 files wait" in page
    answer = filed.ask("GET", f"{AT}/files/hris/received/1")
    assert (answer.status, answer.text) == (200, "a,b\n")
    assert answer.headers["Content-Disposition"] == 'inline; filename="DSR-17-hris-file-1.csv"'
    assert "gave files, and no records" in filed.see(f"{AT}/hris")


def test_a_case_without_files_says_so(serve, habeas, tmp_path):
    """Nothing came, nothing is missing."""
    portal = served_with(serve, habeas, tmp_path, {"calls": lines({"id": 1})})
    page = portal.see(f"{AT}/files")
    assert "No file came with the runs, and no owner sent one." in page
    assert "Every file that a record names came." in page
