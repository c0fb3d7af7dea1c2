"""Whole runs of the words that ask first: what is discovered, several look-ups, several records of one person, searches by POST."""

from __future__ import annotations

import pytest

from engine.errors import Exit
from tests.core.specs import HEAD
from tests.whole.scripted import fetched

DISCOVER = "discover:\n  site: {get: /site, capture: {DC: dc}}\n  lists: {get: /lists/<DC>, records: lists}\nverify:"
LOOKUP = "lookup: {get: /people/<EMAIL>, match: email, capture: {USER_ID: id}}"
ABSENT = "message: message, rules: [{status: 404, code: 1, means: absent}, {status: 410, means: unlicensed}, {status: 403, means: denied}]}"
LISTED = (
    HEAD.replace("message: message}", ABSENT)
    .replace("verify:", DISCOVER)
    .replace(LOOKUP, "lookup: {get: /lists/<lists.id>/<EMAIL>, match: email, several: all, capture: {USER_ID: uid}}")
)
FOUND = {
    "/site": [{"dc": "us1"}],
    "/lists/us1": [{"lists": [{"id": 1}, {"id": 2}, {"id": 3}]}],
    "/lists/1/ada%40x.io": [{"email": "ada@x.io", "uid": "a"}],
    "/lists/3/ada%40x.io": [{"email": "ada@x.io", "uid": "c"}],
    "/l/1/a": [{"n": 1}],
    "/l/3/c": [{"n": 3}],
}
FAN = "it: {get: /l/<lists.id>/<USER_ID>}\nonce: {get: /mail/<EMAIL>, records: items}\n"


def test_a_person_is_looked_up_in_each_list_and_asked_about_where_they_are(tmp_path):
    """Each id with the list it was found in, never crossed; what differs in nothing is asked once."""
    run = fetched(FAN, {**FOUND, "/mail/ada%40x.io": [{"items": []}]}, tmp_path, LISTED)
    assert run.report.exit_code is Exit.COMPLETE
    assert [one["n"] for one in run.lines()] == [1, 3]
    assert sorted(one for one in run.log if one.startswith("/l/")) == ["/l/1/a", "/l/3/c"]
    assert run.log.count("/mail/ada%40x.io") == 1
    assert run.log[:2] == ["/site", "/lists/us1"]
    assert len(run.lines("lookup")) == 2
    assert run.manifest["lookup"]["requests"] == 5
    assert not list(run.folder.glob("site*")) + list(run.folder.glob("lists*"))


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"/site": [{}]}, "`lists` is failed (`site` was not found out: its answer holds no usable value for <DC>)"),
        ({"/site": [(403, {})]}, "`lists` is denied (`site` was not found out: HTTP 403)"),
        ({"/lists/us1": [{"lists": [{"id": 1}, {}]}]}, "a record of `lists` has no usable `lists.id`"),
        ({"/lists/us1": [{"nope": 1}]}, "`lists` is failed (the answer lacks `lists`)"),
        ({"/lists/2/ada%40x.io": [(500, {})]}, "HTTP 500, 6 times"),
        ({"/lists/2/ada%40x.io": [(403, {})]}, "HTTP 403"),
    ],
)
def test_a_list_that_was_not_asked_proves_nobody_s_absence(answers, words, tmp_path):
    """Where one of them cannot be read, the person is unproven, and nothing is delivered as if it were whole."""
    run = fetched(FAN, {**FOUND, **answers}, tmp_path, LISTED)
    assert run.report.exit_code is Exit.INCOMPLETE
    assert words in run.report.subject.reason
    assert run.lines() == []


def test_a_list_that_the_account_does_not_have_excuses_only_itself(tmp_path):
    """Unlicensed beside others that answered; where every one is, nothing is known of the person."""
    run = fetched(FAN, {**FOUND, "/lists/2/ada%40x.io": [(410, {})], "/mail/ada%40x.io": [{"items": []}]}, tmp_path, LISTED)
    assert run.report.exit_code is Exit.COMPLETE
    gone = {f"/lists/{one}/ada%40x.io": [(410, {})] for one in (1, 2, 3)}
    run = fetched(FAN, {**FOUND, **gone}, tmp_path / "x", LISTED)
    assert (run.report.exit_code, run.report.subject.subject) == (Exit.INCOMPLETE, "unproven")


