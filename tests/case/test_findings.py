"""The findings of a case: distinct values, what stands side by side, what is decided, what is gone, and a cache that may be deleted."""

from __future__ import annotations

import json
import shutil
import sqlite3
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.case.findings import NAME, Findings, open_findings, settled
from engine.case.findings_fill import RunToRead, record_digest, value_digest
from engine.errors import UsageError
from engine.release.finders import Finders
from engine.release.ruling import Ruling
from engine.release.vocabulary import Vocabulary
from engine.replaced import replace
from tests.forked import apart
from tests.release.found_in import found_in

KEY = b"k" * 32
DIGEST = value_digest(KEY)
ANN = {"name": "Ann Example", "email": "ann@example.com", "number": "+49 89 5550100"}
JON = {"name": "Jon Example", "email": "jon@example.com", "number": "+49 89 5550101"}
CALLS = [
    {"caller": ANN, "topic": "Mail Ann@Example.com, Passcode: 481516"},
    {"caller": JON, "topic": "x"},
    {"caller": ANN, "topic": "half \ud800 of a pair", "amount": 1.10},
]


def target(**named):
    return SimpleNamespace(**{name: named.get(name) for name in ("value", "vendor", "endpoint", "field", "record", "pointer", "file")})


def line_of(record):
    return json.dumps(record).encode()


def run(folder: Path, calls=CALLS, proof="1", vendor="zoom"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "calls.jsonl").write_bytes(b"".join(line_of(call) + b"\n" for call in calls))
    (folder / "calls.pages.jsonl").write_text("{}\n")
    (folder / "calls.files.jsonl").write_text('{"file": "files/calls/0001.mp4"}\n{"file": null}\n')
    return RunToRead(vendor, folder, proof)


def beside(pointer, value, group):
    """Say that a value is a person's, who is asked about."""
    return Ruling(pointer, "ask", "third_party", "others[0]", "who", value, group)


def flagging():
    """Flag the caller as one person, and what is found in the topic."""
    look = Finders(Vocabulary([*ANN.values(), *JON.values()]))

    def flags(vendor, endpoint, record, sha256):
        assert record_digest(line_of(record)) == sha256
        for name, value in record["caller"].items():
            yield (beside(f"/caller/{name}", value, 0),)
        for place in found_in({"topic": record["topic"]}, look):
            yield (Ruling(place.pointer, "ask", "third_party", place.rule, "found", place.value),)

    return flags


def never():
    message = "made anew"
    raise AssertionError(message)


def dump(path):
    with sqlite3.connect(path) as database:
        return list(database.iterdump())


@pytest.fixture
def found(tmp_path):
    with open_findings(tmp_path, [run(tmp_path / "zoom")], flagging, DIGEST) as findings:
        yield findings


def test_one_person_is_one_row_and_the_undecided_come_first(found, tmp_path):
    """Name, mail and number that always stand side by side are decided together; the mail in the topic is the same value."""
    rows = found.listed()
    assert [[value.shown for value in row.values] for row in rows] == [list(ANN.values()), ["481516"], list(JON.values())]
    assert [(row.count, row.undecided) for row in rows] == [(3, True), (1, True), (1, True)]
    mail = rows[0].values[1]
    assert [(stand.field, stand.kind, stand.count) for stand in mail.stands] == [("caller.email", "who", 2), ("topic", "emails", 1)]
    found.settle({act: target(value=value.digest) for act, value in enumerate(rows[0].values, 7)})
    assert [row.values[0].shown for row in found.listed()] == ["481516", "Jon Example", "Ann Example"]
    assert [value.decision for value in found.listed()[2].values] == [7, 8, 9]
    assert (found.totals().rows, found.totals().undecided, found.totals().values, found.totals().findings) == (3, 2, 7, 11)


