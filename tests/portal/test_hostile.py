"""Records that no vendor should send, on every page that shows records: all of it is text, nothing hangs, and each can be decided about."""

from __future__ import annotations

import json
import re
from html import unescape
from urllib.parse import urlencode

import pytest

from engine.case.acts import Decided
from tests.case.package_kit import open_here
from tests.portal.cases_kit import AT, lines, opened_with, run_folder, served_with
from tests.portal.served import SEEN, TOKEN
from tests.portal.test_record import SHA256

SCRIPT = "<script>alert(1)</script>"
TURNED = "a\u202egpj.exe\u2066"
NUL = "a\0b\x1b[31m\x7f\ud83d"
MAIL = "jo@example.com"
LONG = 10_000_000
KIND = f"{AT}/acme/notes"


def deep(depth: int, inside: object = MAIL) -> object:
    """Nest a value."""
    for _ in range(depth):
        inside = {"d": [inside]}
    return inside


HOSTILE = {
    "markup in a value": {"text": f"{SCRIPT} {MAIL} <img src=x onerror=alert(1)>"},
    "markup in a name": {f"{SCRIPT}'\"><b>": MAIL, "</select></form><form action=//evil.example>": "x"},
    "marks that turn text around": {"text": f"{TURNED} {MAIL}", TURNED: MAIL},
    "what no reader sees": {"text": f"{NUL} {MAIL}", "n\0m": MAIL},
    "half a character in a name": {"\ud83d": MAIL},
    "an address that is a script": {"url": f"javascript:alert(1)//{MAIL}", "data": "data:text/html,<script>1</script>"},
    "names like other fields": {"a.b": MAIL, "a": {"b": MAIL}, "*": MAIL, "c[]": MAIL, " d": MAIL, "": MAIL, "0": MAIL, "l": [MAIL]},
    "a template": {"text": "{{ 7*7 }} {% raw %} ${7*7} " + MAIL, "{{x}}": 1},
    "numbers": {"big": 2**80, "small": -(2**63), "float": 1e308, "exact": 0.1, "mail": MAIL},
    "nothing": {},
    "many fields": {f"field{number}": f"person{number}@example.com" for number in range(900)},
    "a long list": {"list": [f"person{number}@example.com" for number in range(900)]},
    "many names": {"__proto__": MAIL, "constructor": MAIL, "token": MAIL, "n": MAIL, "undo": "1", "d-1": MAIL},
    "deep": deep(60),
}


@pytest.fixture
def hostile(serve, habeas, tmp_path):
    """Serve a case with all of them, each a record."""
    return served_with(serve, habeas, tmp_path, {"notes": lines(*HOSTILE.values())})


def quiet(page: str) -> None:
    """See that nothing of a vendor became markup, or turns the text around."""
    bare = page.replace("<script>alert(1)</script>", "FOUND")
    assert "FOUND" not in bare
    assert not re.search(r"<(?:script|img|iframe|object|svg|b>alert|form action=//)", page)
    assert not re.search("[\0-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]", page)
    assert "javascript:" not in " ".join(re.findall(r'(?:href|action|src)="([^"]*)"', page))
    assert "evil.example" not in " ".join(re.findall(r'(?:href|action|src)="([^"]*)"', page))


def test_every_page_shows_them_as_text(hostile):
    """The list, each record, the search, the values."""
    for path in (KIND, f"{KIND}?show=undecided", f"{AT}/records", f"{AT}/values"):
        quiet(hostile.see(path))
    for number, (name, record) in enumerate(HOSTILE.items(), 1):
        page = hostile.see(f"{KIND}/{number}")
        quiet(page)
        shown = unescape(re.sub("</?mark>", "", page))
        assert all(str(value)[:40] in shown for value in list(record.values())[:300] if isinstance(value, str) and value.isprintable()), (
            name
        )
    for words in (SCRIPT, MAIL, "gpj.exe", "javascript:alert", "{{ 7*7 }}"):
        answer = hostile.send(f"{AT}/search", hostile.see(f"{AT}/search"), q=words)
        assert answer.status == 200
        quiet(answer.text)
    assert "\\u202e" in hostile.see(f"{KIND}/3")
    assert "\\u0000" in hostile.see(f"{KIND}/4")


def test_each_field_with_a_finding_can_be_decided_about(hostile, habeas):
    """Whatever it is called: at its place, or a sentence says what else; never another field, and never half of a form."""
    for number, record in enumerate(HOSTILE.values(), 1):
        page = hostile.see(f"{KIND}/{number}")
        fields = re.findall(r'type="radio" name="(d-\d+)" value="mask"', page)
        assert bool(fields) == (MAIL in json.dumps(record) or "person" in json.dumps(record)), record
        if not fields:
            continue
        before = open_here(habeas).case.n
        sent = hostile.send(f"{KIND}/{number}", page, record=SHA256.findall(page)[0], **dict.fromkeys(fields[:20], "mask"))
        if "\ud83d" in record:
            assert (sent.status, "half a character" in sent.text) == (422, True)
            continue
        assert sent.status == 303, sent.text
        done = [line.act for line in open_here(habeas).lines[before:] if isinstance(line.act, Decided)]
        assert len(done) >= len(fields[:20])
        assert all(act.target.pointer is not None for act in done)
        assert "to decide</b>" not in hostile.see(f"{KIND}/{number}") or len(fields) > 20