def test_an_account_without_lists_holds_nobody(tmp_path):
    """The vendor said so itself."""
    answers = {**FOUND, "/lists/us1": [{"lists": []}], "/me": [{"people": [{}]}]}
    run = fetched(FAN, answers, tmp_path, LISTED.replace("{get: /me}", SEEING))
    assert (run.report.exit_code, run.report.subject.subject) == (Exit.COMPLETE, "no_match")


def test_what_the_connection_brings_is_used_and_never_asked_for(tmp_path):
    """A setting stands in every request, `verify` included, and in no line of the proof."""
    head = LISTED.replace("discover:", "settings: {DC: the data centre}\ndiscover:").replace("{get: /me}", "{get: /me/<DC>}")
    answers = {**FOUND, "/lists/eu9": FOUND["/lists/us1"], "/me/eu9": [{}], "/mail/ada%40x.io": [{"items": []}]}
    run = fetched(FAN, answers, tmp_path, head, values=(("DC", "eu9"),))
    assert run.report.exit_code is Exit.COMPLETE
    assert "/site" not in run.log
    assert "eu9" not in (run.folder / "it.pages.jsonl").read_text("utf-8")


SEEING = "{get: /me, records: people}"
TWO = HEAD.replace("message: message}", ABSENT).replace(
    LOOKUP,
    """lookup:
    - {get: /people/<USERNAME>, match: name, capture: {USER_ID: id}}
    - {get: /people/<EMAIL>, match: email, capture: {USER_ID: id}}
    - {get: /directory, records: people, pagination: {cursor: next, param: c}, match: {email: <EMAIL>}, capture: {USER_ID: id}}""",
)
IT = "it: {get: /p/<USER_ID>}\n"


def test_the_first_look_up_that_finds_somebody_wins(tmp_path):
    """One whose identifier was not given is not asked; the next one is asked only where nobody was found."""
    run = fetched(IT, {"/p/u1": [{}]}, tmp_path, TWO)
    assert (run.report.exit_code, [one for one in run.log if "people" in one]) == (Exit.COMPLETE, ["/people/ada%40x.io"])
    answers = {"/people/ada": [{"name": "ada", "id": "u9"}], "/p/u9": [{}]}
    run = fetched(IT, answers, tmp_path / "x", TWO, person={"email": "ada@x.io", "username": "ada"})
    assert run.report.exit_code is Exit.COMPLETE
    assert "/people/ada%40x.io" not in run.log


def test_a_directory_in_which_the_person_is_not_found_is_no_other_person(tmp_path):
    """Nothing that was sent named them: what it holds of others says nothing, but all of it must have been read."""
    nobody = {"/people/ada%40x.io": [(404, {"code": 1})]}
    pages = {"/directory": [{"people": [{"id": 1, "email": "b@x.io"}], "next": "2"}], "/directory?c=2": [{"people": [], "next": ""}]}
    run = fetched(IT, {**nobody, **pages, "/me": [{"people": [{}]}]}, tmp_path, TWO.replace("{get: /me}", SEEING))
    assert (run.report.exit_code, run.report.subject.subject) == (Exit.COMPLETE, "no_match")
    there = {**pages, "/directory?c=2": [{"people": [{"id": 7, "email": "other@x.io; ADA@x.io"}]}], "/p/7": [{}]}
    run = fetched(IT, {**nobody, **there}, tmp_path / "x", TWO)
    assert (run.report.exit_code, run.report.subject.subject) == (Exit.COMPLETE, "matched")
    run = fetched(IT, {**nobody, "/directory": pages["/directory"]}, tmp_path / "y", TWO)
    assert (run.report.exit_code, run.report.subject.subject) == (Exit.INCOMPLETE, "unproven")


def test_a_refused_look_up_does_not_fall_through_to_the_next(tmp_path):
    """Only "nobody" does: a look-up that was denied proves nothing."""
    run = fetched(IT, {"/people/ada%40x.io": [(403, {})]}, tmp_path, TWO)
    assert (run.report.exit_code, run.report.subject.subject) == (Exit.INCOMPLETE, "unproven")
    assert "/directory" not in run.log