def test_the_cache_is_private_and_holds_no_digest_that_can_be_tried(found, tmp_path):
    """It is for its owner alone; and the log names a value by a digest that nobody makes without the key."""
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600
    digest = found.listed()[0].values[1].digest
    assert digest == DIGEST("ANN@example.com ")
    assert digest != value_digest(b"other")("ann@example.com")
    assert [value.shown for value in found.value(digest[:8])] == ["ann@example.com"]
    assert found.value("g") == found.value("%") == []


def test_a_deleted_or_damaged_cache_is_made_anew_and_is_the_same(found, tmp_path):
    """Nothing is lost with it; and it is not made again while it fits."""
    path, first = tmp_path / NAME, dump(tmp_path / NAME)
    with open_findings(tmp_path, [RunToRead("zoom", tmp_path / "zoom", "1")], never, DIGEST) as again:
        assert again.listed() == found.listed()
    for damage in (b"", b"SQLite format 3\0 and then nothing", None):
        path.unlink() if damage is None else path.write_bytes(damage)
        with open_findings(tmp_path, [RunToRead("zoom", tmp_path / "zoom", "1")], flagging, DIGEST):
            assert dump(path) == first
    assert sorted(one.name for one in tmp_path.iterdir()) == [NAME, "zoom"]


@pytest.mark.parametrize(
    "other",
    [
        {"runs": [RunToRead("zoom", Path("zoom"), "2")]},
        {"runs": [RunToRead("zoom", Path("zoom"), "1", "other policy")]},
        {"digest": value_digest(b"other")},
        {"also": "another name of the person"},
    ],
)
def test_another_run_policy_key_or_person_makes_it_anew(tmp_path, other):
    """Whatever the findings follow from is part of what the cache is for."""
    run(tmp_path / "zoom")
    first = {"runs": [RunToRead("zoom", tmp_path / "zoom", "1")], "digest": DIGEST, "also": ""}
    changed = {**first, **other}
    changed["runs"] = [RunToRead(one.vendor, tmp_path / one.folder.name, one.proof, one.policy) for one in changed["runs"]]
    made = []

    def counted():
        made.append(1)
        return flagging()

    for use in (first, changed, changed):
        open_findings(tmp_path, use["runs"], counted, use["digest"], use["also"]).__exit__()
    assert len(made) == 2


def test_other_finders_make_it_anew(tmp_path, monkeypatch):
    """A version of Habeas that finds more does not show what an earlier one found."""
    there = run(tmp_path / "zoom")
    open_findings(tmp_path, [there], flagging, DIGEST).__exit__()
    monkeypatch.setattr("engine.release.finders.VERSION", "0")
    with pytest.raises(AssertionError, match="made anew"):
        open_findings(tmp_path, [there], never, DIGEST)


def test_what_a_killed_command_left_is_removed_and_what_another_makes_stays(tmp_path):
    """A half made file holds values too."""
    left = tmp_path / f"{NAME}.1.part"
    left.write_text("half")
    open_findings(tmp_path, [run(tmp_path / "zoom")], flagging, DIGEST).__exit__()
    assert not left.exists()


def test_decisions_on_fields_records_places_and_endpoints_leave_nothing_to_ask_there(found):
    """Each kind of target reaches its places and no others; undoing brings them back."""
    sha256 = record_digest(line_of(CALLS[0]))
    for what, undecided in (
        (target(vendor="zoom", endpoint="calls"), []),
        (target(vendor="slack", endpoint="calls"), ["Ann Example", "Jon Example", "481516"]),
        (target(vendor="zoom", endpoint="calls", field="caller"), ["ann@example.com", "481516"]),
        (target(vendor="zoom", endpoint="calls", field="caller.n*"), ["ann@example.com", "jon@example.com", "481516"]),
        (target(vendor="zoom", endpoint="calls", record=sha256), ["Ann Example", "Jon Example"]),
        (target(vendor="zoom", endpoint="calls", record=sha256, pointer="/topic"), ["Ann Example", "Jon Example"]),
        (target(record=sha256, pointer="/nothing"), ["Ann Example", "Jon Example", "481516"]),
        (target(file="files/calls/0001.mp4"), ["Ann Example", "Jon Example", "481516"]),
    ):
        found.settle({1: what})
        left = [next(value.shown for value in row.values if not value.settled) for row in found.listed() if row.undecided]
        assert sorted(left) == sorted(undecided), what
        found.settle({})
        assert found.totals().undecided == 3


