"""Laws of what leaves, on random records, policies and decisions: nothing withheld in any byte, all else once and as it was sent."""

from __future__ import annotations

import csv
import html
import io
import itertools
import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.language.expressions.lossless_json import Number, dumps, loads
from engine.package.csv_table import CsvTable
from engine.release.after_check import AfterCheck, LeakedValue
from engine.release.aliases import Aliases
from engine.release.apply import PolicyOnParts
from engine.release.decision import Decision, Decisions
from engine.release.finders import Finders
from engine.release.given import Giving, HeldRecord, Undecided
from engine.release.given_record import GivenRecord
from engine.release.json_parts import parts_of
from engine.release.own import Own
from engine.release.policy import Policy
from engine.release.reasons import IN_SHORT, WITHHELD
from engine.release.record_values import at_pointer
from engine.release.ruling import Ruling
from engine.release.vocabulary import Vocabulary
from engine.release.withheld import WithheldTexts
from tests.release.policies import ADA
from tests.release.test_laws import DECISIONS, FIELDS, POLICIES

TEXTS = (
    "ada@example.com",
    "bea@example.com",
    "cem@example.com and BEA@example.com",
    "Zoé Müller",
    "with zoe\u0301 MÜLLER, Müller Zoé",
    "passcode: Qx7Zt9Lm2, again Qx7Zt9Lm2",
    "https://acme.example/j/1?pwd=Kp4Wn8Rv3&n=1",
    "call +1 415 555 0142 or (415) 555-0142",
    "4242424242424242",
    "</script><b>",
    "=cmd|'/c calc'!A1",
    "+49 30 901820",
    "\u202eevil\u202c, \u05d3\u05d5\u05d3",
    "half \ud800 pair",
    "../x",
    "the same long words everywhere",
    "met zoe_muller, and Zo\u00ade M\u00fcl\u200bler",
    "<b>Zo\u00e9</b> M\u00fcller",
    "x",
    "",
)
VALUES = st.one_of(
    st.sampled_from(TEXTS),
    st.sampled_from([0, -5, 2**63, 2**70, 4242424242424242, True, None, Number("1.10"), Number("1e400"), Number("-0")]),
)
RECORDS = st.dictionaries(
    st.sampled_from([*FIELDS, "a/b", "n\u00e9", "~"]),
    st.one_of(VALUES, st.lists(VALUES, max_size=3), st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=2)),
    min_size=1,
)
LOOK = Finders(Vocabulary(["Zoé Müller", "+14155550142"]))


def line_of(value: Any, *, escape: bool) -> str:
    """Write a value as a vendor may."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(name)}:{line_of(inner, escape=escape)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(line_of(inner, escape=escape) for inner in value) + "]"
    if isinstance(value, Number):
        return value.text
    return json.dumps(value, ensure_ascii=escape or (isinstance(value, str) and "\ud800" in value))


class Package:
    """What leaves of some records, in three formats, and what the after-check says of it."""

    def __init__(self, policy: dict[str, Any], records: list[dict[str, Any]], decisions: list[Decision], *, escape: bool = False) -> None:
        self.lines = [line_of(record, escape=escape).encode() for record in records]
        self.records = [loads(line) for line in self.lines]
        words = Policy.model_validate(policy)
        decided = list(decisions)
        for _ in range(3):  # what is still asked about is masked
            found = Decisions(decided)
            in_force = PolicyOnParts(words, Own(ADA), finder=LOOK, decisions=found)
            self.rulings = [in_force.rulings("calls", record, "sha") for record in self.records]
            asked = {one.value for rulings in self.rulings for one in rulings if one.do == "ask"}
            decided += [Decision(act=100 + len(decided), operation="mask", because="third_party", value=value) for value in sorted(asked)]
        self.texts = WithheldTexts()
        giving = Giving("acme", "en", Aliases(), LOOK, self.texts)
        pairs = zip(self.lines, self.records, self.rulings, strict=True)
        self.left = [giving.give("calls", line, record, rulings) for line, record, rulings in pairs]
        given = [one.line for one in self.left if isinstance(one, GivenRecord)]
        self.json = b"[\n" + b",\n".join(given) + b"\n]\n"
        table, out = CsvTable(io.BytesIO()), io.BytesIO()
        for line in given:
            table.add(loads(line))
        table.finish(out)
        self.csv = out.getvalue()
        shown = "".join(f"<li title=x>{html.escape(text)}</li>\n" for line in given for text in texts_of(loads(line)))
        self.html = f"<ul>\n{shown}</ul>".encode("utf-8", "backslashreplace")

    def leaks(self) -> list[LeakedValue]:
        """Search everything."""
        check = AfterCheck(self.texts, own=[one.text for one in ADA])
        return [
            *check.check("calls.json", "json", [self.json]),
            *check.check("calls.csv", "csv", [self.csv]),
            *check.check("calls.html", "html", [self.html]),
        ]


def texts_of(value: Any) -> Iterator[str]:
    """Give every text of a record, names of fields included."""
    if isinstance(value, dict):
        yield from value
    if isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from texts_of(inner)
    else:
        yield value.text if isinstance(value, Number) else str(value)


def slowly(text: str) -> str:
    """Fold a text as a reader would, who sees no accent and no sign without a width, with one blank between words."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    seen = "".join(char for char in apart if not unicodedata.combining(char) and unicodedata.category(char) != "Cf")
    return " ".join(re.sub(r"(?<=[^\W\d_])[_.-](?=[^\W\d_])", " ", seen).split())


