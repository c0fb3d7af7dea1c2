"""A record as it leaves: what is withheld is gone, and all else is what the vendor sent, byte for byte."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from engine.language.expressions.lossless_json import loads
from engine.release.aliases import Aliases
from engine.release.apply import PolicyOnParts
from engine.release.finders import Finders
from engine.release.given import Giving, HeldRecord, Undecided
from engine.release.given_record import GivenRecord, WithheldPlace
from engine.release.load_policy import load_policy
from engine.release.masked_together import KnownMasks
from engine.release.own import Own
from engine.release.record_values import at_pointer
from engine.release.ruling import Ruling
from engine.release.vocabulary import Vocabulary
from engine.release.withheld import WithheldTexts
from engine.release.written import PIECE, occurrences
from engine.replaced import replace
from tests.moments import few

MASK = "[withheld: another person]"


def ruling(pointer: str, do: str = "mask", value: str = "", **more: Any) -> Ruling:
    """Make a ruling."""
    return Ruling(pointer, **({"do": do, "because": "third_party", "rule": "others[0]", "kind": "who", "value": value} | more))


def giving(language: str = "en", names: tuple[str, ...] = ("Bea Miller",)) -> Giving:
    """Give records of one vendor, where these people are known."""
    return Giving("acme", language, Aliases(), Finders(Vocabulary(names)), WithheldTexts())


def given(line: bytes, *rulings: Ruling, language: str = "en") -> GivenRecord:
    """Give one record."""
    found = giving(language).give("calls", line, loads(line), list(rulings))
    assert isinstance(found, GivenRecord)
    return found


WHOLE = [
    ("nothing", rb'{ "a" : 1.10, "b":9223372036854775808,"c": 1e400 , "d":"\u00e9\/" }', [], rb'{ "a" : 1.10, "b":9223372036854775808,"c": 1e400 , "d":"\u00e9\/" }'),
    (
        "a field beside others",
        rb'{"n":"Bea","a":1.10,"b":9223372036854775808,"c":1e400,"d":"\u00e9\/","z":{"y" : 1,"x":[ ]}}',
        [ruling("/n", value="Bea")],
        rb'{"n":"[withheld: another person]","a":1.10,"b":9223372036854775808,"c":1e400,"d":"\u00e9\/","z":{"y" : 1,"x":[ ]}}',
    ),
    ("a number becomes a text", b'{"n":4711,"m":-0}', [ruling("/n", value="4711")], b'{"n":"[withheld: another person]","m":-0}'),
    ("true too", b'{"n":true}', [ruling("/n", value="true")], b'{"n":"[withheld: another person]"}'),
    ("nothing too", b'{"n":null}', [ruling("/n", value="null")], b'{"n":"[withheld: another person]"}'),
    ("deep in lists", b'{"l":[{"n":"Bea"},1e2]}', [ruling("/l/0/n", value="Bea")], b'{"l":[{"n":"[withheld: another person]"},1e2]}'),
    ("a field vanishes", b'{"a":1,"n":"Bea","b":2}', [ruling("/n", "drop", "Bea")], b'{"a":1,"b":2}'),
    ("a named field without content vanishes", b'{"bea@x.io":"","b":2}', [ruling("/bea@x.io", "drop", "bea@x.io")], b'{"b":2}'),
    ("items vanish", b'["x","Bea","y","Bea"]', [ruling("/1", "drop", "Bea"), ruling("/3", "drop", "Bea")], b'["x","y"]'),
    ("what holds more vanishes", b'{"a":{"n":"Bea"},"b":1.0}', [ruling("/a", "drop")], b'{"b":1.0}'),
    ("an item on the tenth place", b'[0,1,2,3,4,5,6,7,8,9,"Bea",11]', [ruling("/10", "drop", "Bea"), ruling("/2", "drop", "2")], b"[0,1,3,4,5,6,7,8,9,11]"),
    ("names with signs of pointers", b'{"a/b":"Bea","~":"Bea"}', [ruling("/a~1b", "drop", "Bea"), ruling("/~0", value="Bea")], b'{"~":"[withheld: another person]"}'),
    (
        "half a surrogate pair",
        rb'{"k\ud800" : [1.10,"\ud83d\ude00\ud800"],"n":"Bea","e":"\u00e9"}',
        [ruling("/n", value="Bea")],
        rb'{"k\ud800":[1.10,"\ud83d\ude00\ud800"],"n":"[withheld: another person]","e":"\u00e9"}',
    ),
    (
        "half a surrogate pair in a list",
        rb'{"l":["\ud800", {"n":"Bea","d":[1,{}]} ,[ ],"x]\"}"]}',
        [ruling("/l/1/n", value="Bea")],
        rb'{"l":["\ud800",{"n":"[withheld: another person]","d":[1,{}]},[ ],"x]\"}"]}',
    ),
    ("a record that is one value", b'"Bea"', [ruling("", value="Bea")], b'"[withheld: another person]"'),
]  # fmt: skip


@pytest.mark.parametrize(("line", "rulings", "expected"), [one[1:] for one in WHOLE], ids=[one[0] for one in WHOLE])
def test_only_the_way_to_a_withheld_place_is_written_anew(line, rulings, expected):
    """Numbers, escapes and the order of members stay as they were sent."""
    assert given(line, *rulings).line == expected


TWICE = [
    (b'{"n":"Bea","n":"x"}', b'{"n":"x"}'),
    (b'{"n" :"Bea","n":"x"}', b'{"n":"x"}'),
    (b'{"a":[{"n":"Bea", "n":1.10}],"t":"\\":"}', b'{"a":[{"n":1.10}],"t":"\\":"}'),
    (b'{"n":"Bea","n":"x","t":"\\u0022:"}', b'{"n":"x","t":"\\":"}'),
    (b'{"n":"Bea","n":"x","t":"\\ud800"}', b'{"n":"x","t":"\\ud800"}'),
    (b'{"n":"Bea","n":18446744073709551617}', b'{"n":18446744073709551617}'),
    (b'{"n":"Bea","\\u006e":"x"}', b'{"n":"x"}'),
]


@pytest.mark.parametrize(("line", "expected"), TWICE)
def test_a_member_that_stands_twice_leaves_as_it_was_read(line, expected):
    """What the rules never saw must not leave: not where nothing is withheld, not beside what is."""
    assert given(line).line == expected
    assert b"Bea" not in given(line[:-1] + b',"w":1}', ruling("/w", value="1")).line


@pytest.mark.parametrize(
    "line", [b'{"a":"\\":","b":{"a":1}}', b'{"a" : 1}', b'{"t":"\\u0022:"}', b'{"t":"\\ud800"}', b'{"n":1e400,"m":18446744073709551617}']
)
def test_a_record_in_which_nothing_stands_twice_stays_as_it_is(line):
    """Whatever looks like it."""
    assert given(line).line == line


PARTS = [
    ("an address", "Write to bea@acme.example today", "bea@acme.example", "Write to # today"),
    ("in capitals, and again", "Bea@ACME.example, bea@acme.example", "bea@acme.example", "#, #"),
    ("a secret in an address", "https://acme.example/j/1?pwd=Qx7Zt9Lm2&n=1", "Qx7Zt9Lm2", "https://acme.example/j/1?pwd=#&n=1"),
    ("a secret, and again without its word", "passcode: Qx7Zt9Lm2. Qx7Zt9Lm2!", "Qx7Zt9Lm2", "passcode: #. #!"),
    ("a name in either order", "Miller Bea met Bea Miller", "Bea Miller", "# met #"),
    ("a name in another encoding: somewhere in all of it", "Jose\u0301 Pe\u0301rez came", "Jos\u00e9 P\u00e9rez", "#"),
    ("a name in the genitive", "Bea Millers Termin", "Bea Miller", "#s Termin"),
    ("no part of another name", "Bea Millerton and Bea Miller", "Bea Miller", "Bea Millerton and #"),
    ("a number with blanks, then without", "call +1 415 555 0142 or 4155550142", "+14155550142", "call # or #"),
    ("what is not found there", "nothing to see", "elsewhere", "#"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value", "expected"), [one[1:] for one in PARTS], ids=[one[0] for one in PARTS])
def test_only_the_part_is_replaced_wherever_it_stands(text, value, expected):
    """However it is written; where it cannot be found, all of the text is withheld."""
    people = ("Bea Miller", "Jos\u00e9 P\u00e9rez")
    line = json.dumps({"t": text}).encode()
    found = giving(names=people).give("calls", line, {"t": text}, [ruling("/t", value=value, kind="found")])
    assert isinstance(found, GivenRecord)
    assert json.loads(found.line)["t"] == expected.replace("#", MASK)
    for place in found.withheld:
        assert json.loads(found.line)["t"][place.start : place.end] == place.shown == MASK


@pytest.mark.parametrize("count", few([200_000, 4_000_000], 200_000))
def test_ten_megabytes_in_one_text_are_read_piece_by_piece(count):
    """Wherever the value stands in it, at the end of a piece too; with too many values all of it is withheld."""
    text = ("é" * 32_760 + " ") * 3 + "Bea Miller " + "ü " * count + "beá Bea MILLER."
    found = given(json.dumps({"t": text}).encode(), ruling("/t", value="Bea Miller", kind="found"))
    assert json.loads(found.line)["t"] == text.replace("Bea Miller", MASK).replace("Bea MILLER", MASK)
    many = [ruling("/t", value=f"name {number}", kind="found") for number in range(200)]
    assert json.loads(given(json.dumps({"t": text}).encode(), *many).line)["t"] == MASK


@pytest.mark.parametrize("shift", range(14))
def test_a_value_at_the_end_of_a_piece_is_found(shift):
    """Whole, and once."""
    text = "é" * (PIECE - 3 - shift) + " José Pérez, " + "é" * 40
    assert [text[start:end] for start, end in occurrences(text, "josé pérez")] == ["José Pérez"]


def test_several_rulings_in_one_text_compose():
    """Each with its own words, the places counted in the text as it leaves."""
    text = "Bea Miller (bea@acme.example) with passcode: Qx7Zt9Lm2"
    found = given(
        json.dumps({"t": text}).encode(),
        ruling("/t", "alias", "Bea Miller", kind="found"),
        ruling("/t", "mask", "Qx7Zt9Lm2", kind="secret", because="security"),
        ruling("/t", "mask", "bea@acme.example", kind="found"),
    )
    left = json.loads(found.line)["t"]
    assert left == "person 1 ([withheld: another person]) with passcode: [withheld: security]"
    assert [(left[one.start : one.end], one.because) for one in found.withheld] == [
        ("person 1", "third_party"),
        (MASK, "third_party"),
        ("[withheld: security]", "security"),
    ]


def test_what_is_withheld_in_part_and_as_a_whole_is_gone_as_a_whole():
    """And what overlaps is replaced once."""
    line = json.dumps({"t": "Bea Miller here"}).encode()
    assert given(line, ruling("/t", value="Bea Miller"), ruling("/t", "mask", "Bea Miller here")).line == b'{"t":"%b"}' % MASK.encode()
    assert given(line, ruling("/t", "drop", "Bea Miller")).line == b"{}"


def test_places_point_into_the_record_as_it_is_given():
    """Items of a list that are left move up; a dropped one says where it would stand."""
    found = given(b'["Bea","x","Bea",["Bea"]]', ruling("/0", "drop", "Bea"), ruling("/2", value="Bea"), ruling("/3/0", value="Bea"))
    assert found.withheld == (
        WithheldPlace("/0", "drop", "third_party"),
        WithheldPlace("/1", "mask", "third_party", MASK, 0, len(MASK)),
        WithheldPlace("/2/0", "mask", "third_party", MASK, 0, len(MASK)),
    )
    assert [at_pointer(json.loads(found.line), one.pointer) for one in found.withheld[1:]] == [MASK, MASK]


def test_nothing_undecided_leaves_and_a_held_record_is_not_there():
    """The caller counts both."""
    assert giving().give("calls", b"{}", {}, [ruling("/a", "ask"), ruling("/b", "ask"), ruling("/c")]) == Undecided(2)
    assert giving().give("calls", b"{}", {}, [ruling("", "hold", because="duplicate")]) == HeldRecord("duplicate")


def test_words_are_in_the_language_of_the_case():
    """Of masks and of people."""
    line = b'{"a":"Bea","b":"Qx7Zt9Lm2"}'
    rulings = ruling("/a", "alias", "Bea", group=0), ruling("/b", "alias", "Qx7Zt9Lm2", kind="secret", because="security")
    assert given(line, *rulings).line == b'{"a":"person 1","b":"[withheld: security]"}'
    assert given(line, *rulings, language="de").line == '{"a":"Person 1","b":"[zurückgehalten: Sicherheit]"}'.encode()


def test_true_false_and_nothing_are_not_looked_for():
    """They tell of nobody: half the cells of a table are one of them."""
    texts = WithheldTexts()
    rulings = [ruling("/a", value="true"), ruling("/b", value="null"), ruling("/c", value="4711")]
    Giving("acme", "en", Aliases(), Finders(), texts).give(
        "calls", b'{"a":true,"b":null,"c":4711}', {"a": True, "b": None, "c": 4711}, rulings
    )
    assert list(texts.found) == ["4711"]


def test_what_is_withheld_as_a_whole_is_looked_for_by_who_is_named_in_it():
    """In a record that is held, and in a field that holds further ones; not where the reason is that it is told elsewhere, or nobody's."""
    record = {"m": {"n": ["Bea Miller", "bea@acme.example"]}, "status": "done"}
    line = json.dumps(record).encode()
    for one in (ruling("", "hold"), ruling("/m", "drop")):
        texts = WithheldTexts()
        Giving("acme", "en", Aliases(), Finders(Vocabulary(["Bea Miller"])), texts).give("calls", line, record, [one])
        assert set(texts.found) == {"Bea Miller", "bea@acme.example"}
        Giving("acme", "en", Aliases(), Finders(), texts := WithheldTexts()).give(
            "calls", line, record, [replace(one, because="duplicate")]
        )
        assert not texts.found