def test_a_decision_finds_its_places_in_a_run_that_was_fetched_again_or_says_that_they_are_gone(tmp_path):
    """A record with the same bytes is the same record, on whatever line; one that changed, and a place that is not there, are said."""
    run(tmp_path / "zoom")
    again = [{**CALLS[1], "topic": "changed"}, CALLS[2], CALLS[0]]
    shas = [record_digest(line_of(call)) for call in CALLS]
    decisions = {
        1: target(vendor="zoom", endpoint="calls", record=shas[0], pointer="/caller/email"),
        2: target(vendor="zoom", endpoint="calls", record=shas[1], pointer="/topic"),
        3: target(vendor="zoom", endpoint="calls", record=shas[0], pointer="/caller/e~0mail"),
        4: target(value=DIGEST("jon@example.com")),
        5: target(value=DIGEST("nobody@example.com")),
        6: target(vendor="zoom", endpoint="calls"),
        7: target(vendor="zoom", endpoint="webinars"),
        8: target(vendor="zoom", file="files/calls/0001.mp4"),
        9: target(vendor="zoom", file="files/calls/0002.mp4"),
        10: target(vendor="zoom", endpoint="calls", field="topic"),
        14: target(record=shas[2], pointer="/amount"),
        11: target(vendor="zoom", endpoint="calls", field="agenda"),
        12: target(record=shas[2]),
        13: target(record="no digest"),
    }
    with open_findings(tmp_path, [run(tmp_path / "zoom-2", again, "2")], flagging, DIGEST) as found:
        place = found.places(decisions[1])[0]
        assert (place.vendor, place.endpoint, place.line, place.record, place.pointer) == ("zoom", "calls", 3, shas[0], "/caller/email")
        assert [place.line for place in found.places(decisions[4])] == [1]
        assert found.places(decisions[8])[0].pointer == "files/calls/0001.mp4"
        gone = found.gone(decisions)
        assert sorted(gone) == [2, 3, 5, 7, 9, 11, 13]
        assert gone[2] == "its record is not in the present run, or was fetched with other content: zoom/calls"
        assert gone[5] == "its value stands nowhere in the present runs"
        assert "example" not in " ".join(gone.values())


def test_what_is_no_record_is_said_with_its_line(tmp_path):
    """A file that was changed after the run ended is no silent end of the list, and no cache is left of it."""
    there = run(tmp_path / "zoom")
    with (tmp_path / "zoom" / "calls.jsonl").open("ab") as stream:
        stream.write(b"{half")
    with pytest.raises(UsageError, match=r"calls\.jsonl:4: is no record"):
        open_findings(tmp_path, [there], flagging, DIGEST)
    assert not list(tmp_path.glob("findings*"))


WHO = st.tuples(st.sampled_from("abcd"), st.sampled_from("wxyz"), st.booleans())


def flagging_together():
    """Flag both values of each person of a record; those of `a` and `b` together, and as the same thing in each record."""

    @cache
    def together(group, first, second, free):
        found = [beside(f"/{group}/{place}", value, None if free else group) for place, value in enumerate((first, second))]
        return [tuple(found)] if first < "c" else [(ruling,) for ruling in found]

    def flags(vendor, endpoint, record, sha256):
        for group, (first, second, free) in enumerate(record):
            yield from together(group, first, second, free)

    return flags


