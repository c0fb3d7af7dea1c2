"""What an answer says of a run: totals that can be set against what was found, and whose rights are those of the GDPR."""

from __future__ import annotations

import pytest

from engine.case.acts import EARLIER, OTHERS, Gap, TakenIn
from engine.case.answer import expected_of, subject_of
from engine.case.fold import Excuse, VendorPart
from engine.case.regimes import regimes
from engine.package.index_page import first_sentences, under_gdpr
from engine.package.readme import readme
from engine.pages.texts import texts
from tests.package.answers import answer, kind, meeting, service

DAYS = {"from": "2026-01-01T00:00:00Z", "to": "2026-11-01T00:00:00Z"}
TOTALS = [
    ("none was announced", {"records": 3, "expected": None, "duplicates": 1}, None),
    ("all came once", {"records": 3, "expected": 3, "duplicates": 0, "others": 0}, 3),
    ("neighbouring days told some twice", {"records": 40, "expected": 54, "duplicates": 14, "others": 0, "covered": DAYS}, 40),
    ("a list told one twice, and lost none", {"records": 10, "expected": 10, "duplicates": 1, "others": 0, "covered": None}, 10),
    ("a list told one twice, and lost another", {"records": 9, "expected": 10, "duplicates": 1, "others": 0, "covered": None}, 10),
    ("more are other people's than were announced", {"records": 2, "expected": 9, "duplicates": 0, "others": 14}, 2),
    ("a list of several people", {"records": 2, "expected": 9, "duplicates": 0, "others": 7}, 2),
    ("something is missing", {"records": 30, "expected": 54, "duplicates": 4, "others": 0, "covered": DAYS}, 50),
    ("more came twice than was announced", {"records": 1, "expected": 1, "duplicates": 2, "others": 0, "covered": DAYS}, 1),
    ("an older manifest, which counts nothing else", {"records": 3, "expected": 4}, 4),
]
LIKE_GDPR = {"gdpr", "uk"}


@pytest.mark.parametrize(("name", "told", "expected"), TOTALS, ids=[name for name, *_ in TOTALS])
def test_a_total_can_be_set_against_what_was_found(name, told, expected):
    """Nobody who counts the records reads that there are more, or fewer, only because a list told some twice."""
    assert expected_of(told) == expected, name


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_rights_of_a_law_are_told_in_every_language(language):
    """Where a law is the GDPR by any of its names, the answer names all rights, and Art. 15, in English and in German."""
    t = texts("engine.package", language)
    for name, law in regimes().items():
        found = answer(service(kind([meeting(1, language)])), law=law.titled(language), language=language)
        assert under_gdpr(found) == (name in LIKE_GDPR), law.titled(language)
        rights = t.plain("rights.gdpr" if name in LIKE_GDPR else "rights.some")
        assert " ".join(rights.split()) in " ".join(readme(found, t).split())


def test_who_was_only_asked_is_not_told_as_searched():
    """A service that a run asked was searched; where only its owner can have been asked, both are said."""
    told = {asked: first_sentences(answer(service(asked=asked)), texts("engine.package", "en")).lead for asked in (answer().received, None)}
    assert told[answer().received].endswith(" One service was searched.")
    assert told[None].endswith(" One service was searched, or those who look after it were asked.")


def test_who_was_left_out_is_not_counted_as_searched_or_asked():
    """The operator accepted that nothing is had of a service: nobody may have been asked, and its own sentence says so."""
    out = service(asked=None, why="We left it out.")
    told = [first_sentences(answer(*services), texts("engine.package", "en")).lead for services in ((service(), out), (out,))]
    assert told[0].endswith(" One service was searched.")
    assert "searched" not in told[1]


SUBJECTS = [
    ("no_match", (), "no_match"),
    ("no_match", (Gap("a", "denied"),), "no_match"),
    ("no_match", (Gap(OTHERS, "not asked by another e-mail address"),), "unproven"),
    ("no_match", (Gap(EARLIER, "they were found before"),), "unproven"),
    ("matched", (), "matched"),
    ("unproven", (Gap("lookup", "unproven"),), "unproven"),
]


@pytest.mark.parametrize(("outcome", "gaps", "subject"), SUBJECTS)
def test_nobody_is_said_only_where_all_that_is_known_was_asked(outcome, gaps, subject):
    """To accept that an address was not asked by makes nobody of no one: the answer says that it cannot be said."""
    run = TakenIn(vendor="zoom", folder="runs/zoom", proof="0", subject=outcome, gaps=gaps)
    excused = {gap.endpoint: Excuse(gap.outcome, "It is new.") for gap in gaps}
    for part in (VendorPart(run=run), VendorPart(run=run, excused=excused)):
        assert subject_of(part, outcome) == subject
