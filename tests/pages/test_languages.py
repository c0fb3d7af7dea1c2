"""Days, numbers and lists as languages write them; what all pages share."""

from __future__ import annotations

import sys
from datetime import date

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from engine.pages.environment import environment, style
from engine.pages.languages import day_words, listed, number_words, short_day
from engine.pages.texts import PageTexts
from engine.pages.visible import visible


def test_a_language_writes_days_and_numbers_its_own_way():
    """Long where there is room, short in a table."""
    day = date(2026, 12, 17)
    assert (day_words(day, "en"), day_words(day, "de")) == ("17 December 2026", "17. Dezember 2026")
    assert (short_day(day, "en"), short_day(day, "de")) == ("Thu 17 Dec 2026", "Do 17. Dez 2026")
    assert short_day(date(2026, 3, 1), "de") == "So 1. Mär 2026"
    assert (number_words(1250, "en"), number_words(1234567, "de"), number_words(7, "de")) == ("1,250", "1.234.567", "7")


@pytest.mark.parametrize(
    ("parts", "english", "german"),
    [
        ([], "", ""),
        (["a"], "a", "a"),
        (["a", "b"], "a and b", "a und b"),
        (["a", "<b>", Markup("<i>")], "a, &lt;b&gt; and <i>", "a, &lt;b&gt; und <i>"),
    ],
)
def test_a_list_is_a_sentence(parts, english, german):
    """What is no markup is escaped."""
    assert (listed(parts, "en"), listed(parts, "de")) == (english, german)


def test_a_text_takes_values_and_escapes_them():
    """Numbers and days as its language writes them; markup stays; a name that is none is a fault."""
    table = PageTexts("de", {"a": "{x} & {y} {z}", "n": {"one": "{n} <Ding>", "other": "{n} Dinge"}})
    assert table("a", x="<", y=1250, z=Markup("<b>")) == "&lt; &amp; 1.250 <b>"
    assert table.plain("a", x="<", y=date(2026, 1, 2), z="\x00") == "< & 2. Januar 2026 \\u0000"
    assert table("n", n=1) == "1 &lt;Ding&gt;"
    for call in (lambda: table("b"), lambda: table("a", x=1), lambda: table("n")):
        with pytest.raises(KeyError):
            call()


@pytest.mark.parametrize(
    ("text", "seen"), [("a\n\t b", "a\n\t b"), ("\x1b\u202e\ud800\ufffe", "\\u001b\\u202e\\ud800\\ufffe"), ("é שּ 🙂\u200f", "é שּ 🙂\u200f")]
)
def test_what_cannot_be_seen_is_its_escape(text, seen):
    """Line breaks stay, and what a script needs to be read."""
    assert visible(text) == seen


def test_the_environment_forgives_nothing():
    """Everything is escaped and seen; a name that was not given is a fault."""
    made = environment("engine.package")
    assert made.from_string("{{ a }}{{ b }}").render(a="<\x00", b=Markup("<b>")) == "&lt;\\u0000<b>"
    with pytest.raises(UndefinedError):
        made.from_string("{{ a }}").render()
    assert len(style().encode()) < 8192
    assert "url(" not in style()
    assert "@import" not in style()


@pytest.mark.parametrize("words", [("--help",), ("plan", "zoom"), ("check", "zoom"), ("package", "--help")])
def test_nobody_waits_for_templates_who_makes_no_page(words, habeas_process):
    """They are imported where a page is made, and nowhere else."""
    assert "jinja2" not in habeas_process(*words, PYTHONPROFILEIMPORTTIME="1").stderr
    assert sys.modules["jinja2"]