@given(st.lists(st.lists(WHO, max_size=3), max_size=6))
def test_rows_are_values_that_always_stand_side_by_side(tmp_path_factory, records):
    """As counted slowly: two values share a row where they stand on the same sides of the same records, and nowhere else."""
    folder = tmp_path_factory.mktemp("case")

    sides = {}
    for number, record in enumerate(records):
        for group, (first, second, free) in enumerate(record):
            for value in (first, second):
                sides.setdefault(value, set()).update(() if free else {(number, group)})
    expected = {frozenset(other for other in sides if other == value or (sides[value] and sides[other] == sides[value])) for value in sides}
    with open_findings(folder, [run(folder / "zoom", records)], flagging_together, DIGEST) as found:
        assert {frozenset(value.shown for value in row.values) for row in found.listed()} == expected
        assert found.totals().findings == 2 * sum(map(len, records))


FEW = st.lists(st.tuples(st.sampled_from("ac"), st.just("w"), st.booleans()), min_size=1, max_size=2)
ABOUT = st.tuples(st.sampled_from(("record", "place", "value", "endpoint")), st.integers(0, 3), st.integers(0, 1), st.integers(0, 1))


@given(st.lists(FEW, min_size=1, max_size=4), st.lists(st.lists(ABOUT, max_size=3), min_size=1, max_size=3))
def test_a_decision_reaches_its_places_and_no_others_however_much_is_flagged_together(tmp_path_factory, records, turns):
    """As counted slowly, place by place: what other records share with one that is decided about stays asked there."""
    folder = tmp_path_factory.mktemp("case")
    places = [
        (line, f"/{group}/{at}", value)
        for line, record in enumerate(records, 1)
        for group, who in enumerate(record)
        for at, value in enumerate(who[:2])
    ]
    shas = [record_digest(line_of(record)) for record in records]

    def read(kind, record, group, at):
        line, pointer = min(record, len(records) - 1), f"/{group}/{at}"
        if kind == "value":
            value = "w" if at else "ac"[group]
            return target(value=DIGEST(value)), lambda place: place[2] == value
        if kind == "endpoint":
            return target(vendor="zoom", endpoint="calls"), lambda _: True
        named = pointer if kind == "place" else None
        return target(record=shas[line], pointer=named), lambda place: shas[place[0] - 1] == shas[line] and named in (None, place[1])

    with open_findings(folder, [run(folder / "zoom", records)], flagging_together, DIGEST) as found:
        for turn in [*turns, []]:
            decided = [read(*about) for about in turn]
            found.settle({act: of for act, (of, _) in enumerate(decided, 1)})
            values = {value.shown: value for row in found.listed() for value in row.values}
            assert set(values) == {value for *_, value in places}
            for shown, value in values.items():
                stands = [place for place in places if place[2] == shown]
                assert [(place.line, place.pointer, shown) for place in found.places(target(value=value.digest))] == stands
                reached = [place for place in stands if any(reaches(place) for of, reaches in decided if of.value is None)]
                assert (value.count, value.undecided) == (len(stands), len(stands) - len(reached))
                assert (value.decision is not None) == any(of.value == value.digest for of, _ in decided)


def test_a_record_is_known_by_its_line_without_the_end():
    """However it was read."""
    assert record_digest(b"{}\n") == record_digest(b"{}")


def test_what_a_rule_decides_is_counted_and_not_asked(tmp_path):
    """Two endpoints, a value twice on one side, one that nobody is asked about: each is counted where it stands, and decided where it is asked."""

    def flags(vendor, endpoint, record, sha256):
        for name in ("name", "again", "mail"):
            value = record["mail" if name == "mail" else "name"]
            yield (replace(beside(f"/{name}", value, 0), do="ask" if endpoint == "calls" else "mask"),)

    first, second = {"name": "Ann", "mail": "ann@example.com"}, {"name": "Jon", "mail": "jon@example.com"}
    there = run(tmp_path / "zoom", [first, second])
    (tmp_path / "zoom" / "sms.jsonl").write_bytes(line_of({**first, "n": 1}) + b"\n")
    with open_findings(tmp_path, [there], lambda: flags, DIGEST) as found:
        assert [[value.shown for value in row.values] for row in found.listed()] == [["Ann", "ann@example.com"], ["Jon", "jon@example.com"]]
        ann = found.listed()[0].values[0]
        assert [(stand.endpoint, stand.field, stand.count) for stand in ann.stands] == [
            ("calls", "again", 1), ("calls", "name", 1), ("sms", "again", 1), ("sms", "name", 1),
        ]  # fmt: skip
        assert (ann.count, ann.undecided) == (4, 2)
        found.settle({1: target(vendor="zoom", endpoint="sms")})
        assert [(row.values[0].shown, row.values[0].undecided) for row in found.listed()] == [("Ann", 2), ("Jon", 2)]
        found.settle({1: target(record=record_digest(line_of(second)))})
        assert [value.undecided for row in found.listed() for value in row.values] == [2, 1, 0, 0]


