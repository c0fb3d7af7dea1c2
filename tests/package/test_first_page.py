"""What a person reads first: a reason is told once, and what is told elsewhere is not taken for hidden."""

from __future__ import annotations

from datetime import date

import pytest

from engine.package.index_page import first_sentences
from engine.package.missing import by_reason, limits, missing
from engine.package.readme import readme
from engine.pages.texts import texts
from engine.release.given_record import WithheldPlace
from tests.package.answers import answer, file, given, kind, meeting, service
from tests.package.reading import pages_of

EN = texts("engine.package", "en")
TWICE = ", {} of them only because the same is told elsewhere in this answer."
DENIED = [kind(endpoint=name, title=name.capitalize(), outcome="denied") for name in ("calls", "chats")]


@pytest.mark.parametrize(
    ("held", "told"),
    [
        ({}, "Nothing."),
        ({"privilege": 2}, "2 whole records."),
        ({"privilege": 2, "duplicate": 1}, "3 whole records" + TWICE.format(1)),
        ({"duplicate": 1250}, "1,250 whole records" + TWICE.format("1,250")),
    ],
)
def test_what_is_told_elsewhere_is_not_taken_for_hidden(held, told):
    """Of all that is withheld, how much stands at another place of the same answer."""
    assert first_sentences(answer(service(kind(held=held))), EN).withheld == told


def test_places_and_files_count_among_what_is_told_elsewhere():
    """As whole records do; in German the same is said."""
    again = WithheldPlace("/topic", "drop", "duplicate")
    records = [meeting(1), given({"id": 2}, again), given({"id": 3}, again)]
    told = answer(service(kind(records, files=(file(because="duplicate"),))))
    assert first_sentences(told, EN).withheld == "3 places inside the records and 1 file" + TWICE.format(3)
    german = first_sentences(told, texts("engine.package", "de")).withheld
    assert german.endswith(", 3 davon nur, weil dasselbe an anderer Stelle dieser Antwort steht.")


def test_what_is_not_here_is_not_offered_to_be_read(tmp_path):
    """Behind what was left out stands why; of what is here the days and the files are told in one breath."""
    days = (date(2026, 5, 28), date(2026, 11, 28))
    found = answer(service(*DENIED, kind([meeting(1)], covered=days, files=(file(), file(because="third_party")))))
    page = pages_of(found, tmp_path)["index.html"]
    assert 'aria-label="Why there is nothing here: Calls">why</a>' in page
    assert 'aria-label="Read Meetings">read</a>' in page
    assert "from 28 May 2026 to 28 November 2026, without 2 files</span>" in page


def test_nothing_that_is_not_there_is_led_to(tmp_path):
    """No reason of what is not missing, and no folder of a service of which nothing came."""
    whole = pages_of(answer(service(kind([meeting(1)]))), tmp_path)["index.html"]
    assert "Every service answered in full.</dd>" in whole
    assert "its files lie in data/zoom" in whole
    (tmp_path / "none").mkdir()
    none = pages_of(answer(service()), tmp_path / "none")["index.html"]
    assert 'href="#missing">Why, and what happens next</a>' in none
    assert "asked on 28 November 2026</span>" in none


@pytest.mark.parametrize(("language", "words"), [("en", "Meetings, in part"), ("de", "Meetings, zum Teil")])
def test_what_came_in_part_is_not_told_as_missing(language, words):
    """Who reads that their account was not obtained must not find it in the package: of it one picture was missing."""
    t = texts("engine.package", language)
    found = service(kind([meeting(1)], outcome="partial"), kind(endpoint="calls", title="Calls", outcome="partial"), title="Zoom")
    assert [str(gap.what) for gap in missing(answer(found), t)] == [f"Zoom: {words}", "Zoom: Calls"]


def test_a_reason_is_read_once(tmp_path):
    """What is missing for the same one stands together, in the order in which it came; a list of files is its own place."""
    found = answer(
        service(*DENIED, kind(files=(file(),)), not_asked=("faxes", "chats"), title="Zoom"),
        service(*DENIED, title="Slack", vendor="slack", why=None),
    )
    gaps = missing(found, EN) + limits(found, EN)
    together = by_reason(gaps)
    assert [list(map(str, whats)) for whats, _ in together] == [
        ["Zoom: Calls", "Zoom: Chats", "Slack: Calls", "Slack: Chats"],
        ["Zoom: 1 file of Meetings"],
        ["Zoom: faxes", "Zoom: chats"],
    ]
    assert sorted(what for whats, _ in together for what in whats) == sorted(gap.what for gap in gaps)
    page = pages_of(found, tmp_path)["index.html"]
    assert page.count("The service refused to give this.") == 1
    assert "<ul><li>Zoom: faxes</li><li>Zoom: chats</li></ul>" in page


def test_the_person_sees_when_the_answer_was_made(tmp_path):
    """The day of the last decision, in both languages, on the page and in the README: not that of the building, so that bytes stay."""
    for language, said in (("en", "Made on 1 December 2026."), ("de", "Erstellt am 1. Dezember 2026.")):
        told = answer(service(kind([meeting(1, language)])), language=language)
        (tmp_path / language).mkdir()
        assert said in pages_of(told, tmp_path / language)["index.html"]
        assert said in " ".join(readme(told, texts("engine.package", language)).split())


def test_a_cell_without_a_word_has_no_name_on_a_telephone(tmp_path):
    """There each cell begins with the name of its column: in the last row nothing is to be opened, so that nothing is named."""
    page = pages_of(answer(service(kind([meeting(1)]))), tmp_path)["index.html"]
    total = page.partition("<tfoot")[2].partition("</tfoot>")[0]
    assert total.count("<td") == total.count("data-l=") + 1
    assert 'data-l="Open"' not in total
