"""When the network fails or leads astray: clear words, exit 3, what was fetched is kept."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime

import pytest
from aiohttp import web

from engine.core.ledger import Subject
from engine.core.selection import choose
from engine.errors import Exit
from tests.core.specs import HEAD, vendor
from tests.net.servers import answer, saying, serving
from tests.process import ROOT
from tests.whole.runs import ZOOM, answers, data, fetch, truth, written

FULL = data().FULL


@pytest.mark.parametrize(
    ("host", "at", "words"),
    [
        ("nowhere.invalid", None, "could not be found (is there a network?), 6 times"),
        ("api.acme.example", "http://127.0.0.1:1", "no connection could be made, 6 times"),
    ],
)
async def test_without_a_network_nothing_is_claimed(host, at, words, tmp_path):
    """An unknown name, a refused connection: unproven, exit 3, in words a person can act on."""
    spec = vendor("it: {get: /p/<USER_ID>}\n", HEAD.replace("api.acme.example", host))
    report = await fetch(at, "t", FULL, tmp_path, spec=spec)
    assert (report.exit_code, report.subject.subject) == (Exit.INCOMPLETE, Subject.UNPROVEN)
    assert words in (report.subject.reason or "")
    assert json.loads((tmp_path / "acme" / "manifest.json").read_text())["subject"]["outcome"] == "unproven"


async def test_a_vendor_that_goes_away_leaves_what_it_gave(tmp_path):
    """The endpoints that were whole stay so, the others say that no connection could be made."""
    command = [sys.executable, "-m", "engine.simulate.serve", "zoom", "--options", json.dumps({"limits": False})]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        up = json.loads(process.stdout.readline())
        report = await fetch(up["address"], up["token"], FULL, tmp_path, ended=lambda _: process.kill())
    assert report.exit_code is Exit.INCOMPLETE
    outcomes = Counter(str(entry.outcome) for entry in report.entries)
    assert outcomes["complete"] >= 1
    assert outcomes["failed"] + outcomes["partial"] >= 1
    expected = truth(FULL)
    for entry in report.entries:
        found = written(tmp_path, entry.name)
        assert found <= expected[entry.name]
        if entry.outcome == "complete":
            assert found == expected[entry.name]
        else:
            assert "connection" in entry.reason


LISTED = "it: {get: /p/<USER_ID>/list, records: items, pagination: {link: next}}\n"


def acme(pages: dict[str, object]) -> web.Application:
    """Serve a person, and pages by their path and query."""
    app = web.Application()
    asked: list[str] = []
    app[ASKED] = asked

    async def everything(request: web.Request) -> web.StreamResponse:
        asked.append(request.raw_path)
        if request.path == "/v1/me":
            return web.json_response({})
        if request.path.startswith("/v1/people/"):
            return web.json_response({"id": "u/1", "email": FULL})
        found = pages.get(request.raw_path)
        return web.json_response(found) if found is not None else web.json_response({"code": 1}, status=404)

    app.router.add_get("/{tail:.*}", everything)
    return app


ASKED = web.AppKey("asked", list)


@pytest.mark.parametrize(
    "place",
    [
        "https://evil.example/x",
        "http://api.acme.example/v1/x",
        "https://10.0.0.1/x",
        "https://[::1]/x",
        "https://api.acme.example:8443/x",
        "OTHER",
    ],
)
async def test_a_page_link_elsewhere_is_refused_and_what_came_before_is_kept(place, aiohttp_server, tmp_path):
    """The token is never sent there, and the endpoint says that something is missing."""
    async with serving(saying(answer())) as other:
        server = await aiohttp_server(
            acme({"/v1/p/u%2F1/list": {"items": [{"id": 1}], "next": place.replace("OTHER", other.address + "/x")}})
        )
        report = await fetch(str(server.make_url("")).rstrip("/"), "t", FULL, tmp_path, spec=vendor(LISTED))
        assert other.heads == []
    (entry,) = report.entries
    assert (str(entry.outcome), report.exit_code) == ("partial", Exit.INCOMPLETE)
    assert "the credential was not sent there" in entry.reason
    assert written(tmp_path, "it") == {'{"id": 1}': 1}


async def test_an_empty_page_is_not_the_end_of_a_list(aiohttp_server, tmp_path):
    """Where it names a next page, that one is read; a relative link stays with the vendor."""
    pages = {
        "/v1/p/u%2F1/list": {"items": [{"id": 1}], "next": "https://api.acme.example/v1/p/u%2F1/list?p=2"},
        "/v1/p/u%2F1/list?p=2": {"items": [], "next": "/v1/p/u%2F1/list?p=3"},
        "/v1/p/u%2F1/list?p=3": {"items": [{"id": 2}], "next": ""},
    }
    server = await aiohttp_server(acme(pages))
    report = await fetch(str(server.make_url("")).rstrip("/"), "t", FULL, tmp_path, spec=vendor(LISTED))
    assert report.exit_code is Exit.COMPLETE
    assert sum(written(tmp_path, "it").values()) == 2


async def test_few_connections_carry_many_requests(simulate, tmp_path):
    """They are kept open: not one for each request."""
    up = simulate()
    await fetch(up.address, up.token, FULL, tmp_path)
    log = up.log()
    assert len(log) > 60
    assert len({entry["connection"] for entry in log}) <= 40


PARENTS = """
projects: {get: /p/<USER_ID>/projects, records: items, key: id}
tasks: {get: /projects/<projects.id>/tasks, records: items}
notes: {get: "/projects/<projects.id>/notes/<projects.slug>", records: items}
comments: {get: /tasks/<tasks.id>/comments, records: items, refusals: {rules: [{status: 404, means: empty}]}}
"""
BELOW = {
    "/v1/p/u%2F1/projects": {"items": [{"id": "a/b", "slug": "x y"}, {"id": 2, "slug": "z"}, {"id": 2, "slug": "z"}]},
    "/v1/projects/a%2Fb/tasks": {"items": [{"id": 10}, {"id": 11}]},
    "/v1/projects/2/tasks": {"items": []},
    "/v1/projects/a%2Fb/notes/x%20y": {"items": [{"n": 1.50}]},
    "/v1/projects/2/notes/z": {"items": [{"n": 2}]},
    "/v1/tasks/10/comments": {"items": [{"c": 1}]},
}


async def below(aiohttp_server, tmp_path, changes):
    app = acme({**BELOW, **changes})
    server = await aiohttp_server(app)
    report = await fetch(str(server.make_url("")).rstrip("/"), "t", FULL, tmp_path, spec=vendor(PARENTS))
    return report, {entry.name: entry for entry in report.entries}, app[ASKED]


async def test_children_are_asked_once_per_record_of_their_parent(aiohttp_server, tmp_path):
    """What was found together stays together, each value encoded in its place; the parent is read once."""
    report, entries, asked = await below(aiohttp_server, tmp_path, {})
    assert report.exit_code is Exit.COMPLETE, report.entries
    assert {name: str(entry.outcome) for name, entry in entries.items()} == dict.fromkeys(
        ("projects", "tasks", "notes", "comments"), "complete"
    )
    assert sorted(asked[2:]) == sorted([*BELOW, "/v1/tasks/11/comments"])
    pages = answers(tmp_path / "acme" / "notes.pages.jsonl")
    assert sorted(page["of"]["projects.id"] for page in pages) == ["2", "a/b"]


@pytest.mark.parametrize(
    ("changes", "outcomes"),
    [
        ({"/v1/p/u%2F1/projects": {"items": []}}, ("empty", "empty", "empty", "empty")),
        ({"/v1/p/u%2F1/projects": None}, ("failed", "failed", "failed", "failed")),
        ({"/v1/p/u%2F1/projects": {"items": [{"id": 2}]}}, ("complete", "empty", "failed", "empty")),
        ({"/v1/projects/2/tasks": None}, ("complete", "partial", "complete", "partial")),
        ({"/v1/projects/2/tasks": None, "/v1/projects/a%2Fb/tasks": None}, ("complete", "failed", "complete", "failed")),
        ({"/v1/projects/2/notes/z": {"other": 1}}, ("complete", "complete", "partial", "complete")),
    ],
)
async def test_a_child_is_never_better_than_its_parent(changes, outcomes, aiohttp_server, tmp_path):
    """Empty parents, failed ones, half ones, and records without the field that is asked for."""
    _, entries, _ = await below(aiohttp_server, tmp_path, changes)
    assert tuple(str(entries[name].outcome) for name in ("projects", "tasks", "notes", "comments")) == outcomes
    assert all(entry.outcome.whole or entry.reason for entry in entries.values())


@pytest.mark.parametrize("means", ["empty", "absent", "unlicensed", "denied"])
async def test_a_refusal_in_the_middle_of_a_list_is_never_its_end(means, aiohttp_server, tmp_path):
    """What would be no gap on the first page is one on the second."""
    words = f"it: {{get: /p/<USER_ID>/list, records: items, pagination: {{link: next}}, refusals: {{rules: [{{status: 404, code: 1, means: {means}}}]}}}}\n"
    server = await aiohttp_server(acme({"/v1/p/u%2F1/list": {"items": [{"id": 1}], "next": "/v1/p/u%2F1/list?p=2"}}))
    report = await fetch(str(server.make_url("")).rstrip("/"), "t", FULL, tmp_path, spec=vendor(words))
    assert [str(entry.outcome) for entry in report.entries] == ["partial"]
    assert sum(written(tmp_path, "it").values()) == 1


async def test_refusals_are_not_collected(simulate, tmp_path):
    """An endpoint that is denied again and again stops asking: a vendor locks out an app that goes on."""
    up = simulate(scopes="user:read:user:admin")
    since = datetime(2013, 1, 1, tzinfo=UTC)
    report = await fetch(up.address, up.token, FULL, tmp_path, selection=choose(ZOOM.endpoints, ("recordings",), ()), narrow=since)
    entry = next(entry for entry in report.entries if entry.name == "recordings")
    assert (str(entry.outcome), report.exit_code) == ("denied", Exit.INCOMPLETE)
    assert "cloud_recording:read:list_user_recordings:admin" in (entry.reason or "")
    assert "were not read" in (entry.reason or "")
    assert entry.tally.requests < 40


async def test_page_tokens_that_die_for_ever_end_the_list(aiohttp_server, tmp_path):
    """It is read again three times, not without end, and nothing is written twice."""
    words = "it: {get: /p/<USER_ID>/list, records: items, pagination: {link: next}, refusals: {rules: [{status: 404, code: 1, means: restart}]}}\n"
    app = acme({"/v1/p/u%2F1/list": {"items": [{"id": 1}, {"id": 2}], "next": "/v1/p/u%2F1/list?p=2"}})
    server = await aiohttp_server(app)
    report = await fetch(str(server.make_url("")).rstrip("/"), "t", FULL, tmp_path, spec=vendor(words))
    assert [(str(entry.outcome), entry.reason) for entry in report.entries] == [("partial", "the page token expired again and again")]
    assert written(tmp_path, "it") == {'{"id": 1}': 1, '{"id": 2}': 1}
    assert len(app[ASKED]) == 2 + 4 * 2


async def test_a_total_that_never_comes_is_noted(aiohttp_server, tmp_path):
    """A misspelt path would switch the check off: the manifest says that nothing was counted against."""
    words = "it: {get: /p/<USER_ID>/list, records: items, pagination: {link: next, total: totl}}\n"
    server = await aiohttp_server(acme({"/v1/p/u%2F1/list": {"items": [{"id": 1}], "total": 1, "next": ""}}))
    report = await fetch(str(server.make_url("")).rstrip("/"), "t", FULL, tmp_path, spec=vendor(words))
    assert report.exit_code is Exit.COMPLETE
    assert "no answer announced `totl`" in report.entries[0].notes[0]


async def test_a_slow_proof_that_nobody_needs_is_not_waited_for(aiohttp_server, tmp_path):
    """`verify` matters to a "not found" only: a person who was found is not kept waiting for it."""
    app = acme({"/v1/p/u%2F1/list": {"items": [{"id": 1}], "next": ""}})
    app.middlewares.append(never_for_me)
    server = await aiohttp_server(app)
    report = await fetch(str(server.make_url("")).rstrip("/"), "t", FULL, tmp_path, spec=vendor(LISTED))
    assert report.exit_code is Exit.COMPLETE
    assert report.manifest["connection"]["verified"] == "verify was not answered before the run ended"


@web.middleware
async def never_for_me(request: web.Request, handler) -> web.StreamResponse:
    if request.path == "/v1/me":
        await asyncio.Event().wait()
    return await handler(request)