def stands_in(package: Package, value: str) -> bool:
    """Search what a reader of each format sees, one text after the other."""
    read = [list(texts_of(loads(package.json))), [cell for row in csv.reader(io.StringIO(package.csv.decode("utf-8-sig"))) for cell in row]]
    read.append([html.unescape(text) for text in re.split("<[^>]*>", package.html.decode())])
    digits = re.sub(r"\D", "", value)[-7:] if value.startswith(("+", "(")) else ""
    every = [text for texts in read for text in texts]
    for text in (*every, *(re.sub(r"<[a-zA-Z/][^<>]*>", " ", text) for text in every)):
        if slowly(value) in slowly(text) or (digits and digits in re.sub(r"\D", "", text)):
            return True
    return False


OURS = [words.format(short[language]) for short in IN_SHORT.values() for language, words in WITHHELD.items()]
PACKAGES = st.builds(Package, POLICIES, st.lists(RECORDS, min_size=1, max_size=3), DECISIONS, escape=st.booleans())


@given(PACKAGES)
def test_a_withheld_value_stands_in_no_byte_or_the_check_says_so(package):
    """By the after-check's own rule and by a slow search that shares nothing with it."""
    reported = {one.withheld.text for one in package.leaks()}
    for text, told in package.texts.found.items():
        if len(text.strip()) >= 6 and not (told.inside and text in {one.text for one in ADA}):  # the person's own, in what is left out
            assert stands_in(package, text) == (text in reported), (text, package.json)


@given(PACKAGES)
def test_what_is_ruled_about_by_value_is_gone_from_every_place(package):
    """A secret, a card, an address, a name or a number that rules or decisions withhold wherever it stands."""
    for left, rulings in zip(package.left, package.rulings, strict=True):
        for one in (one for one in rulings if one.withholds and one.kind in ("found", "secret") and isinstance(left, GivenRecord)):
            for place in (place for place in left.withheld if place.pointer == one.pointer and place.operation != "drop"):
                text = at_pointer(loads(left.line), place.pointer)
                assert slowly(one.value) not in slowly(text)
                assert not one.value.startswith("+") or one.value[-7:] not in re.sub(r"\D", "", text)


@given(PACKAGES)
def test_everything_else_is_there_once_and_as_it_was_sent(package):
    """Byte for byte, in its order; what is withheld says so at its place."""
    for line, record, rulings, left in zip(package.lines, package.records, package.rulings, package.left, strict=True):
        assert not isinstance(left, Undecided)
        withheld = [one for one in rulings if one.withholds]
        if isinstance(left, HeldRecord):
            assert any(one.pointer == "" for one in withheld)
            continue
        if not withheld:
            assert left.line == line
        before, after = parts_of(line), parts_of(left.line)
        touched = {one.pointer.split("/")[1].replace("~1", "/").replace("~0", "~") for one in withheld}
        assert [name for name in before if name in after] == list(after)
        for name in before:
            assert name in touched or bytes(before[name]) == bytes(after[name])
        read = loads(left.line)
        for place in left.withheld:
            if place.operation != "drop":
                assert at_pointer(read, place.pointer)[place.start : place.end] == place.shown
                assert place.shown in OURS or re.fullmatch(r"person \d+", place.shown)
        assert len(list(texts_of(read))) >= len(list(texts_of(record))) - 8 * len(withheld)


