"""When "nobody is known" is believed: of a connection that was shown to see people in the same run, by `verify` or by the probe."""

from __future__ import annotations

import json

import pytest

from engine.core.identity import identify
from engine.core.ledger import Subject
from engine.errors import Exit
from tests.core.specs import HEAD
from tests.whole.scripted import fetched

LOOKUP = "lookup: {get: /people/<EMAIL>, match: email, capture: {USER_ID: id}}"
ABSENT = "message: message, rules: [{status: 404, means: absent}, {status: 403, means: denied}]}"
BARE = HEAD.replace("message: message}", ABSENT)
LISTING = BARE.replace("{get: /me}", "{get: /me, records: people}")
IT = "it: {get: /p/<USER_ID>}\n"
BO = {"id": "u2", "email": "bo@x.io"}
NONE: dict[str, list[object]] = {"/people/ada%40x.io": [(404, {})], "/people/bo%40x.io": [(404, {})]}
SEEN: dict[str, list[object]] = {"/me": [{"people": [{"id": 1}]}]}
BLIND: dict[str, list[object]] = {"/me": [{"people": []}]}
PATH = (LOOKUP, NONE, {"/people/bo%40x.io": [BO]})
SEARCH = (
    "lookup: {get: /search, params: {q: <EMAIL>}, records: hits, match: email, capture: {USER_ID: id}}",
    {"/search?q=ada%40x.io": [{"hits": []}], "/search?q=bo%40x.io": [{"hits": []}]},
    {"/search?q=bo%40x.io": [{"hits": [BO]}]},
)
DIRECTORY = (
    "lookup: {get: /all, records: people, pagination: {cursor: next, param: c}, match: {email: <EMAIL>}, capture: {USER_ID: id}}",
    {"/all": [{"people": [], "next": ""}]},
    {"/all": [{"people": [{"id": 3, "email": "cy@x.io"}], "next": "2"}], "/all?c=2": [{"people": [BO]}]},
)
EACH = (
    "lookup: {for: {KIND: [a, b]}, get: /<KIND>/<EMAIL>, match: email, capture: {USER_ID: id}}",
    {f"/{kind}/{who}%40x.io": [(404, {})] for kind in "ab" for who in ("ada", "bo")},
    {"/b/bo%40x.io": [BO]},
)
SHAPES = {"path": PATH, "search": SEARCH, "directory": DIRECTORY, "for": EACH}
REMEDY = "name a known colleague who is not the administrator, to `habeas connect` or `habeas run`: --probe EMAIL"
CASES = [
    # head, verify's answer, is there a probe, is it found, outcome, proof, words of the reason
    (LISTING, SEEN, None, "no_match", "verify", "knows nobody"),
    (LISTING, SEEN, "found", "no_match", "verify", "knows nobody"),
    (LISTING, BLIND, None, "unproven", None, f"(verify was answered with an empty list; no probe is set): {REMEDY}"),
    (LISTING, BLIND, "found", "no_match", "probe", "knows nobody"),
    (LISTING, BLIND, "missing", "unproven", None, "empty list; the probe was not found by the look-up): see what it may read, or name"),
    (LISTING, {"/me": [(403, {})]}, None, "unproven", None, "(verify was refused: HTTP 403; no probe is set)"),
    (LISTING, {"/me": [(403, {})]}, "found", "no_match", "probe", "knows nobody"),
    (LISTING, {"/me": [{"users": [{}]}]}, None, "unproven", None, "(verify was refused: the answer lacks `people`; no probe is set)"),
    (BARE, {"/me": [{"people": [{}]}]}, None, "unproven", None, f"(verify was answered; no probe is set): {REMEDY}"),
    (BARE, {}, "found", "no_match", "probe", "knows nobody"),
    (BARE, {}, "missing", "unproven", None, "(verify was answered; the probe was not found by the look-up)"),
]


def probe(kind: str = "email", value: str = "bo@x.io"):
    return {kind.upper(): identify(kind, value)}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("head", "verify", "known", "subject", "proof", "words"), CASES)
def test_nobody_is_believed_of_a_connection_that_was_shown_to_see_people(shape, head, verify, known, subject, proof, words, tmp_path):
    """Verify listed a person, or the probe was found by the same look-up, whatever its shape; else unproven, exit 3, with the remedy."""
    lookup, nobody, somebody = SHAPES[shape]
    answers = {**nobody, **(somebody if known == "found" else {}), **verify}
    run = fetched(IT, answers, tmp_path, head.replace(LOOKUP, lookup), probe=probe() if known else {})
    assert (str(run.report.outcome), run.report.subject.proof) == (subject, proof)
    assert run.report.exit_code is (Exit.COMPLETE if proof else Exit.INCOMPLETE)
    assert words in run.report.subject.reason
    assert run.manifest["subject"]["proof"] == proof
    assert {str(one.outcome) for one in run.report.entries} == {"absent" if proof else "failed"}
    assert "bo@x.io" not in json.dumps(run.manifest)
    assert not (run.folder / "lookup.jsonl").exists()