def test_identifiers_of_two_persons_are_not_one(tmp_path):
    """`several: stop`: ids of two lists are two persons."""
    run = fetched(FAN, FOUND, tmp_path, LISTED.replace("several: all, ", ""))
    assert (run.report.exit_code, run.report.subject.subject) == (Exit.REFUSED, "ambiguous")


KINDS = HEAD.replace(
    LOOKUP,
    "lookup: {for: {KIND: [a, b]}, post: /find, body: {in: <KIND>, mail: <EMAIL>}, records: found, match: email, several: all, capture: {ID: id}}",
).replace("verify:", "discover: {props: {for: {KIND: [a, b]}, get: /props/<KIND>, capture: {PROPS: names}}}\nverify:")
SEARCHES = """
own:
  post: /read/<KIND>
  body: {names: <PROPS>, id: <ID>}
  records: items
below: {get: /x/<own.sub>/<KIND>/<ID>, records: items}
"""


def test_what_was_found_together_stays_together(tmp_path):
    """The kind, its properties and the id of each record, down to the children."""
    answers = {
        "/props/a": [{"names": ["x"]}],
        "/props/b": [(410, {})],
        'POST /find {"in":"a","mail":"ada@x.io"}': [{"found": [{"id": 1, "email": "ada@x.io"}, {"id": 2, "email": "ADA@x.io"}]}],
        'POST /find {"in":"b","mail":"ada@x.io"}': [{"found": [{"id": "1", "email": "ada@x.io"}]}],
        'POST /read/a {"names":["x"],"id":1}': [{"items": [{"id": 5, "sub": 9}]}],
        'POST /read/a {"names":["x"],"id":2}': [{"items": [{"id": 6, "sub": 9}]}],
        "/x/9/a/1": [{"items": [{"id": "p"}]}],
        "/x/9/a/2": [{"items": [{"id": "q"}]}],
    }
    head = KINDS.replace("message: message}", ABSENT)
    run = fetched(SEARCHES, answers, tmp_path, head)
    assert [one["id"] for one in run.lines("own")] == [5, 6]
    assert [one["id"] for one in run.lines("below")] == ["p", "q"]
    assert (run.entry("own").outcome, run.entry("own").reason) == ("complete", None)
    assert run.report.exit_code is Exit.COMPLETE
    said = (run.folder / "own.pages.jsonl").read_text("utf-8")
    assert '"for":{"KIND":"a"}' in said
    assert "POST /read/a" in said


def test_records_below_a_list_of_the_account_carry_what_they_were_asked_with(tmp_path):
    """A customer's orders are asked of the store in which the customer was found."""
    head = HEAD.replace("verify:", "discover: {stores: {get: /stores, records: items}}\nverify:")
    words = """
    customers: {get: /s/<stores.id>/c, params: {q: <EMAIL>}, records: items, match: {email: <EMAIL>}}
    orders: {get: /s/<stores.id>/c/<customers.id>/o, records: items}
    """
    answers = {
        "/stores": [{"items": [{"id": "s1"}, {"id": "s2"}]}],
        "/s/s1/c?q=ada%40x.io": [{"items": [{"id": 1, "email": "ada@x.io"}]}],
        "/s/s2/c?q=ada%40x.io": [{"items": [{"id": 1, "email": "eve@x.io"}, {"id": 2, "email": "ada@x.io"}]}],
        "/s/s1/c/1/o": [{"items": [{"id": "o1"}]}],
        "/s/s2/c/2/o": [{"items": []}],
    }
    run = fetched(words, answers, tmp_path, head)
    assert run.report.exit_code is Exit.COMPLETE
    assert [one["id"] for one in run.lines("orders")] == ["o1"]
    run = fetched(words, {**answers, "/stores": [(403, {})]}, tmp_path / "x", head.replace("message: message}", ABSENT))
    assert [run.entry(name).outcome for name in ("customers", "orders")] == ["denied", "denied"]


def test_a_kind_whose_fields_the_account_does_not_have_excuses_only_itself(tmp_path):
    """What is unlicensed to `discover` is unlicensed to the look-up that needs it."""
    head = KINDS.replace("message: message}", ABSENT).replace("mail: <EMAIL>}", "mail: <EMAIL>, names: <PROPS>}")
    answers = {
        "/props/a": [{"names": "n"}],
        "/props/b": [(410, {})],
        'POST /find {"in":"a","mail":"ada@x.io","names":"n"}': [{"found": [{"id": 1, "email": "ada@x.io"}]}],
        "/p/1": [{"id": 1}],
    }
    run = fetched("it: {get: /p/<ID>}\n", answers, tmp_path, head)
    assert run.report.exit_code is Exit.COMPLETE
    run = fetched("it: {get: /p/<ID>}\n", {**answers, "/props/b": [(403, {})]}, tmp_path / "x", head)
    assert run.report.subject.subject == "unproven"


