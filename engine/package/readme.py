"""The README of a package: its first page in some forty lines of plain text, for whoever opens the folder without a browser."""

from __future__ import annotations

from textwrap import fill

from markupsafe import Markup

from engine.package.content import CaseAnswer
from engine.package.index_page import COMMANDS, first_sentences, under_gdpr
from engine.pages.texts import PageTexts

WIDTH = 78


def readme(answer: CaseAnswer, t: PageTexts) -> str:
    """Give the whole text."""
    said = first_sentences(answer, t)
    title = t.plain("index.heading", received=answer.received)
    parts = [f"{fill(title, WIDTH)}\n{'=' * min(len(title), WIDTH)}"]
    parts += [_paragraph(t.plain("index.simulated") + ". " + t.plain("index.simulated_why"))] if answer.simulated else []
    parts += [
        _paragraph(t.plain("index.reference", reference=answer.reference, made=answer.made.date())),
        _paragraph(t.plain("readme.open")),
        _paragraph(said.lead),
    ]
    for term, sentence in (("found", said.found), ("nothing", said.nothing), ("missing", said.missing), ("withheld", said.withheld)):
        parts.append(_paragraph(t("words.colon", name=t(f"{term}.term"), said=sentence)))
    parts += [
        _paragraph(t.plain("readme.folders")),
        _paragraph(t.plain("readme.check")),
        "\n".join(f"    {command}" for command in COMMANDS),
        _paragraph(t.plain("checking.fingerprint", sha256="SHA256:")),
        _paragraph(t.plain("rights.gdpr" if under_gdpr(answer) else "rights.some")),
        _paragraph(said.questions),
    ]
    return "\n\n".join(parts) + "\n"


def _paragraph(text: str | Markup) -> str:
    plain = text.unescape() if isinstance(text, Markup) else text
    return fill(" ".join(plain.split()), WIDTH, break_long_words=False, break_on_hyphens=False)