def test_a_name_that_reads_like_another_field_decides_about_no_other(hostile, habeas):
    """`a.b` is one field and `a` with a `b` in it another: by its name it cannot be told, so that is said."""
    number = list(HOSTILE).index("names like other fields") + 1
    page, before = hostile.see(f"{KIND}/{number}"), open_here(habeas).case.n
    refused = 0
    for field in re.findall(r'type="radio" name="(d-\d+)" value="mask"', page):
        sent = hostile.send(f"{KIND}/{number}", page, record=SHA256.findall(page)[0], where="field", **{field: "mask"})
        if sent.status == 422:
            refused += "cannot be written as that of a field" in sent.text
        else:
            page = hostile.see(f"{KIND}/{number}")
    names = [line.act.target.field for line in open_here(habeas).lines[before:]]
    assert sorted(names) == ["0", "a.b", "l"]
    assert refused == 5


def test_many_fields_stand_on_several_pages(hostile):
    """All of them can be reached; a form of one page is small enough to be read."""
    number = list(HOSTILE).index("many fields") + 1
    page = hostile.see(f"{KIND}/{number}?p=3")
    assert "page 3 of 3" in page
    assert "field899" in page
    fields = re.findall(r'type="radio" name="(d-\d+)" value="mask"', page)
    told = {
        "token": TOKEN.findall(page)[-1],
        "n": SEEN.findall(page)[-1],
        "record": SHA256.findall(page)[0],
        **dict.fromkeys(fields, "mask"),
    }
    answer = hostile.ask("POST", f"{KIND}/{number}?p=3", urlencode(told))
    assert (answer.status, answer.headers["Location"]) == (303, f"{KIND}/{number}?p=3")


def test_a_long_list_can_be_read_to_its_end(hostile):
    """Its row shows the first hundred items, and leads to all of them."""
    path = f"{KIND}/{list(HOSTILE).index('a long list') + 1}"
    page = hostile.see(path)
    assert "Show all 900 of the list" in page
    assert (page.count("find.emails"), "and 800 more" in page) == (100, True)  # what was found in it is no longer than what is shown of it
    assert "person99@example.com" in page
    found = hostile.see(f"{path}?value=0")
    assert "person899@example.com" in found
    quiet(found)


def test_a_text_of_ten_megabytes_is_cut_and_read_part_by_part(serve, habeas, tmp_path):
    """The list does not read it, its page shows the beginning, and every part of it has an address; it can be searched and decided about."""
    text = "x" * (LONG - 50) + f" end {MAIL} of it"
    portal = served_with(serve, habeas, tmp_path, {"notes": lines({"id": 1, "text": text}, {"id": 2})})
    page = portal.see(KIND)
    assert len(page) < 20_000
    assert "Not shown in a list: open the record." in page
    page = portal.see(f"{KIND}/1")
    assert len(page) < 40_000
    assert f"Show all {len(text):,} characters" in page
    parts = -(-len(text) // 20_000)
    last = portal.see(f"{KIND}/1?value=1&p={parts}")
    assert f"<mark>{MAIL}</mark> of it" in last
    assert portal.see(f"{KIND}/1?value=1&p=99999") == last
    assert f"Part 2 of {parts}" in portal.see(f"{KIND}/1?value=1&p=2")
    for query in ("value=0", "value=9", "value=99999"):
        assert portal.ask("GET", f"{KIND}/1?{query}").status == 404
    found = portal.send(f"{AT}/search", portal.see(f"{AT}/search"), q=MAIL)
    assert len(found.text) < 20_000
    assert f"<mark>{MAIL}</mark> of it" in found.text
    sent = portal.send(f"{KIND}/1", page, record=SHA256.findall(page)[0], **{"d-1": "drop"})
    assert sent.status == 303
    assert "left out" in portal.see(f"{KIND}/1")


def test_what_is_nested_too_deep_is_told_and_breaks_no_page(serve, habeas, tmp_path):
    """Its own page says so; the list shows the others, and the record can be held."""
    portal = served_with(serve, habeas, tmp_path, {"notes": lines({"id": 1}, {"id": 2, "deep": deep(150)}, {"id": 3})})
    for path in (KIND, f"{KIND}/2", f"{AT}/values"):
        answer = portal.ask("GET", path)
        assert answer.status in (200, 422), path
        assert "a defect of ours" not in answer.text
    assert portal.send(KIND, portal.see(KIND), **{"d-2": "hold"}).status == 303
    assert "held:" in portal.see(KIND)


def test_what_is_nested_as_deep_as_a_run_lets_through_is_judged(habeas, tmp_path):
    """It is found in, decided about and packed like any other record."""
    nested = b'{"d":' * 950 + json.dumps(MAIL).encode() + b"}" * 950
    opened_with(habeas, run_folder(tmp_path / "run", {"notes": b'{"id":1,"deep":' + nested + b"}\n"}, {}))
    (row,) = json.loads(habeas("review", "list", "DSR-17", "--json").stdout)["rows"]
    (found,) = row["values"]
    assert found["shown"] == MAIL
    for words in (
        ("review", "mask", "DSR-17", f"value:{found['value']}"),
        ("case", "identified", "DSR-17", "--how", "called back"),
        ("package", "build", "DSR-17"),
    ):
        done = habeas(*words)
        assert done.returncode == 0, done.stderr
