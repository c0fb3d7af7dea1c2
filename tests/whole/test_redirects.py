"""Redirects and links of whole runs: counted by the limiter, told in the page list, never to another person."""

from __future__ import annotations

import json

import pytest

from engine.core.vendor_address import ANOTHER_PERSON
from engine.language.model.units import Rate
from engine.net.limiter import Limiter
from tests.core.specs import HEAD, vendor
from tests.net.servers import answer, serving
from tests.whole.runs import answers as recorded
from tests.whole.runs import fetch

NAMED = HEAD.replace("capture: {USER_ID: id}", "capture: {LOGIN: login, NUMBER: id}")
ASKS = "it: {get: /users/<LOGIN>/repos, records: items}\n"
LINKED = 'it: {get: /users/<LOGIN>/repos, records: "@", pagination: {link: header}}\n'
PROVEN = "it: {get: /users/<LOGIN>/repos, records: items, match: {owner: <LOGIN>}}\n"
CHILD = "above: {get: /o, records: items}\nit: {get: /o/<above.id>/lines, records: items}\n"
LIST = {"items": [{"id": 1, "owner": "octocat"}]}
NOTE = "1 answer came from an address without the person's value: nothing proves whose they are"
PAGES = "/users/octocat/repos"


def to(path, status="301 Moved Permanently"):
    return answer(status, Location=f"/v1{path}")


def page(body, following=None):
    return answer(
        body=json.dumps(body).encode(), **({"Link": f'<https://api.acme.example/v1{following}>; rel="next"'} if following else {})
    )


REFUSED = ": the credential was not sent there"
ONE, TWO = [{"id": 1}], [{"id": 2}]
CASES = {
    "to the captured number": (ASKS, {PAGES: to("/user/7/repos"), "/user/7/repos": page(LIST)}, ("complete", None, ()), [[301]]),
    "to an unknown number": (ASKS, {PAGES: to("/user/8/repos"), "/user/8/repos": page(LIST)}, ("complete", None, (NOTE,)), [[301]]),
    "to an unknown number that `match` proves": (
        PROVEN,
        {PAGES: to("/user/8/repos"), "/user/8/repos": page(LIST)},
        ("complete", None, ()),
        [[301]],
    ),
    "to an address of nobody, and back": (
        ASKS,
        {PAGES: to("/step"), "/step": to("/users/octocat/x", "302 X"), "/users/octocat/x": page(LIST)},
        ("complete", None, (NOTE,)),
        [[301, 302]],
    ),
    "to nothing, of which `match` proves nothing": (
        PROVEN,
        {PAGES: to("/home"), "/home": page({"items": []})},
        ("empty", None, (NOTE,)),
        [[301]],
    ),
    "twice": (
        ASKS,
        {PAGES: to("/users/Octocat2/../octocat/x", "307 X"), "/users/octocat/x": to("/user/7/y", "302 X"), "/user/7/y": page(LIST)},
        ("complete", None, ()),
        [[307, 302]],
    ),
    "to another person": (
        ASKS,
        {PAGES: to("/users/hubot/repos"), "/users/hubot/repos": page(LIST)},
        ("failed", f"a redirect of GET /users/<LOGIN>/repos: {ANOTHER_PERSON.words}", ()),
        [],
    ),
    "to another record": (
        CHILD,
        {"/o": page({"items": [{"id": 5}]}), "/o/5/lines": to("/o/6/lines"), "/o/6/lines": page(LIST)},
        ("failed", f"a redirect of GET /o/<above.id>/lines: {ANOTHER_PERSON.words}", ()),
        [],
    ),
    "a link to the captured number": (
        LINKED,
        {PAGES: page(ONE, "/user/7/repos?page=2"), "/user/7/repos?page=2": page(TWO)},
        ("complete", None, ()),
        [None, None],
    ),
    "a link to an unknown number": (
        LINKED,
        {PAGES: page(ONE, "/user/8/repos?page=2"), "/user/8/repos?page=2": page(TWO)},
        ("complete", None, (NOTE,)),
        [None, None],
    ),
    "a link to another person": (
        LINKED,
        {PAGES: page(ONE, "/users/hubot/repos?page=2"), "/users/hubot/repos?page=2": page(TWO)},
        ("partial", f"the link to GET /users/<LOGIN>/repos, page 2: {ANOTHER_PERSON.words}", ()),
        [None],
    ),
}