@given(POLICIES, st.lists(RECORDS, min_size=1, max_size=3), DECISIONS)
def test_the_same_decisions_make_the_same_bytes(policy, records, decisions):
    """Aliases too: they are numbered by first appearance."""
    first, second = Package(policy, records, decisions), Package(policy, records, decisions)
    assert (first.json, first.csv, first.html) == (second.json, second.csv, second.html)


def all_of(given: GivenRecord | HeldRecord | Undecided) -> Any:
    """Give the line and the places of a record that leaves, which may be told a few together or each by itself."""
    return (given.line, given.withheld) if isinstance(given, GivenRecord) else given


REPEATED = st.lists(RECORDS, min_size=1, max_size=4).map(lambda records: [*records, *records[::-1], *records])


@given(POLICIES, REPEATED, DECISIONS, st.booleans())
def test_what_was_ruled_together_is_given_as_if_it_were_ruled_one_by_one(policy, records, decisions, twice):
    """The same bytes, places, numbers and withheld texts, whatever was given before; a member that stands twice too."""
    words, found = Policy.model_validate(policy), Decisions(decisions)
    lines = [dumps(record) if at % 2 else line_of(record, escape=False).encode() for at, record in enumerate(records)]
    lines = [line[:-1] + b', "again":1,"again":2}' if twice else line for line in lines]
    slow, quick = (PolicyOnParts(words, Own(ADA), finder=LOOK, decisions=found) for _ in range(2))
    told, noted = WithheldTexts(), WithheldTexts()
    one_by_one, together = (Giving("acme", "en", Aliases(), LOOK, texts) for texts in (told, noted))
    for line, digest in zip(lines, itertools.cycle(["sha", "other"])):
        record = loads(line)
        expected = one_by_one.give("calls", line, record, slow.rulings("calls", record, digest))
        left = together.give_ruled("calls", line, record, quick.ruled("calls", record, digest))
        assert all_of(left) == all_of(expected)
    assert (noted.found, noted.by_decision) == (told.found, told.by_decision)


def test_a_person_of_whom_two_fields_were_ruled_apart_has_one_number():
    """What is written for a field follows from all that stands on its side."""
    rulings = [
        Ruling(f"/{name}", "alias", "third_party", "others[0]", "who", value, group=0)
        for name, value in (("caller_name", "Bea"), ("caller_email", "bea@example.com"))
    ]
    record = {ruling.pointer[1:]: ruling.value for ruling in rulings}
    given = Giving("acme", "en", Aliases(), LOOK, WithheldTexts()).give_ruled("calls", dumps(record), record, [(one,) for one in rulings])
    assert isinstance(given, GivenRecord)
    assert given.line == b'{"caller_name":"person 1","caller_email":"person 1"}'


BROKEN = [
    {"caller_name": "Zoé Müller", "caller_email": "bea@example.com"},
    {"note": "passcode: Qx7Zt9Lm2"},
    {"note": "call +1 415 555 0142"},
    {"topic": "4242424242424242"},
    {"a/b": ["https://acme.example/j/1?pwd=Kp4Wn8Rv3"]},
]


@pytest.mark.parametrize("record", BROKEN)
def test_a_rule_that_is_broken_turns_the_check_red(record, monkeypatch):
    """A place that is forgotten, in a package that is clean else."""
    policy = {"policy": "1", "vendor": "acme", "others": [{"in": "calls", "who": "caller_*", "do": "mask"}]}
    assert Package(policy, [record], []).leaks() == []
    for forgotten in (text for value in record.values() for text in ([value] if isinstance(value, str) else value)):
        monkeypatch.setattr("engine.release.record_edit.written_text", lambda _, text=forgotten: json.dumps(text).encode())
        found = Package(policy, [record], []).leaks()
        assert {one.file for one in found} == {"calls.json", "calls.csv", "calls.html"}
        assert not any(one.confirm for one in found)
