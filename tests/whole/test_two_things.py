"""A person who is two things at a vendor, a contact and an agent: each look-up that captures other names is asked, and its outcome is its own."""

from __future__ import annotations

import pytest

from engine.core.identity import identify
from engine.core.ledger import Subject
from engine.errors import Exit
from tests.core.specs import HEAD
from tests.whole.scripted import fetched

LOOKUP = "lookup: {get: /people/<EMAIL>, match: email, capture: {USER_ID: id}}"
RULES = "message: message, rules: [{status: 404, means: absent}, {status: 403, means: denied}, {status: 402, means: unlicensed}]}"
PATHS = """lookup:
    - {get: /contacts/<EMAIL>, match: email, capture: {CONTACT: id}}
    - {get: /old/<EMAIL>, match: email, capture: {CONTACT: id}}
    - {get: /agents/<EMAIL>, match: email, capture: {AGENT: id}}"""
SEARCHES = """lookup:
    - {get: /contacts, params: {q: <EMAIL>}, records: hits, match: email, capture: {CONTACT: id}}
    - {get: /old, params: {q: <EMAIL>}, records: hits, match: email, capture: {CONTACT: id}}
    - {get: /agents, records: hits, pagination: {cursor: next, param: c}, match: {email: <EMAIL>}, capture: {AGENT: id}}"""
HEADS = {
    name: HEAD.replace("message: message}", RULES).replace(LOOKUP, one).replace("{get: /me}", "{get: /me, records: people}")
    for name, one in (("path", PATHS), ("search", SEARCHES))
}
ENDPOINTS = """
mail: {get: /mail/<EMAIL>}
orders: {get: /c/<CONTACT>/orders, records: items}
lines: {get: /o/<orders.id>/lines, records: items}
replies: {get: /a/<AGENT>/replies, records: items}
notes: {get: /r/<replies.id>/notes, records: items}
both: {get: /c/<CONTACT>/a/<AGENT>}
"""
HER = {"email": "ada@x.io"}
DATA = {
    "/mail/ada%40x.io": [{"m": 1}],
    "/c/c1/orders": [{"items": [{"id": "o1"}]}],
    "/o/o1/lines": [{"items": [{"n": 1}]}],
    "/a/a1/replies": [{"items": [{"id": "r1"}]}],
    "/r/r1/notes": [{"items": [{"n": 2}]}],
    "/c/c1/a/a1": [{"b": 1}],
}
SEEN = {"/me": [{"people": [{}]}]}
BLIND = {"/me": [{"people": []}]}


def asked(shape: str, contact, old, agent):
    """Give the answers to the three look-ups: the id that is found, None for nobody, or a status."""

    def answer(said, *, listed: bool):
        if isinstance(said, int):
            return [(said, {})]
        if listed:
            return [{"hits": [] if said is None else [{**HER, "id": said}]}]
        return [(404, {})] if said is None else [{**HER, "id": said}]

    if shape == "path":
        places = ("/contacts/ada%40x.io", "/old/ada%40x.io", "/agents/ada%40x.io")
    else:
        places = ("/contacts?q=ada%40x.io", "/old?q=ada%40x.io", "/agents")
    return {place: answer(said, listed=shape == "search") for place, said in zip(places, (contact, old, agent), strict=True)}


ALL = dict.fromkeys(("mail", "orders", "lines", "replies", "notes", "both"), "complete")
NO_AGENT = ("replies", "notes", "both")
CASES = [
    # contact, old, agent, verify, subject, exit, what is not complete, the reason of it
    ("c1", None, "a1", SEEN, "matched", 0, {}, ""),
    (None, "c1", "a1", BLIND, "matched", 0, {}, ""),
    ("c1", None, None, SEEN, "matched", 0, dict.fromkeys(NO_AGENT, "absent"), "<AGENT> is not known: the vendor knows nobody"),
    (
        None,
        None,
        "a1",
        SEEN,
        "matched",
        0,
        dict.fromkeys(("orders", "lines", "both"), "absent"),
        "<CONTACT> is not known: the vendor knows nobody",
    ),
    (
        "c1",
        None,
        None,
        BLIND,
        "matched",
        3,
        dict.fromkeys(NO_AGENT, "failed"),
        "<AGENT> is not known: the vendor says it knows nobody, but nothing",
    ),
    ("c1", None, 403, SEEN, "matched", 3, dict.fromkeys(NO_AGENT, "denied"), "<AGENT> is not known: the look-up failed: HTTP 403"),
    ("c1", None, 402, SEEN, "matched", 0, dict.fromkeys(NO_AGENT, "unlicensed"), "<AGENT> is not known: the look-up failed: HTTP 402"),
    (None, None, None, SEEN, "no_match", 0, dict.fromkeys(ALL, "absent"), "knows nobody"),
    (None, None, None, BLIND, "unproven", 3, dict.fromkeys(ALL, "failed"), "sees people"),
    (None, None, 403, SEEN, "unproven", 3, dict.fromkeys(ALL, "failed"), "HTTP 403"),
    (None, 403, None, SEEN, "unproven", 3, dict.fromkeys(ALL, "failed"), "HTTP 403"),
]


