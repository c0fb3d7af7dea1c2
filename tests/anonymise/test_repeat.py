"""What was recorded ends as the run did: ids join, page tokens and links lead on, values stand in queries as they did."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from urllib.parse import quote

import pytest

from engine.anonymise.finish import NotRepeatable
from engine.anonymise.proof import NotClean
from engine.core.http import NoAnswer
from engine.errors import OutputError
from tests.anonymise.live import EMAIL, NOW, USER, outcomes, recorded


def test_page_tokens_ids_and_checks_of_the_answer_go_on(tmp_path):
    """A cursor of the vendor's, a match, an echo, records asked about one by one, with numbers and texts as ids."""
    endpoints = """
        notes:
          get: /people/<USER_ID>/notes
          records: items
          pagination: {cursor: next, param: after, size: {limit: 2}, total: total}
          echo: {owner: <USER_ID>}
          match: {who: <EMAIL>}
        parts:
          get: /notes/<notes.id>/parts/<notes.part>
          records: parts
    """
    one = {"id": 88776655443322, "part": "p-é 1", "who": EMAIL.upper()}
    page = {"items": [one, {"id": 3, "part": "x", "who": "tom@acme-corp.io"}], "owner": "USR-00/93?x=1", "next": "aGVsbG8=/+", "total": 3}
    last = {"items": [{**one, "id": 7}], "owner": "USR-00/93?x=1", "next": None, "total": 3}
    answers = {
        f"/people/{USER}/notes?limit=2": page,
        f"/people/{USER}/notes?limit=2&after=aGVsbG8%3D%2F%2B": last,
        "/notes/88776655443322/parts/p-%C3%A9%201": {"parts": [{"id": "a", "text": "Mara Lindqvist's"}]},
        "/notes/7/parts/p-%C3%A9%201": {"parts": []},
    }
    cassette, report, _ = recorded(endpoints, answers, tmp_path)
    assert outcomes(report) == {"notes": "complete", "parts": "complete"}
    assert [one.file.rpartition("/")[2] for one in cassette.recordings][2:4] == ["030-notes.http", "040-notes-page-2.http"]


def test_what_is_named_like_a_secret_and_asked_with_goes_on(tmp_path):
    """An SMS conversation's `session_id` lets nobody in but may look so: each is removed, and each is still another one."""
    endpoints = """
        talks: {get: /people/<USER_ID>/talks, records: items, key: session_id, pagination: none}
        words: {get: "/talks/<talks.session_id>/words", records: items, pagination: none}
    """
    answers = {
        f"/people/{USER}/talks": {"items": [{"session_id": "9fQx/Zt77-one"}, {"session_id": "Lk20vWm31-two"}]},
        "/talks/9fQx%2FZt77-one/words": {"items": [{"id": 1}, {"id": 2}]},
        "/talks/Lk20vWm31-two/words": {"items": [{"id": 3}]},
    }
    cassette, report, _ = recorded(endpoints, answers, tmp_path)
    assert outcomes(report) == {"talks": "complete", "words": "complete"}
    paths = sorted(one.request.url.partition("/talks/")[2] for one in cassette.recordings if "/talks/" in one.request.url)
    assert paths == ["removed-2/words", "removed/words"]


def test_links_whole_and_relative_go_on(tmp_path):
    """The next page's address, from the body, from its host's root or whole, and from the Link header."""
    endpoints = """
        whole: {get: /people/<USER_ID>/w, records: items, pagination: {link: next}}
        rooted: {get: /people/<USER_ID>/r, records: items, pagination: {link: next}}
        told: {get: /people/<USER_ID>/h, records: "@", pagination: {link: header}}
        each: {get: "<told.comments_url>", records: "@", pagination: none}
    """
    base = "https://api.acme.example/v1"
    comments = {"id": 1, "comments_url": f"{base}/repos/mara-lindqvist/Hello-World/comments/99887766"}
    link = {"link": f'<{base}/people/{USER}/h?cursor=Y3Vyc29yOm1hcmE&page=2>; rel="next", <{base}/x?page=9>; rel="last"'}
    answers = {
        f"/people/{USER}/w": {"items": [{"id": 1}], "next": f"{base}/people/{USER}/w?since=1700000001&who=mara.lindqvist@acme-corp.io"},
        f"/people/{USER}/w?since=1700000001&who=mara.lindqvist@acme-corp.io": {"items": [{"id": 2}], "next": None},
        f"/people/{USER}/r": {"items": [{"id": 1}], "next": f"/v1/people/{USER}/r?PageToken=PA88&Page=1"},
        f"/people/{USER}/r?PageToken=PA88&Page=1": {"items": [], "next": ""},
        f"/people/{USER}/h": (200, [comments], link),
        f"/people/{USER}/h?cursor=Y3Vyc29yOm1hcmE&page=2": (200, [{"id": 2, "comments_url": None}]),
        "/repos/mara-lindqvist/Hello-World/comments/99887766": (200, [{"id": 5, "body": "hello Mara"}]),
    }
    _, report, _ = recorded(endpoints, answers, tmp_path)
    assert outcomes(report) == {"whole": "complete", "rooted": "complete", "told": "complete", "each": "complete"}