def test_the_probe_is_asked_for_only_where_nobody_is_found_and_verify_lists_nobody(tmp_path):
    """A colleague's record is asked for where it is needed, never otherwise."""
    run = fetched(IT, {"/p/u1": [{}], **BLIND}, tmp_path, LISTING, probe=probe())
    assert run.report.outcome is Subject.MATCHED
    assert run.manifest["subject"]["proof"] is None
    assert "/people/bo%40x.io" not in run.log
    run = fetched(IT, {**NONE, **SEEN}, tmp_path / "x", LISTING, probe=probe())
    assert "/people/bo%40x.io" not in run.log
    run = fetched(IT, {**NONE, **BLIND}, tmp_path / "y", LISTING, probe=probe())
    assert run.log.count("/people/bo%40x.io") == 1
    assert run.manifest["lookup"]["requests"] == 2


@pytest.mark.parametrize("people", [{}, {"error": "timeout"}, [[]], [""], [0], [False], ["error"]], ids=repr)
def test_what_is_no_list_of_people_shows_nobody(people, tmp_path):
    """A blind vendor writes its empty list as a map, or puts something else into it."""
    run = fetched(IT, {**NONE, "/me": [{"people": people}]}, tmp_path, LISTING)
    assert (run.report.outcome, run.report.subject.proof, run.report.exit_code) == (Subject.UNPROVEN, None, Exit.INCOMPLETE)
    assert "(verify was answered with something else than a list of people; no probe is set)" in run.report.subject.reason


@pytest.mark.parametrize("written", ["ada@x.io", "Ada@X.io"])
def test_a_person_who_is_the_probe_is_never_said_to_be_unknown(written, tmp_path):
    """A vendor that finds them only the second time would have proven that it does not know them."""
    late = {"/people/ada%40x.io": [(404, {}), {"id": "u1", "email": "ada@x.io"}]}
    run = fetched(IT, {**late, **BLIND}, tmp_path, LISTING, probe=probe(value=written))
    words = "empty list; the probe is the person asked for, who proves nothing about themselves): name a known colleague"
    assert (run.report.outcome, words in run.report.subject.reason) == (Subject.UNPROVEN, True)
    assert run.report.exit_code is Exit.INCOMPLETE


TWO = LISTING.replace(
    LOOKUP,
    """lookup:
    - {get: /handles/<USERNAME>, match: name, capture: {USER_ID: id}}
    - {get: /people/<EMAIL>, match: email, capture: {USER_ID: id}}
    - {get: /old/<EMAIL>, match: email, capture: {USER_ID: id}}""",
)


@pytest.mark.parametrize(
    ("person", "asked", "answers", "words"),
    [
        ({"email": "ada@x.io"}, probe(), {"/people/bo%40x.io": [BO]}, "the probe was not found by `lookup_3`"),
        ({"email": "ada@x.io"}, probe(), {"/people/bo%40x.io": [BO], "/old/bo%40x.io": [BO]}, None),
        ({"email": "ada@x.io"}, probe(), {"/people/bo%40x.io": [(403, {})]}, "not found by `lookup_2` (the look-up failed: HTTP 403)"),
        ({"username": "ada"}, probe(), {}, "the probe has no username, which `lookup` asks by): see what it may read, or name"),
        ({"username": "ada"}, probe("username", "bo"), {"/handles/bo": [{"name": "bo", "id": 2}]}, None),
        ({"username": "ada"}, probe("username", "bo"), {"/handles/bo": [{"name": "cy", "id": 2}]}, "the probe was not found by `lookup`"),
    ],
)
def test_each_look_up_that_found_nobody_must_find_the_probe(person, asked, answers, words, tmp_path):
    """Another look-up's eyes prove nothing of this one: it may be the one that is blind."""
    absent = {name: [(404, {})] for name in ("/people/ada%40x.io", "/old/ada%40x.io")}
    run = fetched(IT, {**absent, **BLIND, **answers}, tmp_path, TWO, person=person, probe=asked)
    assert str(run.report.outcome) == ("no_match" if words is None else "unproven")
    assert words is None or words in run.report.subject.reason
    if words is not None and "username" in person:
        assert run.report.subject.reason.endswith("--probe username=VALUE")