def test_a_cache_that_somebody_made_anew_meanwhile_is_opened_again(tmp_path, monkeypatch):
    """Another process that looks at the same time puts its own file in the place of the one that is open: that is no mistake of anybody's."""
    runs, settle, moved = [run(tmp_path / "zoom")], Findings.settle, []
    value = DIGEST("ann@example.com")

    def meanwhile(found, decisions):
        if not moved:
            moved.append(shutil.copy(tmp_path / NAME, tmp_path / "other"))
            (tmp_path / "other").replace(tmp_path / NAME)
        settle(found, decisions)

    monkeypatch.setattr(Findings, "settle", meanwhile)
    with settled(tmp_path, runs, flagging, DIGEST, "", {7: target(value=value)}) as found:
        assert found.value(value)[0].decision == 7
    assert moved
    assert [one.name for one in tmp_path.iterdir() if one.suffix == ".part"] == []


def test_what_somebody_has_open_stays_what_it_was(found, tmp_path):
    """Others decide, make the cache anew, delete it, or are killed while SQLite changes a file of theirs: nobody's findings change by that."""
    value, before = DIGEST("ann@example.com"), found.listed()
    with settled(tmp_path, [run(tmp_path / "zoom")], never, DIGEST, "", {7: target(value=value)}) as other:
        (tmp_path / f"{NAME}-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + bytes(1016))  # as SQLite begins one
        assert (other.value(value)[0].decision, found.listed()) == (7, before)
        with settled(tmp_path, [run(tmp_path / "zoom", proof="2")], flagging, DIGEST, "", {}) as anew:
            (tmp_path / NAME).unlink()
            assert (other.value(value)[0].decision, found.listed(), anew.listed()) == (7, before, before)
            found.settle({9: target(value=value)})
            assert (other.value(value)[0].decision, found.value(value)[0].decision, anew.value(value)[0].decision) == (7, 9, None)


def _looked_and_decided(folder: Path, number: int, rounds: int = 15) -> None:
    """Make the cache anew, look at it and decide, again and again, each time as another person would."""
    value = DIGEST("ann@example.com")
    for turn in range(rounds):
        act = number * rounds + turn
        there = RunToRead("zoom", folder / "zoom", str(act % 3))
        with settled(folder, [there], flagging, DIGEST, "", {act: target(value=value)}) as mine:
            for _ in range(3):
                assert mine.value(value)[0].decision == act
                assert (mine.totals().undecided, len(mine.listed())) == (3, 3)
        if turn % 5 == number:
            (folder / NAME).unlink(missing_ok=True)


def test_a_cache_that_others_replace_and_delete_fails_nobody(tmp_path):
    """Processes look, decide, make it anew and delete it all at once: each sees its own decision, and nothing is left beside the cache."""
    run(tmp_path / "zoom")
    at_once = apart()
    others = [at_once.Process(target=_looked_and_decided, args=(tmp_path, number)) for number in range(3)]
    for one in others:
        one.start()
    for one in others:
        one.join()
    assert [one.exitcode for one in others] == [0, 0, 0]
    assert {one.name for one in tmp_path.iterdir()} - {NAME} == {"zoom"}
