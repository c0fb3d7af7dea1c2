"""What owners sent, by mail or by hand: several files are one answer, all of it or nothing, and each is what came, to the byte."""

from __future__ import annotations

import re

import pytest

from engine.case import acts
from engine.portal.forms import FOLDER_FIELD
from tests.case.package_kit import bag_of, built, give_all, open_here
from tests.contact.mails import answer
from tests.portal.test_acting import AT, asked
from tests.portal.test_users import added, cheap, enter

__all__ = ["cheap"]
HERE = f"{AT}/contacts"
FILES = [("salary.csv", b"year,pay\n2026,1\n"), ("notes.txt", b"kept by hand")]


@pytest.fixture
def owed(office, ran):
    """A desk at which the owner of the HR system was asked."""
    asked(ran, "contact", "send", "DSR-17", "hris", "access")
    return office


def told(owed, **files) -> object:
    """Record by the form that the owner answered with data."""
    return owed.upload(HERE, owed.see(HERE), files.get("files", FILES), do="answer", vendor="hris", purpose="access", word="data")


def by_mail(owed, ran) -> None:
    """Let the owner answer by mail, with both files."""
    sent = next((open_here(ran).folder / "mails").glob("*.eml")).read_text()
    token = re.search(r"HABEAS-[0-9A-Z]{4}-[0-9A-Z]{4}", sent)
    assert token is not None
    mail = answer("DATA\n", sender="hr@acme.example", token=token[0], files=tuple(FILES))
    assert "2 files" in owed.upload("/letters", owed.see("/letters"), [("answer.eml", mail)], do="mail").text


def test_an_answer_with_several_files_is_one_act(owed, ran):
    """Its files and what they mean stand in the log one behind the other; each file has its own name and a folder of its own."""
    before = open_here(ran).case.n
    assert told(owed).status == 303
    done = [line.act for line in open_here(ran).lines[before:]]
    assert [type(act) for act in done] == [acts.TakenIn, acts.TakenIn, acts.OwnerAnswered]
    for number, (name, content) in enumerate(FILES, 1):
        page = owed.see(f"{AT}/contacts")
        assert name not in page
        (file,) = (open_here(ran).folder / done[number - 1].folder).glob("file-1.*")
        assert file.read_bytes() == content


def test_an_answer_whose_acts_cannot_be_written_brings_no_file(owed, ran, monkeypatch):
    """The log takes no more: neither file lies in the case, under no name, and the form can be sent again."""
    before, received = open_here(ran).case.n, open_here(ran).folder / "received"

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("engine.case.log._appended", full)
        failed = told(owed)
    assert (failed.status, "disk" in failed.text) == (422, True)
    assert open_here(ran).case.n == before
    assert [one for one in received.rglob("*") if one.is_file()] == []
    assert open_here(ran).strays() == []
    assert told(owed).status == 303


def test_files_without_an_answer_are_one_act_too(owed, ran):
    """Of a system that nobody wrote to: all of them, or none."""
    before = open_here(ran).case.n
    assert owed.upload(HERE, owed.see(HERE), FILES, do="file", vendor="payroll").status == 303
    assert len(open_here(ran).lines[before:]) == 2
    (one, two) = (line.at for line in open_here(ran).lines[before:])
    assert one == two


@pytest.mark.parametrize("how", [told, by_mail])
def test_what_came_is_looked_at_and_handed_over_to_the_byte(owed, ran, how):
    """Each file is shown under the name that its owner gave, and is in the package once it is given."""
    how(owed, ran) if how is by_mail else how(owed)
    give_all(ran)
    page = owed.see(f"{AT}/files")
    for number, (name, content) in enumerate(FILES, 1):
        assert name in page
        assert owed.see(f"{AT}/files/hris/received/{number}") == content.decode()
    built(ran)
    folder = bag_of(ran) / "data" / "hris" / "files"
    assert [one.read_bytes() for one in sorted(folder.glob("received-*"))] == [content for _, content in FILES]
    assert all(name in (folder / "list.csv").read_text() for name, _ in FILES)


def folder_of(ran) -> list[tuple[str, bytes, str]]:
    """Give the files of the run as a browser sends a folder that was chosen: with their paths."""
    run = open_here(ran).folder / "runs" / "zoom"
    found = [(f"old/zoom/{one.relative_to(run)}", one.read_bytes(), FOLDER_FIELD) for one in sorted(run.rglob("*")) if one.is_file()]
    return [*found, ("old/zoom/.DS_Store", b"x", FOLDER_FIELD), ("old/notes.txt", b"x", FOLDER_FIELD)]


def test_the_folder_of_a_run_is_sent_by_whoever_signed_in(owed, ran, cheap):
    """It is checked as the shell does, and lies in the case as it was; what no run writes stays outside."""
    added(owed, ana="review")
    enter(owed, "ana")
    sent = owed.upload(HERE, owed.see(HERE), folder_of(ran), do="add")
    assert sent.status == 303, sent.text
    line = open_here(ran).lines[-1]
    assert (line.by, type(line.act), line.act.folder) == ("ana", acts.TakenIn, "runs/zoom-2")
    old, new = (open_here(ran).folder / "runs" / name for name in ("zoom", "zoom-2"))
    assert {one.name: one.read_bytes() for one in new.glob("*")} == {one.name: one.read_bytes() for one in old.glob("*")}
    assert list((owed.home / "uploads").glob("*")) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda files: [one for one in files if not one[0].endswith("manifest.json")], "no manifest.json lies in the folder that was sent"),
        (lambda files: [*files, ("old/slack/manifest.json", b"{}", FOLDER_FIELD)], "several runs lie in the folder that was sent"),
        (
            lambda files: [(n, c + b" " if n.endswith("meetings.jsonl") else c, f) for n, c, f in files],
            "meetings.jsonl is not what the manifest",
        ),
        (lambda files: [one for one in files if not one[0].endswith("lookup.jsonl")], "lookup.jsonl, which the manifest names, is missing"),
        (lambda _: [("../../x/manifest.json", b"{}", FOLDER_FIELD)], "is no manifest"),
        (lambda _: [("a", b"x")], "folder"),
    ],
)
def test_a_folder_that_is_no_run_is_not_taken_in(owed, ran, change, says):
    """The sentence of the shell, without a path of this machine; nothing is written."""
    before = open_here(ran).case.n
    sent = owed.upload(HERE, owed.see(HERE), change(folder_of(ran)), do="add")
    assert (sent.status, says in sent.text) == (422, True), sent.text
    assert str(owed.home) not in sent.text.replace(str(open_here(ran).folder), "")
    assert open_here(ran).case.n == before


@pytest.mark.parametrize("changed", ["file-2.txt", "mail.eml", "about.json"])
def test_what_is_no_longer_what_the_mail_brought_is_not_shown(owed, ran, changed):
    """A file, the mail that proves it, or what was noted of it was changed: no file is shown or packed as if it were the one."""
    by_mail(owed, ran)
    give_all(ran)
    (path,) = open_here(ran).folder.glob(f"received/hris/1/{changed}")
    path.write_bytes(path.read_bytes().replace(b"2", b"3") + b" ")
    if changed != "about.json":
        assert owed.ask("GET", f"{AT}/files/hris/received/2").status == 422
    refused = ran("package", "build", "DSR-17")
    assert (refused.returncode, "is not the file that was taken in" in refused.stderr) == (5, True)
