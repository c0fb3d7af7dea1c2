"""A page as its reader sees it: the text of an HTML file, and what is in it that could act."""

from __future__ import annotations

import re
from html.parser import HTMLParser

VOID = {"meta", "wbr", "br", "link", "img"}


class Page(HTMLParser):
    """Collects text, tags and attributes; every tag must be closed in its order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.parts: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        self.parts += [" "] if tag in ("td", "th", "li", "p", "caption", "dt", "dd", "h1", "h2") else []

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.parts.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.parts))

    @property
    def places(self) -> list[str]:
        """Give what can be leapt to, in its order."""
        return [str(attributes["id"]) for _, attributes in self.tags if "id" in attributes]

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def harmless(text: str) -> Page:
    """Read a page, and show that it runs nothing and loads nothing."""
    page = Page(text)
    assert text.startswith('<!DOCTYPE html>\n<html lang="en">')
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "link", "img", "iframe", "object", "form", "base", "svg"}
    assert not any(name.startswith("on") or name in ("src", "srcset") for _, attributes in page.tags for name in attributes)
    leaps = {str(one["href"]) for one in page.named("a") if str(one["href"]).startswith("#")}
    assert all(str(one["href"]).startswith("https://") or str(one["href"]) in leaps for one in page.named("a"))
    assert leaps <= {f"#{place}" for place in page.places}
    assert len(page.places) == len(set(page.places))
    assert not re.search(r"url\(|@import", text)
    policy = next(one["content"] for one in page.named("meta") if one.get("http-equiv") == "Content-Security-Policy")
    assert str(policy).startswith("default-src 'none'")
    return page


def plain(markdown: str) -> str:
    """Give what a Markdown page says: escapes, code fences, stars and angle brackets around addresses left out."""
    text = re.sub(r"<(https://[^>]+)>", r"\1", markdown)
    text = re.sub(r"\\([^\w\s])", r"\1", text.replace("`", "").replace("**", ""))
    return re.sub(r"\s+", " ", text.replace("&amp;", "&"))