def test_offsets_and_page_numbers_are_kept(tmp_path):
    """What the engine counts itself stays, however large; a total stays too."""
    endpoints = """
        it: {get: /people/<USER_ID>/it, records: items, pagination: {offset: start, size: {count: 1000}, total: meta.total}}
    """
    records = [{"id": 10_000 + number} for number in range(2500)]
    answers = {
        f"/people/{USER}/it?count=1000&start={start}": {"items": records[start : start + 1000], "meta": {"total": 2500}}
        for start in (0, 1000, 2000)
    }
    _, report, _ = recorded(endpoints, answers, tmp_path)
    assert report.entries[0].tally.records == 2500


def test_the_address_in_other_forms_goes_on(tmp_path):
    """md5 and sha256 in a path, small letters in a parameter: each becomes the stand-in's."""
    endpoints = """
        it: {get: /lists/1/members/<EMAIL.md5>, params: {h: <EMAIL.sha256>, e: <EMAIL.lower>}, echo: {hash: <EMAIL.md5>}}
    """
    small = EMAIL.lower().encode()
    md5, sha = hashlib.md5(small).hexdigest(), hashlib.sha256(small).hexdigest()
    answers = {f"/lists/1/members/{md5}?h={sha}&e={quote(EMAIL.lower(), safe='')}": {"hash": md5, "HASH": sha.upper()}}
    cassette, report, _ = recorded(endpoints, answers, tmp_path)
    assert outcomes(report) == {"it": "complete"}
    assert hashlib.md5(cassette.setup.person.email.lower().encode()).hexdigest() in cassette.recordings[2].request.url


def test_queries_and_bodies_go_on(tmp_path):
    """A query language between quotes, an apostrophe in the name, GraphQL variables, page tokens and sizes within a body."""
    endpoints = """
        query:
          get: /query
          params: {q: "SELECT Id, Name FROM Contact WHERE Email = '<EMAIL>' AND Owner = '<USER_ID>' AND At = <FROM> AND Till = <TO>"}
          window: {step: 400d, since: 30d}
          quotes: backslash
          records: records
        graph:
          post: /graphql
          body:
            query: "query ($who: String!, $after: String) { notes(of: $who, after: $after) { id text } }"
            variables: {who: <USER_ID>, names: [plain, "for '<EMAIL>'"], flag: true}
          quotes: backslash
          records: data.nodes
          pagination: {cursor: data.end, more: data.more, param: variables.after, size: {variables.first: 5000}}
    """
    email = "o'mara.lindqvist@acme-corp.io"
    user = "USR-00'\\9"
    soql = "SELECT Id, Name FROM Contact WHERE Email = 'o\\'mara.lindqvist@acme-corp.io' AND Owner = 'USR-00\\'\\\\9' AND At = 2026-10-25T12:00:00Z AND Till = 2026-11-24T12:00:01Z"
    query = "query ($who: String!, $after: String) { notes(of: $who, after: $after) { id text } }"

    def body(**more):
        variables = {"who": user, "names": ["plain", "for 'o\\'mara.lindqvist@acme-corp.io'"], "flag": True, "first": 5000, **more}
        return json.dumps({"query": query, "variables": variables}, separators=(",", ":"), ensure_ascii=False)

    answers = {
        f"/people/{quote(email, safe='')}": {"id": user, "email": email},
        f"/query?q={quote(soql, safe='')}": {"records": [{"id": "1", "Name": "Mara O'Lindqvist"}]},
        f"/graphql {body()}": {"data": {"nodes": [{"id": "gid://acme/Note/778899", "text": "x"}], "end": "cursor-778899", "more": True}},
        f"/graphql {body(after='cursor-778899')}": {
            "data": {"nodes": [{"id": "gid://acme/Note/778900", "text": "y"}], "end": "c", "more": False}
        },
    }
    cassette, report, log = recorded(endpoints, answers, tmp_path, email=email)
    assert outcomes(report) == {"query": "complete", "graph": "complete"}, log
    assert query in "".join(json.loads(one.request.body)["query"] for one in cassette.recordings if one.request.body)