def test_a_credential_that_only_one_discovered_list_refuses_lives(tmp_path):
    """As one that only an endpoint refuses does: `verify` is asked before the run is given up."""
    head = HEAD.replace("verify:", "discover: {stores: {get: /stores, records: items}}\nverify:")
    words = "it: {get: /p/<stores.id>/<USER_ID>}\nother: {get: /o/<USER_ID>}\n"
    run = fetched(words, {"/stores": [(401, {})], "/o/u1": [{"id": 1}]}, tmp_path, head)
    assert run.report.exit_code is Exit.INCOMPLETE
    assert [run.entry(name).outcome for name in ("it", "other")] == ["failed", "complete"]
    run = fetched(words, {"/stores": [(401, {})], "/me": [(401, {})]}, tmp_path / "x", head)
    assert run.report.exit_code is Exit.NOT_CONNECTED


def test_records_of_an_answer_that_lacks_what_is_captured_are_asked_about_by_nobody(tmp_path):
    """Half of an answer is none."""
    head = HEAD.replace("verify:", "discover: {stores: {get: /stores, records: items, capture: {KEY: key}}}\nverify:")
    words = "it: {get: /p/<stores.id>/<USER_ID>}\nother: {get: /o/<KEY>/<USER_ID>}\n"
    run = fetched(words, {"/stores": [{"items": [{"id": 1}]}]}, tmp_path, head)
    assert run.entry().reason == "stores is failed: its answer holds no usable value for <KEY>"
    assert run.entry("other").outcome == "failed"
    run = fetched(
        words, {"/stores": [{"items": [{"id": 1, "key": "k"}]}], "/p/1/u1": [{"id": 1}], "/o/k/u1": [{"id": 2}]}, tmp_path / "x", head
    )
    assert run.report.exit_code is Exit.COMPLETE


def test_a_scope_of_one_look_up_shows_nothing_of_the_other(tmp_path, monkeypatch):
    """And the scopes of both show nothing either: only who is seen in this run does."""
    monkeypatch.setattr("tests.whole.scripted.Fixed.granted", frozenset({"a", "c"}))
    head = TWO.replace("match: name,", "match: name, granted_by: [a],").replace("match: email,", "match: email, granted_by: [b, c],")
    head = head.replace("{get: /directory,", "{get: /directory, granted_by: [d],")
    answers = {
        "/people/ada": [(404, {"code": 1})],
        "/people/ada%40x.io": [(404, {"code": 1})],
        "/directory": [{"people": []}],
        "/me": [(403, {})],
    }
    both = {"email": "ada@x.io", "username": "ada"}
    run = fetched(IT, answers, tmp_path, head, person=both)
    assert run.report.subject.subject == "unproven"
    allowed = head.replace("granted_by: [d]", "granted_by: [d, a]")
    run = fetched(IT, answers, tmp_path / "y", allowed, person=both)
    assert run.report.subject.subject == "unproven"
    run = fetched(IT, {**answers, "/me": [{"people": [{}]}]}, tmp_path / "x", allowed.replace("{get: /me}", SEEING), person=both)
    assert (run.report.exit_code, run.report.subject.subject) == (Exit.COMPLETE, "no_match")


def test_where_one_of_several_questions_breaks_none_goes_on(tmp_path, monkeypatch):
    """A defect of ours ends the run: nothing is asked behind its back."""
    taken = []

    def breaking(endpoint, *_):
        taken.append(endpoint.name)
        raise ZeroDivisionError

    monkeypatch.setattr("engine.core.account.Account.learn", lambda self, *given: breaking(*given))
    run = fetched(FAN, FOUND, tmp_path, LISTED)
    assert run.report.exit_code is Exit.DEFECT
    assert "ZeroDivisionError" in run.report.defect
    assert (taken, run.log) == (["site"], ["/site"])
