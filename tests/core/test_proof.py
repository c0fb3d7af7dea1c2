"""What shows that a connection sees people, and what is said where nothing does."""

from __future__ import annotations

import pytest

from engine.core.identity import Identifier
from engine.core.ledger import Subject
from engine.core.proof import (
    NO_PROBE,
    SAME_PERSON,
    is_probe,
    kinds_of,
    not_found_by,
    probe_option,
    proven_nobody,
    remedy,
    unasked,
    unproven_nobody,
)
from engine.core.subject import LookupResult
from engine.core.verify_request import NotAsked, VerifyAnswer, shows_people, verified_words
from engine.language.effective import Vendor
from tests.core.specs import HEAD, vendor

IT = "it: {get: /p/<USER_ID>}\n"
ONE = "{get: /people/<EMAIL>, match: email, capture: {USER_ID: id}}"
TWO = f"[{{get: /handles/<USERNAME>, match: name, capture: {{USER_ID: id}}}}, {ONE}]"


def spec(verify: str = "{get: /me}", lookup: str = ONE, top: str = "") -> Vendor:
    return vendor(IT, HEAD.replace("{get: /me}", verify).replace(ONE, lookup).replace("refusals:", f"{top}refusals:"))


LISTING = spec("{get: /people, records: people, granted_by: people:list}")


def answered(count: int) -> VerifyAnswer:
    return VerifyAnswer(alive=True, words="", answered=True, count=count)


@pytest.mark.parametrize(
    ("acme", "found", "shows", "words"),
    [
        (LISTING, answered(2), True, "verify was answered"),
        (LISTING, answered(0), False, "verify was answered with an empty list"),
        (
            LISTING,
            VerifyAnswer(alive=True, words="HTTP 403", denied=True),
            False,
            "verify was refused: HTTP 403; it needs the scope people:list",
        ),
        (LISTING, VerifyAnswer(True, "", answered=True, odd=True), False, "verify was answered with something else than a list of people"),
        (LISTING, VerifyAnswer(None, "HTTP 500"), False, "verify was refused: HTTP 500"),
        (LISTING, VerifyAnswer(None, "no answer", given_up=True), False, "verify: no answer"),
        (LISTING, NotAsked("<SHOP> has no value"), False, "verify was not asked: <SHOP> has no value"),
        (spec(), answered(1), False, "verify was answered"),
        (spec("{get: /me, records: none}"), answered(1), False, "verify was answered"),
        (spec(top='records: "@"\n'), answered(1), False, "verify was answered"),
    ],
)
def test_only_a_person_that_verify_lists_shows_that_people_are_seen(acme, found, shows, words):
    """Not an answer, not an empty list, not records that only the top names: these are other lists."""
    assert shows_people(acme, found) is shows
    assert verified_words(acme, found) == words


def test_nobody_is_said_with_its_proof():
    """Everything else stays."""
    nobody = LookupResult(Subject.NO_MATCH, "the vendor knows nobody by this identifier")
    assert proven_nobody(nobody, "probe") == LookupResult(nobody.subject, nobody.reason, (), "probe")


@pytest.mark.parametrize(
    ("person", "probe", "same"),
    [
        ({"EMAIL": "a@x.io"}, {"EMAIL": "A@X.io"}, True),
        ({"EMAIL": "a@x.io", "USERNAME": "ann"}, {"USERNAME": "Ann"}, True),
        ({"EMAIL": "a@x.io"}, {"EMAIL": "b@x.io"}, False),
        ({"EMAIL": "ann"}, {"USERNAME": "ann"}, False),
        ({"EMAIL": "a@x.io"}, {}, False),
    ],
)
def test_the_person_asked_for_is_no_probe(person, probe, same):
    """Case aside, of any kind that both have."""
    people = [{name: Identifier(name.lower(), value) for name, value in one.items()} for one in (person, probe)]  # type: ignore[arg-type]
    assert is_probe(*people) is same


COLLEAGUE = "name a known colleague who is not the administrator, to `habeas connect` or `habeas run`: "


@pytest.mark.parametrize(
    ("acme", "probed", "says"),
    [
        (spec(), NO_PROBE, f"{COLLEAGUE}--probe EMAIL"),
        (spec("{get: /people, records: people}"), NO_PROBE, f"{COLLEAGUE}--probe EMAIL"),
        (spec(), SAME_PERSON, f"{COLLEAGUE}--probe EMAIL"),
        (LISTING, NO_PROBE, f"give it the scope of the verify call, or {COLLEAGUE}--probe EMAIL"),
        (LISTING, "it was not found", f"see what it may read, or give it the scope of the verify call, or {COLLEAGUE}--probe EMAIL"),
        (spec(lookup=TWO), NO_PROBE, f"{COLLEAGUE}--probe username=VALUE or --probe EMAIL"),
    ],
)
def test_what_would_show_it_is_said(acme, probed, says):
    """The scope where `verify` lists people, and the probe by the kinds that the look-ups ask by."""
    assert remedy(acme, acme.lookups, probed) == remedy(acme, (), probed) == says
    assert unproven_nobody(acme, acme.lookups, "verify was answered", probed).reason == (
        f"the vendor says it knows nobody, but nothing shows that this connection sees people (verify was answered; {probed}): {says}"
    )


def test_a_look_up_that_lacks_or_does_not_find_the_probe_is_named_where_there_are_several():
    """With the reason where it could not say."""
    one, two = spec(), spec(lookup=TWO)
    assert (kinds_of(one), kinds_of(two)) == (("email",), ("username", "email"))
    assert probe_option(("phone",)) == "--probe phone=VALUE"
    assert unasked(two, two.lookups[0]) == "the probe has no username, which `lookup` asks by"
    assert not_found_by(one, one.lookups[0], LookupResult(Subject.NO_MATCH, "x")) == "the probe was not found by the look-up"
    assert not_found_by(two, two.lookups[1], LookupResult(Subject.UNPROVEN, "x")) == "the probe was not found by `lookup_2` (x)"