def test_what_the_connection_brings_and_discovery_finds_goes_on(tmp_path):
    """A shop in the host, an address from the token answer, fields that are asked for by name, lists and their ids."""
    head = """
spec: 1
vendor: acme
base_url: https://<SHOP>.acme.example/v1
hosts: [.acme.example]
settings: {SHOP: the shop}
auth: {oauth2: {authorization_url: https://www.acme.example/a, token_url: https://www.acme.example/t, capture: {INSTANCE: url}}}
verify: {get: /me}
discover:
  fields: {for: {OBJECT: [deals]}, get: /fields/<OBJECT>, capture: {FIELDS: "results[].name"}}
  lists: {get: /lists, records: lists}
"""
    endpoints = """
        deals:
          for: {OBJECT: [deals]}
          post: /search/<OBJECT>
          body: {properties: <FIELDS>, who: <USER_ID>}
          records: results
        members: {get: /lists/<lists.id>/members/<USER_ID>}
        far: {get: <INSTANCE>/far/<USER_ID>}
    """
    body = json.dumps({"properties": ["amount", "favourite_colour", "mara_lindqvist"], "who": "USR-00/93?x=1"}, separators=(",", ":"))
    answers = {
        "/fields/deals": {
            "results": [{"name": "amount"}, {"name": "favourite_colour"}, {"name": "mara_lindqvist", "label": "Mara Lindqvist"}]
        },
        "/lists": {"lists": [{"id": "mara-list", "name": "Friends of Mara"}]},
        f"/search/deals {body}": {
            "results": [{"id": "9", "properties": {"amount": "1", "favourite_colour": "blue", "mara_lindqvist": "y"}}]
        },
        f"/lists/mara-list/members/{USER}": {"id": 1},
        f"https://mara-na12.acme.example/far/{USER}": {"id": 2},
    }
    values = (("SHOP", "lindqvist-shop"), ("INSTANCE", "https://mara-na12.acme.example"))
    cassette, report, log = recorded(endpoints, answers, tmp_path, head=head, base="https://lindqvist-shop.acme.example/v1", values=values)
    assert outcomes(report) == {"deals": "complete", "members": "complete", "far": "complete"}, log
    assert cassette.setup.settings["SHOP"] in cassette.recordings[0].request.url
    assert any(b"favourite_colour" in one.response.body for one in cassette.recordings)


def test_refusals_retries_and_refreshes_are_repeated(tmp_path):
    """A limit that was hit, a token that was renewed, a broken answer, a plan that lacks it, a page that is no JSON."""
    endpoints = """
        limited: {get: /people/<USER_ID>/a, records: items}
        renewed: {get: /people/<USER_ID>/b, records: items}
        broken: {get: /people/<USER_ID>/c, records: items}
        plan: {get: /people/<USER_ID>/d, records: items}
        gone: {get: /people/<USER_ID>/e, records: items}
    """
    good = {"items": [{"id": 1}]}
    answers = {
        f"/people/{USER}/a": [(429, {}, {"retry-after": "7", "set-cookie": "mara=1"}), good],
        f"/people/{USER}/b": [(401, {"error": {"code": "EXPIRED", "text": "mara.lindqvist@acme-corp.io expired"}}), good],
        f"/people/{USER}/c": [(200, b'{"items": [{"name": "Mara Lind'), (503, b"<html>Mara Lindqvist</html>"), good],
        f"/people/{USER}/d": (403, {"error": {"code": "NO_PLAN", "text": "Mara Lindqvist has no plan"}}),
        f"/people/{USER}/e": (400, {"error": {"code": "MARA_FAULT", "text": "Mara"}}),
    }
    cassette, report, _ = recorded(endpoints, answers, tmp_path)
    assert outcomes(report) == {"limited": "complete", "renewed": "complete", "broken": "complete", "plan": "unlicensed", "gone": "failed"}
    assert cassette.setup.exit == 3
    assert [one.response.status for one in cassette.recordings] == [200, 200, 429, 200, 401, 200, 200, 503, 200, 403, 400]


