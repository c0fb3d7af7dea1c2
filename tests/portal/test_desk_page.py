"""docs/desk.md cannot lie: each name of a page and a button that it gives is on a page, and its commands are taken."""

from __future__ import annotations

import re
import shlex

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "desk.md").read_text("utf-8")
NAMED = re.compile(r"(?<!\*)\*([A-Z][^*]+)\*(?!\*)")
BOLD = re.compile(r"^\*\*(?:A case: |In the morning: )?(\w+)\.\*\*", re.MULTILINE)


def test_what_the_page_names_is_there():
    """Buttons and pages are called as the page calls them."""
    templates = "".join(one.read_text("utf-8") for one in (ROOT / "engine" / "portal").rglob("*") if one.suffix in (".html", ".py"))
    names = {*NAMED.findall(PAGE), *BOLD.findall(PAGE)}
    assert {"Sign out", "Due", "Look through it", "Undo", "Make the package", "Overview", "Values", "Package", "Cases"} <= names
    assert [name for name in names if name not in templates] == []


def test_its_commands_are_taken(habeas):
    """Each command knows its options."""
    for line in re.findall(r"^habeas .*$", PAGE, re.MULTILINE):
        words = shlex.split(line)[1:]
        told = habeas(*[word for word in words if re.fullmatch(r"[a-z]+", word)][:2], "--help").stdout
        assert all(word in told for word in words if word.startswith("--")), line