@pytest.mark.parametrize(("endpoints", "answers", "expected", "told"), CASES.values(), ids=CASES)
async def test_where_a_vendor_leads_is_followed_counted_and_told(endpoints, answers, expected, told, tmp_path):
    """To the same person; where nothing shows whose it is, with a note; to another person never."""
    asked = []

    async def respond(head, writer):
        path = head.split(b" ")[1].decode().removeprefix("/v1")
        asked.append(path)
        person = page({"id": 7, "login": "octocat", "email": "a@x.io"})
        writer.write(person if path.startswith("/people/") else answers.get(path, page({})))

    limiter = Limiter({"all": (Rate(1000, 1.0),)}, 0.75)
    lines = []
    slot = limiter.slot
    limiter.slot = lambda bucket, line, person: (lines.append(line), slot(bucket, line, person))[1]
    async with serving(respond) as server:
        report = await fetch(server.address, "t", "a@x.io", tmp_path, spec=vendor(endpoints, NAMED), limiter=limiter)
    entry = report.endpoints["it"]
    assert (str(entry.outcome), entry.reason, entry.notes) == expected
    assert not [path for path in asked if "hubot" in path or path.startswith("/o/6")]
    own = [line for line in lines if line not in ("GET /me", "GET /people/<EMAIL>", "GET /o")]
    assert len(own) == entry.tally.requests == sum(path not in ("/me", "/o") and "people" not in path for path in asked)
    pages = tmp_path / "acme" / "it.pages.jsonl"
    lines = recorded(pages) if pages.exists() else []
    assert [line.get("redirects") for line in lines] == told


SEEING = HEAD.replace("verify: {get: /me}", "verify: {get: /me, records: people}").replace(
    "match: email,", "match: email, refusals: {rules: [{status: 404, means: absent}]},"
)
LISTED = SEEING.replace("get: /people/<EMAIL>", "get: /people, params: {q: <EMAIL>}, records: people")
SOMEBODY = page({"people": [{"id": "u1", "email": "A@x.io"}]})
NOWHERE = "the look-up failed: the vendor led to an address without the value that was asked by, and what it answered there proves nothing"
ELSEWHERE = f"the look-up failed: a redirect of GET /people/<EMAIL>: {ANOTHER_PERSON.words}"
LED_LOOKUPS = {
    "to nowhere": (SEEING, {"/people/a%40x.io": to("/home"), "/home": answer("404 X")}, ("unproven", f"{NOWHERE} (HTTP 404)")),
    "to an empty list": (LISTED, {"/people?q=a%40x.io": to("/home"), "/home": page({"people": []})}, ("unproven", NOWHERE)),
    "to others": (
        LISTED,
        {"/people?q=a%40x.io": to("/all"), "/all": page({"people": [{"id": "u2", "email": "b@x.io"}]})},
        ("unproven", NOWHERE),
    ),
    "to the person": (LISTED, {"/people?q=a%40x.io": to("/all"), "/all": SOMEBODY}, ("matched", None)),
    "to another person": (SEEING, {"/people/a%40x.io": to("/people/b%40x.io"), "/people/b%40x.io": page({})}, ("unproven", ELSEWHERE)),
    "to the same address": (SEEING, {"/people/a%40x.io": to("/users/A@X.io"), "/users/A@X.io": answer("404 X")}, ("no_match", None)),
    "by a link, within its own answer": (
        LISTED.replace("records: people, match", "records: people, pagination: {link: next}, match"),
        {"/people?q=a%40x.io": page({"people": [], "next": "/v1/people?c=2"}), "/people?c=2": page({"people": []})},
        ("no_match", None),
    ),
}


@pytest.mark.parametrize(("head", "answers", "expected"), LED_LOOKUPS.values(), ids=LED_LOOKUPS)
async def test_nobody_is_not_believed_of_an_address_that_names_nobody(head, answers, expected, tmp_path):
    """A redirect to a start page answers about nobody; somebody who is found there is proven by `match`."""

    async def respond(sent, writer):
        path = sent.split(b" ")[1].decode().removeprefix("/v1")
        writer.write(answers.get(path, page({"people": [{"id": "u9"}]})))

    async with serving(respond) as server:
        report = await fetch(server.address, "t", "a@x.io", tmp_path, spec=vendor("it: {get: /x/<USER_ID>}\n", head))
    subject, reason = expected
    assert str(report.subject.subject) == subject
    assert reason is None or report.subject.reason == reason