@pytest.mark.parametrize(
    ("answer", "subject"),
    [({"id": "9", "email": "tom@acme-corp.io"}, "mismatched"), ((404, {}), "unproven"), ((500, {}), "unproven")],
)
def test_a_run_that_finds_nobody_is_a_cassette_too(tmp_path, answer, subject):
    """Another person answers, nobody is known, the look-up fails: the replay says the same."""
    place = "/people/Mara.Lindqvist%40acme-corp.io"
    cassette, report, _ = recorded("it: {get: /people/<USER_ID>}", {place: answer, place.lower().replace("%40", "%40"): answer}, tmp_path)
    assert str(report.subject.subject) == subject
    assert cassette.setup.exit == int(report.exit_code)


def test_what_cannot_be_repeated_is_not_written(tmp_path):
    """A request that had no answer to the end cannot be recorded: nothing is written, and it says which endpoint."""
    answers = {f"/people/{USER}/a": NoAnswer("forbidden", "an address outside the vendor's hosts was given")}
    with pytest.raises(NotRepeatable, match=r"(?s)it asks what was not recorded: it\n.*1 request of the run had no answer"):
        recorded("it: {get: /people/<USER_ID>/a}", answers, tmp_path)
    assert list((tmp_path / "cassettes").iterdir()) == []


def test_what_cannot_be_proven_clean_is_not_written(tmp_path, monkeypatch):
    """Where the scrubbing misses something, the proof finds it, says where, repeats nothing, and nothing is written."""
    monkeypatch.setattr("engine.anonymise.allowed.Kept.text", lambda self, text: text == "Lindqvist's own" or text in self.texts)
    answers = {f"/people/{USER}/a": {"of": [{"told": "Lindqvist's own"}]}}
    with pytest.raises(NotClean) as caught:
        recorded("it: {get: /people/<USER_ID>/a}", answers, tmp_path)
    assert "030-it.http: the answer.of[0].told: holds what should have been replaced" in str(caught.value)
    assert "Lindqvist" not in str(caught.value)
    assert not (tmp_path / "cassettes").exists()


def test_a_cassette_that_exists_is_not_overwritten(tmp_path):
    """The second one of a name is refused, and the first one stays as it is."""
    (tmp_path / "cassettes" / "one").mkdir(parents=True)
    with pytest.raises(OutputError, match="exists already"):
        recorded("it: {get: /people/<USER_ID>/a}", {}, tmp_path)
    assert [one.name for one in (tmp_path / "cassettes").iterdir()] == ["one"]


def test_windows_are_asked_again_by_the_same_moments(tmp_path):
    """Days, seconds and milliseconds that a request asks by stay; the record's own moments do not."""
    endpoints = """
        days: {get: /people/<USER_ID>/d, params: {from: <FROM.date>, to: <TO.date>}, window: {step: 28d, since: 2026-10-01}, echo: {from: <FROM.date>}, records: items}
        ticks: {get: /people/<USER_ID>/t, params: {a: <FROM.epoch>, b: <TO.millis>}, window: {step: 28d, since: 30d}, records: items}
    """
    answers = {}
    for first, last in (("2026-10-01", "2026-10-29"), ("2026-10-29", "2026-11-25")):
        answers[f"/people/{USER}/d?from={first}&to={last}"] = {"from": first, "items": [{"id": 1, "at": f"{first}T08:15:01Z"}]}
    begun = NOW - timedelta(days=30)
    middle, last = begun + timedelta(days=28), NOW + timedelta(seconds=1)
    for one, other in ((begun, middle), (middle, last)):
        answers[f"/people/{USER}/t?a={int(one.timestamp())}&b={int(other.timestamp()) * 1000}"] = {"items": []}
    cassette, report, log = recorded(endpoints, answers, tmp_path)
    assert outcomes(report) == {"days": "complete", "ticks": "empty"}, log
    assert "08:15:01" not in "".join(cassette.texts.values())
