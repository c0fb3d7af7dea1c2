"""What fields are called: the nearest label, behind what holds the field; what codes mean; how many recorded fields have one."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from engine.language.expressions import lossless_json
from engine.language.text.mistakes import SpecError
from engine.release.labels import WITHIN, innermost, unlabelled
from engine.release.load_labels import load_labels, share_labelled, untitled

GIVEN = yaml.safe_load((Path(__file__).parent / "label_cases.yaml").read_text("utf-8"))
ACME = load_labels(GIVEN["labels"].encode(), "acme.yaml")
STEPS = st.lists(
    st.sampled_from(["id", "owner", "name", "custom", "badge", "value", "colour_red", "rooms", "other"]), min_size=1, max_size=5
)


@pytest.mark.parametrize("case", GIVEN["cases"], ids=lambda case: f"{case['of'][0]}.{case['of'][1]}={case['of'][2]}")
def test_a_field_is_called(case):
    """By the table."""
    endpoint, path, value = case["of"]
    sent = lossless_json.loads(b"1.50") if value == 1.5 else value
    assert list(ACME.of(endpoint, tuple(path.split(".")), sent)) == case["are"]


@given(st.sampled_from(["meetings", "calls"]), STEPS)
def test_a_field_is_never_called_nothing(endpoint, steps):
    """Whatever its path: the last words are its own label, or its own name; what stands before them are labels of what holds it."""
    told, meaning = ACME.of(endpoint, tuple(steps))
    own = ACME.found(endpoint, tuple(steps))
    assert told
    assert told.endswith(steps[-1] if own is None else own.called(steps[-1]))
    assert told.count(WITHIN) < len(steps)
    assert meaning is None


FIELDS = {
    "lookup": [("id",), ("owner",), ("owner", "name"), ("custom",), ("custom", "badge")],
    "meetings": [("shoe_size",), ("tags",), ("tags", "kind"), ("tags", "other")],
}


def test_only_the_innermost_fields_count():
    """What holds others is no field that anybody reads; one that goes by its own name has no label, though the author wrote so."""
    assert [f"{name}.{'.'.join(path)}" for name, path in innermost(FIELDS)] == [
        *("lookup.custom.badge", "lookup.id", "lookup.owner.name", "meetings.shoe_size", "meetings.tags.kind", "meetings.tags.other"),
    ]
    assert unlabelled(ACME, FIELDS) == [("lookup", ("custom", "badge")), ("meetings", ("shoe_size",)), ("meetings", ("tags", "other"))]


@pytest.mark.parametrize(
    ("named", "of_all", "noted"),
    [(9, 10, False), (8, 10, True), (18, 20, False), (17, 20, True), (0, 1, True), (1, 1, False), (0, 0, False)],
)
def test_more_than_one_in_ten_without_a_label_is_noted(named, of_all, noted):
    """One in ten is not more than one in ten; where nothing is recorded, nothing is missing."""
    fields = {"calls": [*((f"holder{n}", "id") for n in range(named)), *((f"x{n}",) for n in range(of_all - named))]}
    told, note = share_labelled(ACME, fields)
    assert told == f"{named} of {of_all} recorded field{'' if of_all == 1 else 's'} have a label"
    assert (note is not None) is noted


def test_the_note_names_what_is_missing():
    """The first ones, and how many more."""
    fields = {"calls": [(f"x{n:02}",) for n in range(15)]}
    note = share_labelled(ACME, fields)[1]
    assert note is not None
    assert (note.level, note.message) == ("note", "15 recorded fields of 15 have no label, more than one in ten")
    assert note.detail == (*(f"calls.x{n:02}" for n in range(12)), "and 3 more")
    assert share_labelled(ACME, {"calls": [("x",)]})[1].detail == ("calls.x",)


ENGLISH = """
everywhere: {id: Identifier, owner: Owner, name: Name, owner.name: Owner's name, state: {label: State, codes: {a: open, b: closed}}}
endpoints: {calls: {kind: {label: Kind, codes: {1: short, 2: long}}}}
"""
RECORDED = {"calls": [("id",), ("kind",), ("state",)], "meetings": [("owner",), ("owner", "name"), ("owner", "id"), ("state",)]}
ALL = "id: Kennung, owner: Inhaber, owner.name: Name des Inhabers, state: {label: Stand, codes: {a: offen, b: zu}}"
KIND = "endpoints: {calls: {kind: {label: Art, codes: {1: kurz, 2: lang}}}}"
TRANSLATED = [
    (f"everywhere: {{{ALL}}}\n{KIND}", []),
    (f"everywhere: {{{ALL}, kind: {{label: Art, codes: {{1: kurz, 2: lang}}}}}}", ["calls.kind"]),  # English names it nearer, and is told
    (f"everywhere: {{{ALL}}}\n{KIND.replace(', 2: lang', '')}", ["calls.kind, its code 2"]),
    (f"everywhere: {{{ALL.replace('owner.name: Name des Inhabers', 'name: Name')}}}\n{KIND}", ["meetings.owner.name"]),
    (f"everywhere: {{{ALL.replace('owner: Inhaber, ', '')}}}\n{KIND}", ["meetings.owner.id", "meetings.owner.name"]),  # what holds them
    (f"everywhere: {{{ALL.replace(', codes: {a: offen, b: zu}', '')}}}\n{KIND}", ["calls.state, its code a", "meetings.state, its code a"]),
    (f"everywhere: {{{ALL.replace('label: Stand', 'label: State')}}}\n{KIND}", []),  # a word may be the same in both
]


@pytest.mark.parametrize(("german", "left"), TRANSLATED)
def test_what_labels_leave_to_those_beneath_is_missing(german, left):
    """Whatever of a field would be told in English: its own words, those of what holds it, or what a code means."""
    beneath = load_labels(f"labels: 1\nvendor: acme\n{ENGLISH}".encode(), "acme.yaml")
    labels = load_labels(f"labels: 1\nvendor: acme\n{german}".encode(), "acme.de.yaml")
    told, note = share_labelled(labels, RECORDED, beneath, "German")
    assert told == f"{6 - len(left)} of 6 recorded fields have a label in German"
    assert (list(note.detail) if note is not None else []) == left


@pytest.mark.parametrize(
    ("german", "told"),
    [
        ("everywhere: {state: {label: Stand, codes: {a: offen, c: zu}}}", ["the English labels explain no code `c` of `state`"]),
        ("endpoints: {calls: {kind: {label: Art, codes: {3: kurz}}}}", ["the English labels explain no code `3` of `kind`"]),
        ("endpoints: {calls: {state: {label: Stand, codes: {b: zu}}}}", []),  # by the label that English has of it, wherever it stands
        ("everywhere: {id: {label: Kennung, codes: {x: unbekannt}}}", []),  # in English it may need no explanation
    ],
)
def test_a_code_that_no_english_label_explains_is_a_mistake(german, told):
    """Nobody would ever read it; where English explains none of a field's codes, it says nothing of them."""
    beneath = load_labels(f"labels: 1\nvendor: acme\n{ENGLISH}".encode(), "acme.yaml")
    try:
        load_labels(f"labels: 1\nvendor: acme\n{german}".encode(), "acme.de.yaml", "acme", RECORDED, beneath)
    except SpecError as error:
        assert [one.message for one in error.mistakes] == told
        assert error.mistakes[0].hint == f"known here: {'a, b' if 'state' in german else '1, 2'}"
    else:
        assert told == []


def test_a_kind_of_records_without_a_title_is_noted():
    """By its endpoint; nothing is said where each has one."""
    labels = load_labels(b"labels: 1\nvendor: acme\ntitles: {calls: Anrufe}\n", "acme.de.yaml")
    note = untitled(labels, ["calls", "meetings"], "German")
    assert note is not None
    assert (note.message, note.detail) == ("1 kind of records without a title in German", ("meetings",))
    assert untitled(labels, ["calls"], "German") is None