ASTRAY = {
    "to another host": (
        ASKS,
        {PAGES: answer("302 Found", Location="https://evil.example/steal?u=octocat")},
        ("failed", "a redirect of GET /users/<LOGIN>/repos: an address outside the vendor's hosts was given (evil.example)" + REFUSED),
    ),
    "a link without https": (
        LINKED,
        {PAGES: answer(body=b'[{"id": 1}]', Link='<http://api.acme.example/v1/users/octocat/repos?page=2>; rel="next"')},
        (
            "partial",
            "the link to GET /users/<LOGIN>/repos, page 2: an address without https was given (http, at api.acme.example)" + REFUSED,
        ),
    ),
    "a link with a user name": (
        LINKED,
        {PAGES: answer(body=b'[{"id": 1}]', Link='<https://ada@api.acme.example/v1/users/octocat/repos?page=2>; rel="next"')},
        (
            "partial",
            "the link to GET /users/<LOGIN>/repos, page 2: an address that cannot be trusted was given: it holds a user name before the host"
            + REFUSED,
        ),
    ),
}


@pytest.mark.parametrize("case", ASTRAY)
async def test_an_address_that_may_not_be_asked_is_told_with_its_request_host_and_reason(case, tmp_path):
    """Which request had it, who gave it, which host it names and why it is refused; nothing of its path or user name."""
    endpoints, answers, expected = ASTRAY[case]

    async def respond(head, writer):
        path = head.split(b" ")[1].decode().removeprefix("/v1")
        person = page({"id": 7, "login": "octocat", "email": "a@x.io"})
        writer.write(person if path.startswith("/people/") else answers.get(path, page({})))

    async with serving(respond) as server:
        report = await fetch(server.address, "t", "a@x.io", tmp_path, spec=vendor(endpoints, NAMED))
    entry = report.endpoints["it"]
    assert (str(entry.outcome), entry.reason) == expected


FILES = "it: {get: /users/<LOGIN>/repos, records: items, files: url}\n"
AT = "https://api.acme.example/v1"
UNPROVEN = "1 file came from an address without the person's value: nothing proves whose it is"
LED = {
    "to the captured number": ("/user/7/f", ("complete", None, ()), True),
    "to another person": ("/users/hubot/f", ("partial", f"1 of 1 files failed: {ANOTHER_PERSON.words}", ()), False),
    "to no person": ("/blobs/9", ("complete", None, (UNPROVEN,)), True),
    "to no person, and back": ("/back", ("complete", None, (UNPROVEN,)), True),
    "to no person, and on to another": ("/step", ("partial", f"1 of 1 files failed: {ANOTHER_PERSON.words}", ()), False),
}


@pytest.mark.parametrize(("to_path", "expected", "came"), LED.values(), ids=LED)
async def test_a_file_is_led_by_the_same_rule(to_path, expected, came, tmp_path):
    """Below the vendor's hosts: to the same person, without the value with a note, to another person never."""
    asked = []

    async def respond(head, writer):
        path = head.split(b" ")[1].decode().removeprefix("/v1")
        asked.append(path)
        answers = {
            PAGES: page({"items": [{"id": 1, "url": f"{AT}/users/octocat/f"}]}),
            "/users/octocat/f": to(to_path, "302 Found"),
            "/step": to("/users/hubot/f", "307 X"),
            "/back": to("/users/octocat/g", "307 X"),
        }
        person = page({"id": 7, "login": "octocat", "email": "a@x.io"})
        writer.write(person if path.startswith("/people/") else answers.get(path, answer(body=b"abc", Content_Type="audio/mpeg")))

    async with serving(respond) as server:
        report = await fetch(server.address, "t", "a@x.io", tmp_path, spec=vendor(FILES, NAMED), files=True)
    entry = report.endpoints["it"]
    assert (str(entry.outcome), entry.reason, entry.notes) == expected
    assert not [path for path in asked if "hubot" in path]
    assert entry.files["downloaded"] == came


async def test_storage_of_others_is_not_held_against_the_person(tmp_path):
    """A path of another host has meanings of its own: it is asked without the credential, and what came is the file."""
    asked = []

    async def respond(head, writer):
        path = head.split(b" ")[1].decode().removeprefix("/v1")
        asked.append((path, b"Authorization" in head))
        elsewhere = head.replace(b"127.0.0.1", b"localhost").split(b"Host: ")[1].split(b"\r\n")[0].decode()
        answers = {
            PAGES: page({"items": [{"id": 1, "url": f"{AT}/users/octocat/f"}]}),
            "/users/octocat/f": answer("302 Found", Location=f"http://{elsewhere}/users/hubot/f"),
        }
        person = page({"id": 7, "login": "octocat", "email": "a@x.io"})
        writer.write(person if path.startswith("/people/") else answers.get(path, answer(body=b"abc", Content_Type="audio/mpeg")))

    async with serving(respond) as server:
        report = await fetch(server.address, "t", "a@x.io", tmp_path, spec=vendor(FILES, NAMED), files=True)
    entry = report.endpoints["it"]
    assert (str(entry.outcome), entry.notes, entry.files["downloaded"]) == ("complete", (), 1)
    assert ("/users/hubot/f", False) in asked
