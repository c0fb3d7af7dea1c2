"""Where a chain has been: what counts towards its total, and what comes a second time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from engine.core.pagination import Progress
from engine.core.response import Page
from engine.core.seen import Seen
from engine.core.trail import Trail

A, B, C = b'{"id":1}', b'{"id":2}', b'{"id":3}'
NAMES = st.lists(st.sampled_from([1, 2, 3, "1b", "1c", "2b", None]), max_size=4)
READINGS = st.lists(st.lists(st.tuples(NAMES, NAMES), min_size=2, max_size=4), min_size=1, max_size=3)
CASES = yaml.safe_load((Path(__file__).parent / "data" / "trails.yaml").read_text("utf-8"))


@pytest.mark.parametrize(
    ("pages", "repeated"),
    [
        ([[A, B], [C]], 0),
        ([[A, B], [B, C]], 1),
        ([[A, B], [A, B]], 2),
        ([[A, B], [A, C]], 1),
        ([[A, B, C], [B, C]], 2),
        ([[A], []], 0),
        ([[], [A]], 0),
        ([[A, b"{}"], [b"{}"]], 0),
    ],
)
def test_the_end_of_one_page_that_begins_the_next_is_no_new_record(pages, repeated):
    """A list grew at its beginning while it was read; records without a key are never the same."""
    trail = Trail()
    counts = []
    for records in pages:
        page = Page(records, len(records), total=3)
        counts.append(len(trail.take(page).known))
    assert counts == [0, repeated]
    assert trail.now.count == trail.mine - repeated == sum(map(len, pages)) - repeated
    assert trail.different <= trail.now.count
    assert trail.short == (trail.different < 3)


def test_a_list_that_is_read_again_counts_what_is_new():
    """Not what it had already, and never less than the present reading; its marks are forgotten."""
    trail = Trail()
    trail.take(Page([A, B], 2, total=3))
    trail.marks.add("cursor 2")
    trail.firsts.add(7)
    trail.again([[A, B]])
    assert (trail.marks, trail.firsts, trail.now.count) == (set(), set(), 0)
    trail.take(Page([A], 1))
    assert trail.different == 2
    trail.take(Page([C], 1))
    assert (trail.different, trail.short) == (3, False)


def test_pages_without_end_are_seen():
    """A hundred empty ones in a row; one with records begins anew."""
    trail = Trail()
    for _ in range(99):
        trail.take(Page([], 0))
    assert trail.endless is None
    trail.take(Page([A], 1))
    for _ in range(100):
        assert trail.endless is None
        trail.take(Page([], 0))
    assert trail.endless == "the vendor gave 100 empty pages in a row, each with a page to follow"
    assert not trail.short


@pytest.mark.parametrize("counted", [True, False], ids=["with a total", "without"])
def test_pages_that_bring_nothing_new_have_an_end(counted):
    """Freshly signed each time, in a circle of three pages: a hundred in a row. Records without a key are each new."""
    trail = Trail(counted=counted)
    sent = 0
    while trail.endless is None:
        assert sent < 110
        trail.take(Page([b'{"id":%d,"url":%d}' % (sent % 3, sent)], 1, total=9 if counted else None))
        sent += 1
    assert trail.endless == "the vendor gave 100 pages in a row that brought nothing new"
    assert trail.short is counted
    keyless = Trail(counted=counted)
    for number in range(200):
        keyless.take(Page([b'{"n":%d}' % number], 1))
    assert keyless.endless is None


def test_a_list_that_is_read_again_may_bring_what_it_brought():
    """Nothing is new to the first reading, everything to the second."""
    trail = Trail()
    pages = [Page([b'{"id":%d}' % number], 1, total=200) for number in range(150)]
    for page in pages:
        trail.take(page)
    trail.again([list(map(bytes, page.records)) for page in pages])
    for page in pages:
        trail.take(page)
        assert trail.endless is None
    assert (trail.different, trail.short) == (150, True)
    assert trail.shortage == "the vendor announced 200 records and delivered 150, twice"


def test_what_decides_on_the_end_of_a_list():
    """Its longest page, whether a total was announced, and whether it is met by different records."""
    trail = Trail()
    trail.take(Page([A, B], 2))
    assert trail.progress == Progress(2)
    trail.take(Page([A], 1, total=3))
    assert trail.progress == Progress(2, announced=True)
    trail.take(Page([C], 1, total=3))
    assert trail.progress == Progress(2, announced=True, met=True)


def test_what_a_neighbouring_window_holds_is_known():
    """In the same bytes and with a key: other bytes are another record, and without a key nothing says that it is the same."""
    keyless, other = b'{"x":1}', b'{"id":2,"x":1}'
    before, after = Trail(counted=False, paired=True), Trail(counted=False, paired=True)
    before.take(Page([A, B, keyless], 3))
    sifted = after.take(Page([A, other, keyless, C], 4), before.tables)
    assert sifted.known == {0}
    assert after.take(Page([], 0), [Seen()]).known == frozenset()


def record(name, fresh):
    if name is None:
        return b'{"none":%d}' % fresh
    number, other = str(name).rstrip("bcd"), str(name)[-1]
    return json.dumps({"id": int(number), **({"other": other} if other in "bcd" else {})}).encode()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_a_list_is_whole_by_different_records(case):
    """What counts, what does not, and what is said where the total is not their number."""
    trail = Trail(counted=case.get("counted", True), paired=case.get("paired", False))
    written, found = [], {"same_key": 0, "known": 0, "others": 0}
    for number, pages in enumerate(case["readings"]):
        if number:
            trail.again([written])
        for page in pages:
            dropped = [record(name, 0) for name in page.get("dropped", ())]
            records = [record(name, len(written) + index) for index, name in enumerate(page["ids"]) if name not in page.get("dropped", ())]
            sifted = trail.take(Page(records, len(page["ids"]), len(dropped), total=page.get("total"), dropped=dropped))
            written += [one for index, one in enumerate(records) if index not in sifted.known]
            found["known"] += len(sifted.known)
            found["same_key"] += sifted.same_key
            found["others"] += sifted.others
        found["same_key"] += trail.settle()
    then = {"same_key": 0, "known": 0, "others": 0, "says": None, **case["then"]}
    says = None if trail.short else next(iter(trail.explained()), None)
    assert {"different": trail.different, "short": trail.short, **found} == {name: then[name] for name in then if name != "says"}
    assert (says is None) if then["says"] is None else says.startswith(then["says"])


def test_a_total_that_was_exceeded_tells_nothing_about_the_end():
    """It is capped, or counts the page: a short page is no more the last one than without a total."""
    trail = Trail()
    trail.take(Page([A, B], 2, total=2))
    assert trail.progress == Progress(2, announced=True, met=True)
    trail.take(Page([C], 1, total=1))
    assert trail.progress == Progress(2)


def test_a_page_is_the_last_one_again_record_by_record():
    """Of the person and of others; what begins and ends alike is not yet the same, and a reading anew has no last page."""
    trail, page = Trail(), Page([A], 3, dropped=[B, C])
    assert not trail.is_last(page)
    trail.take(page)
    assert trail.is_last(Page([A], 3, dropped=[B, C]))
    assert not trail.is_last(Page([A], 3, dropped=[C, C]))
    assert not trail.is_last(Page([B], 3, dropped=[B, C]))
    trail.again([[A]])
    assert not trail.is_last(page)


@given(READINGS, st.integers(0, 9))
def test_whole_records_remembered_count_as_keys_do(readings, total):
    """A window counts by its table of whole records what another list counts by a table of keys: the same numbers, others' records included."""
    told = []
    for paired in (True, False):
        trail, written, same_key = Trail(paired=paired), [], 0
        for number, pages in enumerate(readings):
            if number:
                trail.again([written])
            for names, others in pages:
                records, dropped = ([record(name, index) for index, name in enumerate(one)] for one in (names, others))
                sifted = trail.take(Page(records, len(records) + len(dropped), len(dropped), total=total, dropped=dropped))
                written += [one for index, one in enumerate(records) if index not in sifted.known]
                same_key += sifted.same_key
            same_key += trail.settle()
        told.append((trail.different, trail.short, trail.shortage, trail.mine, trail.progress, written, same_key))
    assert told[0] == told[1]
