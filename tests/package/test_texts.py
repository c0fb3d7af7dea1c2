"""The words of a package: every text in both languages with the same places, each used, and none in a template."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.package import pages
from engine.pages.texts import texts
from engine.release.reasons import IN_SHORT, SENTENCES

PACKAGE = Path(pages.__file__).parent
ENGLISH, GERMAN = (texts("engine.package", language).entries for language in ("en", "de"))
TOGETHER = ("information", "outcomes", "index", "sealed")


def forms(entry) -> dict[str, str]:
    return {"": entry} if isinstance(entry, str) else dict(entry)


def test_every_text_is_there_in_both_languages():
    """With the same plural forms and the same places for values."""
    assert ENGLISH.keys() == GERMAN.keys()
    for name, entry in ENGLISH.items():
        english, german = forms(entry), forms(GERMAN[name])
        assert english.keys() == german.keys(), name
        assert set(re.findall(r"\{\w+\}", "".join(english.values()))) == set(re.findall(r"\{\w+\}", "".join(german.values()))), name
        assert all(text.strip() == text and text for text in (*english.values(), *german.values())), name


@pytest.mark.parametrize("entries", [ENGLISH, GERMAN], ids=["en", "de"])
def test_a_text_is_right_for_a_service_whose_name_is_a_plural(entries):
    """`The door badges knows nobody` was wrong: behind the name of a service no verb tells one from several."""
    verbs = r"(?<!Bei )(?<!Für )\{services?\} (?:is|was|has|does|do|knows?|says?|ist|war|hat|gab|gibt|kennt|kennen|sagt|(?:ihn|sie) gab)\b"
    assert [text for entry in entries.values() for text in forms(entry).values() if re.search(verbs, text)] == []


@pytest.mark.parametrize("name", ENGLISH)
def test_every_text_is_used(name):
    """In the code, in a template or in a script; of a name that is put together where it is used, its end is."""
    source = "".join(path.read_text("utf-8") for path in (*PACKAGE.glob("*.py"), *PACKAGE.glob("templates/*")))
    first, _, last = name.partition(".")
    assert f'"{name}"' in source or (first in TOGETHER and re.search(rf'"{last}"|\.{last}\b', source)) or last == "term", name


@pytest.mark.parametrize(
    "path",
    [*sorted(PACKAGE.glob("templates/*.html")), *sorted((PACKAGE.parent / "pages").glob("templates/*.html"))],
    ids=lambda path: path.name,
)
def test_no_template_has_words_of_its_own(path):
    """Only those that a program reads."""
    text = re.sub(
        r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<!DOCTYPE html>|(?:style|script)-src [^;{]*", "", path.read_text("utf-8"), flags=re.DOTALL
    )
    assert not re.findall(r"[A-Za-z]{2,}", re.sub(r"<[^>]*>", "", text).replace("data/withheld.json", ""))


def test_words_are_plain():
    """No abbreviation that nobody says, no exclamation mark, and each reason has its sentence."""
    for entry in (*ENGLISH.values(), *GERMAN.values()):
        for text in forms(entry).values():
            assert not re.search(r"N/A|oops|successfully|!|^-$", text)
    assert IN_SHORT.keys() == SENTENCES.keys()
    assert all(told.keys() == {"en", "de"} for told in IN_SHORT.values())


@pytest.mark.parametrize(("n", "words"), [(0, "0 records"), (1, "1 record"), (2, "2 records"), (1250, "1,250 records")])
def test_a_plural_fits_its_number(n, words):
    """In German too."""
    assert texts("engine.package", "en")("words.records", n=n) == words
    german = words.replace(",", ".").replace("records", "Datensätze").replace("record", "Datensatz")
    assert texts("engine.package", "de").plain("words.records", n=n) == german