def test_a_field_whose_name_is_what_is_withheld_is_named_by_no_one():
    """It vanishes with all in it; neither the line nor the place says what it was called, and what stood in it is looked for too."""
    policy = load_policy(b"policy: 1\nvendor: zoom\nfind: {emails: mask, known_people: mask}\n", "policy")[0]
    look = Finders(Vocabulary(["Leif Castellan"]))
    record = {"by": {"leif@acme.example": {"times": 3, "who": "Leif Castellan"}, "all": 5}}
    texts = WithheldTexts()
    rulings = PolicyOnParts(policy, Own([]), finder=look).rulings("meetings", record, "")
    given = Giving("zoom", "en", Aliases(), look, texts).give("meetings", msgspec.json.encode(record), record, rulings)
    assert isinstance(given, GivenRecord)
    assert given.line == b'{"by":{"all":5}}'
    assert [place.pointer for place in given.withheld] == ["/by/*"]
    assert set(texts.found) == {"leif@acme.example", "Leif Castellan"}
    assert not [one for one in texts.found.values() if "leif" in one.pointer]


def test_a_record_with_one_place_that_waits_does_not_leave():
    """However few they are: the place, or others beside it, would be given unasked."""
    line = b'{"n":"Bea Miller","m":1}'
    assert giving().give("calls", line, loads(line), [ruling("/n", "ask", "Bea Miller")]) == Undecided(1)


def test_what_is_remembered_of_one_record_is_not_written_into_another():
    """The same rulings, come again with another text, are worked out anew: else the words of the first record would stand in the second."""
    known = KnownMasks()
    ruled = (Ruling("/note", "mask", "third_party", "find.emails", "found", "bea@acme.example"),)
    first = known.all_plain({"note": "bea@acme.example called"}, [ruled])
    assert first is not None
    assert known.all_plain({"note": "bea@acme.example called"}, [ruled]) == first
    assert known.all_plain({"note": "bea@acme.example wrote"}, [ruled]) is None
