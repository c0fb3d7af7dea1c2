"""A package's pages as their reader sees them, and that nothing in them acts or leads out of the package."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from engine.package.content import CaseAnswer
from engine.package.pages import write_pages
from tests.explain.reading import VOID, Page

VOID.add("input")


def pages_of(answer: CaseAnswer, folder: Path) -> dict[str, str]:
    """Write an answer's pages, and read each back."""
    folder.mkdir(parents=True, exist_ok=True)
    return {name: (folder / name).read_text("utf-8") for name in write_pages(answer, folder)}


def safe(pages: dict[str, str]) -> dict[str, Page]:
    """Read the pages, and show that none loads or runs anything but what it should, and that every link leads somewhere."""
    read = {name: Page(text) for name, text in pages.items() if name.endswith(".html")}
    for name, page in read.items():
        search = name.endswith("-search.html")
        assert pages[name].startswith("<!DOCTYPE html>\n<html lang=")
        assert not {tag for tag, _ in page.tags} & {"img", "iframe", "object", "form", "base", "svg", "style"}, name
        assert not any(key.startswith("on") or key in ("src", "srcset", "style") for _, found in page.tags for key in found), name
        assert page.named("script") == ([{"type": "application/json", "id": "data"}, {}] if search else []), name
        assert [one["href"] for one in page.named("link")] == [posixpath.relpath("style.css", posixpath.dirname(name) or ".")]
        policy = next(one["content"] for one in page.named("meta") if one.get("http-equiv") == "Content-Security-Policy")
        assert re.match("default-src 'none'; style-src 'self';", str(policy)), name
        assert ("script-src 'sha256-" in str(policy)) == search
        assert len(page.places) == len(set(page.places)), name
        for link in page.named("a"):
            led(str(link["href"]), name, read, pages)
    return read


def led(address: str, name: str, read: dict[str, Page], pages: dict[str, str]) -> None:
    """Show that a link leads to a place of a page, or to a file of the data."""
    path, _, place = address.partition("#")
    whole = posixpath.normpath(posixpath.join(posixpath.dirname(name), path)) if path else name
    assert "://" not in address, (name, address)
    assert whole in pages or re.fullmatch(r"data/[a-z0-9_]+(/files)?/[a-z0-9_]+(-\d+)?\.\w+|data/withheld\.json", whole), (name, address)
    assert not place or place in read[whole].places, (name, address)