@pytest.mark.parametrize("shape", HEADS)
@pytest.mark.parametrize(("contact", "old", "agent", "verify", "subject", "code", "short", "words"), CASES)
def test_each_thing_a_person_is_has_its_own_look_up(shape, contact, old, agent, verify, subject, code, short, words, tmp_path):
    """Matched is who was found by any; what needs a name that no look-up captured has that look-up's outcome, with the reason."""
    answers = {**DATA, **asked(shape, contact, old, agent), **verify}
    run = fetched(ENDPOINTS, answers, tmp_path, HEADS[shape])
    assert (str(run.report.outcome), int(run.report.exit_code)) == (subject, code)
    assert {one.name: str(one.outcome) for one in run.report.entries} == {**ALL, **short}
    for name in short:
        assert words in run.entry(name).reason
    found = [one for one in (contact or old, agent) if isinstance(one, str)]
    assert [one["id"] for one in run.lines("lookup")] == (found if subject == "matched" else [])


def test_alternatives_end_with_the_first_and_the_others_are_asked_all_the_same(tmp_path):
    """One question a name, and each endpoint once."""
    run = fetched(ENDPOINTS, {**DATA, **asked("path", "c1", "c9", "a1")}, tmp_path, HEADS["path"])
    assert run.report.exit_code is Exit.COMPLETE
    assert [one for one in run.log if one.startswith("/old")] == []
    assert sorted(one for one in run.log if one.startswith(("/c/", "/a/", "/r/", "/o/", "/mail"))) == sorted(DATA)
    assert {name: str(one) for name, one in run.report.looked_up.items()} == {"lookup": "matched", "lookup_3": "matched"}


@pytest.mark.parametrize("agents", [[{"id": "a1", "email": "bo@x.io"}], [{**HER, "id": "a1"}, {**HER, "id": "a2"}]])
def test_somebody_else_or_several_persons_stop_the_run_whichever_look_up_finds_them(agents, tmp_path):
    """Exit 5, and nothing is fetched of the other thing either."""
    head = HEADS["search"].replace("match: {email: <EMAIL>}", "match: email, params: {q: <EMAIL>}")
    run = fetched(ENDPOINTS, {**DATA, **asked("search", "c1", None, None), "/agents?q=ada%40x.io": [{"hits": agents}]}, tmp_path, head)
    assert run.report.exit_code is Exit.REFUSED
    assert not [one for one in run.log if one in DATA]


def test_several_records_of_one_thing_are_each_asked_with_the_other(tmp_path):
    """`several: all`: two contacts and one agent; what needs none of them is asked once."""
    head = HEADS["search"].replace("match: email, capture", "match: email, several: all, capture")
    hits = {"/contacts?q=ada%40x.io": [{"hits": [{**HER, "id": "c1"}, {**HER, "id": "c2"}]}]}
    more = {"/c/c2/orders": [{"items": [{"id": "o2"}]}], "/o/o2/lines": [{"items": []}], "/c/c2/a/a1": [{"b": 2}]}
    run = fetched(ENDPOINTS, {**DATA, **more, **asked("search", "c1", None, "a1"), **hits}, tmp_path, head)
    assert run.report.exit_code is Exit.COMPLETE
    assert sorted(one for one in run.log if one.startswith(("/c/", "/a/", "/r/", "/o/", "/mail"))) == sorted({**DATA, **more})


def test_the_probe_proves_only_what_its_look_up_saw(tmp_path):
    """A colleague who is a contact shows nothing of agents."""
    answers = {**DATA, **asked("path", None, None, "a1"), **BLIND}
    colleague = {"EMAIL": identify("email", "bo@x.io")}
    there = {f"/{place}/bo%40x.io": [{"email": "bo@x.io", "id": "c7"}] for place in ("contacts", "old")}
    run = fetched(ENDPOINTS, {**answers, **there}, tmp_path, HEADS["path"], probe=colleague)
    assert (run.report.outcome, run.report.subject.proof, run.report.exit_code) == (Subject.MATCHED, "probe", Exit.COMPLETE)
    assert str(run.entry("orders").outcome) == "absent"
    answers = {**DATA, **asked("path", "c1", None, None), **BLIND, "/agents/bo%40x.io": [(404, {})]}
    run = fetched(ENDPOINTS, {**answers, **there}, tmp_path / "x", HEADS["path"], probe=colleague)
    assert "the probe was not found by `lookup_3`" in run.entry("replies").reason
