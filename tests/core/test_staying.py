"""What of a run that broke off may stay, and by what a list is known again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from engine.core.chain import Chain
from engine.core.ledger import Tally
from engine.core.request import opening
from engine.core.response import Page
from engine.core.resume import AFTER, BEFORE, ListedPart, Needs, in_sittings, known_by, neighbours, staying
from engine.core.seen import Seen
from engine.core.trail import Trail
from engine.core.window import Window
from engine.replaced import replace
from tests.core.specs import endpoint, first, vendor

CASES = yaml.safe_load((Path(__file__).parent / "data" / "staying.yaml").read_text("utf-8"))
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def part(row, window, ended, leans=()):
    span = None if window is None else Window(BEGIN + timedelta(days=window), BEGIN + timedelta(days=window + 1))
    return ListedPart((("A", row),), span, ended == "whole", tuple(leans))


@pytest.mark.parametrize("case", CASES, ids=[case["given"] for case in CASES])
def test_only_what_is_whole_without_the_rest_stays(case):
    """The table of cases."""
    parts = [part(*words) for words in case["parts"]]
    assert staying(parts, Needs(case.get("in_full", True), case.get("told", False))) == frozenset(case["stays"])


PARTS = st.lists(
    st.tuples(
        st.sampled_from("ab"),
        st.sampled_from([None, 1, 2, 3, 4]),
        st.sampled_from(["whole", "broken"]),
        st.sets(st.sampled_from([BEFORE, AFTER])),
    ),
    unique_by=lambda one: one[:2],
    max_size=8,
)


@given(PARTS, st.booleans(), st.booleans())
def test_nothing_stays_that_leans_on_what_goes(words, in_full, told):
    """Whatever the parts: what stays ended whole, and every neighbour it leant on stays too; of chosen fields no row is torn."""
    parts = [part(*one) for one in words]
    stays = staying(parts, Needs(in_full, told))
    beside = dict(neighbours(parts))
    for place in stays:
        assert parts[place].whole
        assert all(beside.get((place, side)) in stays for side in parts[place].leans)
    if not in_full:
        rows = [{place for place, one in enumerate(parts) if one.window and one.row == row} for row in {one.row for one in parts}]
        assert all(not row & stays or row <= {place for place, one in enumerate(parts) if one.whole} for row in rows)


WORDS = "get: /u/<USER_ID>/calls\nparams: {from: <FROM.date>, to: <TO.date>}\nrecords: items\nwindow: {step: 1d, since: 2d}"


def test_a_list_is_known_by_all_that_is_sent_and_by_whom_it_is_about():
    """Another person, window, word of the request, or key: another list. All else counts only where it is sent."""
    row = (("EMAIL", "a@x.io"), ("USER_ID", "u1"), ("SITE", "eu1"))
    span = Window(BEGIN, BEGIN + timedelta(days=1))

    def digest(key=b"k", words=WORDS, row=row, span=span, personal=("EMAIL", "USER_ID")):
        return known_by(key, personal)(opening(Chain(endpoint(words), row, span)))

    same = digest()
    assert same == digest(row=(*row[:2], ("SITE", "eu2")))
    others = [
        digest(key=b"other"),
        digest(words=WORDS.replace("calls", "mails")),
        digest(row=(("EMAIL", "b@x.io"), *row[1:])),
        digest(row=(row[0], ("USER_ID", "u2"), row[2])),
        digest(span=replace(span, end=span.end + timedelta(days=1))),
        digest(personal=("EMAIL", "USER_ID", "SITE")),
    ]
    assert len({same, *others}) == 1 + len(others)
    assert len(same) == 32
    assert known_by(None, ())(first("get: /x")) is None


SENT = [
    "post: /u/<USER_ID>/calls\nrecords: items",
    "get: /u/<USER_ID>/calls\nrecords: items",
    "get: /u/<USER_ID>/calls\nheaders: {X-Kind: a}\nrecords: items",
    "get: /u/<USER_ID>/calls\nheaders: {X-Kind: b}\nrecords: items",
    "post: /u/<USER_ID>/calls\nbody: {kind: a}\nrecords: items",
    "post: /u/<USER_ID>/calls\nbody: {kind: b}\nrecords: items",
]


def test_lists_that_differ_in_one_thing_sent_are_two():
    """Method, header or body: whichever tells them apart, and endpoints that ask for the same are two as well."""
    found = [known_by(b"k", ())(first(words)) for words in SENT]
    assert len(set(found)) == len(SENT)
    both = vendor("a: {get: /u/<USER_ID>, records: items}\nb: {get: /u/<USER_ID>, records: items}\n").endpoints
    assert len({known_by(b"k", ())(opening(Chain(each, (("EMAIL", "a@x.io"), ("USER_ID", "u1"))))) for each in both.values()}) == 2


def test_two_goes_are_said_with_their_moments():
    """How many parts were read when, and what nobody can notice."""
    words = in_sittings(3, 4, "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")
    assert words.startswith("read in two goes: 3 of 4 parts by 2026-01-01T00:00:00Z, the others from 2026-01-02T00:00:00Z on; ")


def test_a_trail_tells_on_which_neighbour_it_leans():
    """Only where another window had written what this one left out; what it wrote itself, or has no key, leans on nobody."""
    records = [b'{"id":1}', b'{"id":2}', b"{}"]
    before, after = Trail(paired=True), Trail(paired=True)
    before.take(Page(records[:1], 1))
    after.take(Page(records[2:], 1))
    here = Trail(paired=True)
    sifted = here.take(Page(records, 3), [Seen(), before.tables[0], after.tables[0]])
    assert (sifted.known, sifted.leant) == (frozenset({0}), frozenset({1}))
    assert here.take(Page([b'{"id":9}'], 1), [before.tables[0]]).leant == frozenset()


def test_counts_are_added_up():
    """Where nobody announced a total there is none; one of 0 is one."""
    total = Tally()
    total.add(Tally(requests=2, records=3))
    assert (total.requests, total.records, total.expected) == (2, 3, None)
    total.add(Tally(expected=0, duplicates=1))
    total.add(Tally(expected=4))
    assert (total.expected, total.duplicates) == (4, 1)
