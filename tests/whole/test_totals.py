"""A list is whole only when as many different records came as were announced, whatever the vendor does with them meanwhile."""

from __future__ import annotations

import pytest

from engine.core.envelope import Envelope
from engine.core.response import Page
from engine.core.trail import Trail
from engine.language.expressions.select import parse_select
from tests.whole.scripted import fetched

LIST = "it: {get: /list, records: items, pagination: {cursor: next, param: after, total: total}}\n"


def items(*ids: int, more: str = "", **envelope: object) -> dict[str, object]:
    return {"items": [{"id": one, "url": f"https://x.example/{one}?signed={more}"} for one in ids], "total": 4, **envelope}


def test_a_list_that_shifts_while_it_is_read_is_not_taken_for_whole(tmp_path):
    """Record 2 came twice and one is missing: four lines would satisfy the total, three records do not."""
    done = fetched(LIST, {"/list": [items(1, 2, next="n")], "/list?after=n": [items(2, 3)]}, tmp_path)
    entry = done.entry()
    assert (str(entry.outcome), entry.tally.expected) == ("partial", 4)
    assert entry.reason == "the vendor announced 4 records and delivered 3, twice"
    assert [one["id"] for one in done.lines()] == [1, 2, 3]


def test_a_list_that_shifted_is_whole_once_it_is_read_again(tmp_path):
    """The second reading brings the missing record, and only that is written."""
    answers = {"/list": [items(1, 2, next="n"), items(0, 1, next="n")], "/list?after=n": [items(2, 3), items(2, 3)]}
    done = fetched(LIST, answers, tmp_path)
    assert str(done.entry().outcome) == "complete"
    assert [one["id"] for one in done.lines()] == [1, 2, 3, 0]
    assert done.log.count("/list") == 2


@pytest.mark.parametrize("key", ["id", "nothing"])
def test_new_bytes_of_an_old_record_are_no_progress(key, tmp_path):
    """Each answer signs its addresses anew: two records stay two, however often they are read, with a key and without one."""
    answers = {"/list": [items(1, 2, more="a"), items(1, 2, more="b")]}
    done = fetched(LIST.replace("records", f"key: {key}, records"), answers, tmp_path)
    assert str(done.entry().outcome) == "partial"
    assert "announced 4 records and delivered 2, twice" in done.entry().reason
    assert len(done.lines()) == 4  # other bytes are other data: all is delivered


def test_equal_records_without_a_key_are_all_kept(tmp_path):
    """Two notes with the same words of two projects are two notes; only a key permits dropping."""
    spec = """
        projects: {get: /projects, records: projects}
        it: {get: /projects/<projects.id>/notes, records: items}
    """
    notes = {"items": [{"text": "call back"}, {"text": "call back"}]}
    answers = {"/projects": [{"projects": [{"id": 1}, {"id": 2}]}], "/projects/1/notes": [notes], "/projects/2/notes": [notes]}
    done = fetched(spec, answers, tmp_path)
    assert (str(done.entry().outcome), done.entry().tally.duplicates, len(done.lines())) == ("complete", 0, 4)
    assert [one["lines"] for one in done.lines("it.pages")] == [2, 2]


def test_what_is_left_out_of_records_does_not_decide_whether_they_are_kept(tmp_path):
    """A single list holds two equal records: both stay, with all fields and without one."""
    answers = {"/list": [{"items": [{"id": 1, "q": 2}, {"id": 1, "q": 2}], "total": 2}]}
    assert len(fetched(LIST, answers, tmp_path / "all").lines()) == 2
    assert fetched(LIST, answers, tmp_path / "cut", without=("it.q",)).lines() == [{"id": 1}, {"id": 1}]


def test_what_was_announced_is_told_even_where_the_list_breaks_off(tmp_path):
    """The reader of the manifest sees how much is missing."""
    done = fetched(LIST, {"/list": [items(1, 2, next="n", total=500)]}, tmp_path)
    assert (str(done.entry().outcome), done.entry().tally.expected) == ("partial", 500)


