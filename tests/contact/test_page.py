"""docs/contact.md cannot lie: its commands are called as they are printed, its files are read, and its table is the code's."""

from __future__ import annotations

import re
import shlex

import pytest

from engine.contact.steps import CLOSED
from engine.owners.book import contacts
from tests.conftest import ROOT
from tests.contact.mails import OWNER, answer

PAGE = (ROOT / "docs/contact.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
FIRST, SERVER = (text for kind, text in BLOCKS if kind == "yaml")
DELETION, INGEST = (text for kind, text in BLOCKS if kind == "sh")


def test_the_deletion_is_worked_as_it_is_printed(desk):
    """With the contacts.yaml of the page: every command does its part, and the letter says what was kept and why."""
    desk.owners(FIRST)
    (desk.home / "contacts.yaml").write_text(FIRST)
    for line in DELETION.splitlines():
        person, pipe, command = line.rpartition(" | ")
        text = shlex.split(person)[1].replace("\\n", "\n") if pipe else None
        desk(*shlex.split(command, comments=True)[1:], stdin=text)
    (letter,) = (desk.home / "cases/DEL-1/letters").glob("*-conclude.txt")
    assert "invoices of 2024. The reason: tax law asks for them until 2034." in letter.read_text()
    assert f"To: {OWNER}" in next((desk.home / "cases/DEL-1/mails").iterdir()).read_text()


def test_the_ways_of_an_answer_are_as_printed(desk, tmp_path, monkeypatch):
    """A mail, a Maildir, a file: each command of the page takes one in."""
    desk.open()
    desk("contact", "send", "DSR-17", "zoom", "access")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "answer.eml").write_bytes(answer("NONE\n", token=desk.token()))
    (tmp_path / "export.csv").write_text("a,b\n")
    desk.drop(b"").rename(tmp_path / "Maildir")
    for line in INGEST.splitlines():
        words = shlex.split(line)[1:]
        assert desk(*words, code=3 if words[-1] == "Maildir" else 0)
    assert desk.acts()[-3:] == ["answered", "taken", "answered"]


@pytest.mark.parametrize("text", [FIRST, SERVER])
def test_the_files_of_the_page_are_read(tmp_path, text):
    """What may stand in contacts.yaml is what the page shows."""
    (tmp_path / "contacts.yaml").write_text(text)
    told = contacts(tmp_path)
    assert told.owners or told.smtp


def test_the_table_of_steps_names_every_end():
    """Every way a question can be closed stands in the table."""
    table = PAGE.partition("<!-- steps -->")[2]
    assert all(f"**{state}**" in table for state in (*CLOSED, "declined", "bounced", "skipped", "blocked", "stopped", "may have been sent"))