def test_a_list_of_other_people_only_is_empty(tmp_path):
    """What `match` drops is counted as others', and the person has nothing there."""
    done = fetched(
        "it: {get: /list, records: items, match: {owner: <USER_ID>}}\n", {"/list": [{"items": [{"id": 1, "owner": "u2"}]}]}, tmp_path
    )
    assert (str(done.entry().outcome), done.entry().tally.others) == ("empty", 1)


@pytest.mark.parametrize("means", ["absent", "empty", "unlicensed"])
def test_a_refusal_of_the_second_reading_does_not_excuse_the_shortage(means, tmp_path):
    """One of two records came, then the list is said not to be there: partial, and its children are asked."""
    spec = f"""
        it: {{get: /list, records: items, pagination: {{cursor: next, param: after, total: total}}, refusals: {{rules: [{{status: 404, means: {means}}}]}}}}
        c: {{get: /c/<it.id>}}
    """
    done = fetched(spec, {"/list": [items(1, total=2), (404, {})], "/c/1": [{"id": 5}]}, tmp_path)
    assert str(done.entry().outcome) == "partial"
    assert "was refused when it was read again" in done.entry().reason
    assert "/c/1" in done.log


def test_a_record_without_a_key_is_known_to_its_own_chain_only(tmp_path):
    """Another chain wrote the same bytes; the reading again of this one still brings its own."""
    spec = LIST.replace("it: {", "it: {for: {K: [b, a]}, params: {k: <K>}, ")
    x, y = {"text": "X"}, {"text": "Y"}
    answers = {"/list?k=b": [{"items": [y], "total": 1}], "/list?k=a": [{"items": [x], "total": 2}, {"items": [x, y], "total": 2}]}
    done = fetched(spec, answers, tmp_path)
    assert sorted(one["text"] for one in done.lines()) == ["X", "Y", "Y"]


def page(*records: bytes) -> Page:
    return Page(Envelope(b'{"items":[' + b",".join(records) + b"]}").records(parse_select("items")), len(records))


@pytest.mark.parametrize(
    ("pages", "repeated"),
    [
        ([[b'{"id":1}', b'{"id":2}'], [b'{"id":3}']], [0, 0]),
        ([[b'{"id":1}', b'{"id":2}'], [b'{"id":2}', b'{"id":3}']], [0, 1]),
        ([[b'{"id":1}', b'{"id":2}', b'{"id":3}'], [b'{"id":2}', b'{"id":3}', b'{"id":4}']], [0, 2]),
        ([[b'{"id":1}', b'{"id":2}', b'{"id":3}'], [b'{"id":2}', b'{"id":4}']], [0, 1]),
        ([[b'{"id":1}', b'{"id":2}', b'{"id":3}'], [b'{"id":2}']], [0, 1]),
        ([[b'{"x":1}'], [b'{"x":1}']], [0, 0]),
        ([[b'{"id":1}'], [], [b'{"id":1}']], [0, 0, 0]),
    ],
)
def test_a_repetition_is_what_one_page_ends_and_the_next_begins_with(pages, repeated):
    """Counted from the next page's first record on; records without a key repeat nothing."""
    trail = Trail()
    assert [trail.repeated(page(*one)) for one in pages] == repeated


def test_a_chain_begun_anew_remembers_what_was_written_and_not_where_it_was():
    """Marks and the last page are forgotten, so that the same pages may come again."""
    trail = Trail()
    trail.take(page(b'{"id":1}'))
    trail.marks.add("x")
    trail.again([[b'{"id":1}']])
    assert (trail.marks, trail.now.count, trail.different) == (set(), 0, 1)
    assert trail.repeated(page(b'{"id":1}')) == 0
    trail.take(page(b'{"id":1}'))
    assert (trail.different, trail.short) == (1, False)
