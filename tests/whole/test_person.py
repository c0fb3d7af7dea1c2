"""A look-up to its last page, and values that name somebody else: the right person or nobody, never a silent guess."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest
from aiohttp import web

from engine.errors import Exit
from engine.runner import listing
from tests.core.specs import HEAD, vendor
from tests.whole.runs import fetch, written

LOOKUP = "lookup: {get: /people/<EMAIL>, match: email, capture: {USER_ID: id}}"
SEARCH = "lookup: {get: /search, params: {q: <EMAIL>}, records: people, match: email, capture: {USER_ID: id}, pagination: %s}"
CURSOR = "{cursor: next, param: after, total: total}"
ME = "ann@x.io"
ONE, TWO, OTHER = ({"id": name, "email": email} for name, email in (("u1", "Ann@x.io"), ("u2", ME), ("u3", "bob@x.io")))
Pages = dict[str, object]


@pytest.fixture
def answering(aiohttp_server, tmp_path):
    """Run against a vendor that gives these answers by path and query; gives the report and the requests it was sent."""

    async def run(answers: Pages, head: str, words: str = "it: {get: /p/<USER_ID>}\n", **options):
        asked: list[web.Request] = []

        async def everything(request: web.Request) -> web.Response:
            asked.append(request)
            found = {"/v1/me": {}, "/v1/p/u1": {"x": 1}, **answers}.get(request.raw_path)
            return web.json_response(found) if found is not None else web.json_response({"code": 1}, status=404)

        app = web.Application()
        app.router.add_get("/{tail:.*}", everything)
        server = await aiohttp_server(app)
        report = await fetch(str(server.make_url("")).rstrip("/"), "t", ME, tmp_path, spec=vendor(words, head), **options)
        return report, asked

    return run


def pages(*answers: dict[str, object]) -> Pages:
    """Give pages that follow each other by a cursor."""
    first, *more = answers
    return {"/v1/search?q=ann%40x.io": first, **{f"/v1/search?q=ann%40x.io&after={n}": one for n, one in enumerate(more, 2)}}


FOUND = [
    (pages({"people": [], "next": 2}, {"people": [ONE]}), 0, "matched", None),
    (pages({"people": [OTHER], "next": 2}, {"people": [ONE, OTHER], "next": 3}, {"people": []}), 0, "matched", None),
    (pages({"people": [], "next": 2}, {"people": [], "next": ""}), 0, "no_match", "knows nobody"),
    (pages({"people": [OTHER], "next": 2}, {"people": []}), 5, "mismatched", "another person"),
    (pages({"people": [ONE], "next": 2}, {"people": [TWO]}), 5, "ambiguous", "2 persons"),
    (pages({"people": [], "next": 2}, {"people": [], "next": 2}), 0, "no_match", "knows nobody"),
    (pages({"people": [OTHER], "next": 2}, {"people": [ONE], "next": 2}), 3, "unproven", "the same page token twice"),
    (pages({"people": [OTHER], "next": 2}, {"people": [OTHER], "next": 3}), 3, "unproven", "the same page twice"),
    (pages({"people": [], "next": [1]}), 3, "unproven", "holds no page token"),
    (pages({"people": [ONE], "total": 2}), 3, "unproven", "announced 2 records and delivered 1"),
    (
        pages({"people": [ONE], "total": 3, "next": 2}, {"people": [OTHER], "total": 2}),
        3,
        "unproven",
        "announced 3 records and delivered 2",
    ),
    (pages({"people": [ONE], "next": 9}), 3, "unproven", "broke off at page 2 (HTTP 404, code 1)"),
    (pages({"people": [ONE], "next": 2}, {"persons": []}), 3, "unproven", "broke off at page 2 (the answer lacks `people`)"),
    (pages({"people": [], "next": 2}, {"people": [], "next": 3}, {"people": [], "next": 4}), 3, "unproven", "after 3 pages"),
]


@pytest.mark.parametrize(("answers", "code", "subject", "words"), FOUND)
async def test_a_look_up_is_read_to_its_end_before_anything_is_concluded(answers, code, subject, words, answering, tmp_path, monkeypatch):
    """One page proves nobody's absence and nobody's singularity; a list that is not whole proves nothing."""
    monkeypatch.setattr(listing, "MOST_PAGES", 3)
    head = HEAD.replace("message: message}", "message: message, rules: [{status: 404, means: absent}]}")
    head = head.replace("{get: /me}", "{get: /me, records: people}")
    report, _ = await answering({"/v1/me": {"people": [OTHER]}, **answers}, head.replace(LOOKUP, SEARCH % CURSOR))
    assert (report.exit_code, report.subject.subject) == (code, subject)
    assert words is None or words in report.subject.reason
    assert (tmp_path / "acme" / "lookup.jsonl").exists() == (subject == "matched")
    assert (tmp_path / "acme" / "lookup.pages.jsonl").exists() == (subject == "matched")


async def test_every_page_of_a_look_up_is_stated_and_only_the_person_s_records_are_kept(answering, tmp_path):
    """A line for each answer with its digest, the person's records, and of the others their number."""
    answers = pages({"people": [OTHER], "next": 2}, {"people": [ONE, OTHER], "next": 3}, {"people": [dict(ONE, more=1)]})
    report, asked = await answering(answers, HEAD.replace(LOOKUP, SEARCH % CURSOR))
    assert report.exit_code is Exit.COMPLETE
    assert sum(written(tmp_path, "lookup").values()) == 2
    assert "bob" not in (tmp_path / "acme" / "lookup.jsonl").read_text("utf-8")
    lines = [json.loads(line) for line in (tmp_path / "acme" / "lookup.pages.jsonl").read_text("utf-8").splitlines()]
    assert [(one["page"], one["first_line"], one["lines"]) for one in lines] == [(1, 1, 0), (2, 1, 1), (3, 2, 1)]
    assert [one["sha256"] for one in lines] == [sha256(json.dumps(one).encode()).hexdigest() for one in answers.values()]
    lookup = report.manifest["lookup"]
    assert (lookup["requests"], lookup["others"], lookup["lines"]) == (3, 2, 2)
    assert len([one for one in asked if one.path == "/v1/search"]) == 3


async def test_page_numbers_are_followed_in_a_look_up_too(answering):
    """Until a page is empty."""
    answers: Pages = {f"/v1/search?q=ann%40x.io&page={n}": {"people": people} for n, people in enumerate(([OTHER], [ONE], []), 1)}
    report, _ = await answering(answers, HEAD.replace(LOOKUP, SEARCH % "{page: {page: 1}}"))
    assert (report.exit_code, report.manifest["lookup"]["others"]) == (Exit.COMPLETE, 1)


async def test_two_persons_are_two_where_nothing_is_captured(answering):
    """Their records' keys tell them apart; nothing is fetched."""
    head = HEAD.replace(LOOKUP, "lookup: {get: /search, params: {q: <EMAIL>}, records: people, match: {email: <EMAIL>}}")
    report, asked = await answering(pages({"people": [ONE, TWO]}), head, "it: {get: /p/<EMAIL>}\n")
    assert (report.exit_code, report.subject.subject) == (Exit.REFUSED, "ambiguous")
    assert not [one for one in asked if one.path.startswith("/v1/p/")]


async def test_a_version_in_a_header_of_the_top_goes_with_every_request(answering):
    """The look-up, `verify` and the endpoints carry it, and nobody has to give it."""
    head = HEAD.replace("refusals:", "headers: {X-Version: <VERSION>}\nrefusals:")
    report, asked = await answering({"/v1/people/ann%40x.io": ONE}, head)
    assert report.exit_code is Exit.COMPLETE
    assert {one.headers["X-Version"] for one in asked} == {"v7"}


PHONED = {"it": "echo: {phone: <PHONE>}", "that": "params: {phone: <PHONE>}", "third": "records: items, match: {phone: <PHONE>}"}


async def test_a_value_that_nobody_gave_fails_its_endpoint_and_nothing_else(answering):
    """Whether the request or the reading of its answer needs it: a reason in the manifest, never an exception."""
    words = "plain: {get: /p/<USER_ID>}\n" + "".join(f"{name}: {{get: /p/<USER_ID>, {one}}}\n" for name, one in PHONED.items())
    report, _ = await answering({"/v1/people/ann%40x.io": ONE, "/v1/p/u1": {"phone": "1", "items": []}}, HEAD, words)
    assert report.exit_code is Exit.INCOMPLETE
    found = {one.name: (str(one.outcome), one.reason) for one in report.entries}
    assert found.pop("plain") == ("complete", None)
    assert found["that"] == ("failed", "<PHONE> has no value")
    assert found["it"] == found["third"] == ("failed", "the answer cannot be checked: <PHONE> has no value")


@pytest.mark.parametrize("lookup", ["params: {phone: <PHONE>}, match: email", "match: {email: <EMAIL>, phone: <PHONE>}"])
async def test_a_look_up_that_needs_what_nobody_gave_proves_nothing(lookup, answering):
    """It ends unproven, in words."""
    head = HEAD.replace(LOOKUP, f"lookup: {{get: /people/<EMAIL>, {lookup}, capture: {{USER_ID: id}}}}")
    report, _ = await answering({"/v1/people/ann%40x.io": ONE}, head)
    assert (report.exit_code, report.subject.subject) == (Exit.INCOMPLETE, "unproven")
    assert "<PHONE> has no value" in report.subject.reason


async def test_a_record_s_id_that_means_somebody_else_is_never_asked_for(answering):
    """`me`, dots and maps in the place of a parent's id: refused, or no id at all; the other children are read."""
    parents = {"items": [{"id": "Me"}, {"id": ".."}, {"id": {"a": 1}}, {"id": [7]}, {"id": 5}]}
    answers = {"/v1/people/ann%40x.io": ONE, "/v1/p/u1": parents, "/v1/q/5": {"x": 1}}
    report, asked = await answering(answers, HEAD, "a: {get: /p/<USER_ID>, records: items}\nb: {get: /q/<a.id>}\n")
    assert [one.raw_path for one in asked if one.path.startswith("/v1/q")] == ["/v1/q/5"]
    a, b = report.entries
    assert a.notes == ("2 records without `a.id`",)
    assert str(b.outcome) == "partial"
    assert "2 of 3 parts: a record's <a.id> is a word with a meaning of its own" in b.reason
    assert report.exit_code is Exit.INCOMPLETE


@pytest.mark.parametrize(("code", "shown"), [("mara.lindqvist", False), ("gone_away", True), (4711, True), (15550100200, False)])
async def test_a_code_that_could_be_a_name_stays_out_of_reasons(code, shown, answering, tmp_path):
    """Only short numbers and what the spec itself names are shown."""
    words = 'it: {get: /p/<USER_ID>, refusals: {refused: "!ok", rules: [{code: gone_away, means: denied}]}}\n'
    report, _ = await answering({"/v1/people/ann%40x.io": ONE, "/v1/p/u1": {"ok": False, "code": code}}, HEAD, words)
    assert report.exit_code is Exit.INCOMPLETE
    assert (f"code {code}" in report.entries[0].reason) == shown
    assert (str(code) in (tmp_path / "acme" / "manifest.json").read_text("utf-8")) == shown


@pytest.mark.parametrize(
    ("endpoints", "told"),
    [
        ("it: {get: /p/<USER_ID>}\n    on: {get: /q/<USER_ID>, echo: {phone: <PHONE>}}\n", "or leave out what needs it: --without on"),
        ("it: {get: /p/<USER_ID>, params: {phone: <PHONE>}}\n", "add --subject phone=VALUE\n"),
        ("it: {get: /p/<USER_ID>, params: {name: <USERNAME>}}\n", "needs the person's username too: add --subject username=VALUE\n"),
    ],
)
def test_an_identifier_that_will_be_needed_is_asked_for_before_anything_is_sent(endpoints, told, habeas, zoom, tmp_path):
    """Exit 2, which one, how it is given, and what could be left out instead."""
    (tmp_path / "acme.yaml").write_text(f"{HEAD}    {endpoints}")
    before = len(zoom.log())
    run = ("run", str(tmp_path / "acme.yaml"), "--at", zoom.address, "--out", str(tmp_path / "o"), "--email", ME)
    done = habeas(*run, HABEAS_ACME_TOKEN="t")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert told in done.stderr
    assert not (tmp_path / "o").exists()
    assert len(zoom.log()) == before


def test_what_is_left_out_needs_no_identifier(habeas, zoom, tmp_path):
    """The run goes on to the vendor, which here refuses the credential."""
    (tmp_path / "acme.yaml").write_text(f"{HEAD}    it: {{get: /p/<USER_ID>}}\n    on: {{get: /q/<USER_ID>, echo: {{phone: <PHONE>}}}}\n")
    run = ("run", str(tmp_path / "acme.yaml"), "--at", zoom.address, "--out", str(tmp_path / "o"), "--email", ME, "--without", "on")
    before = len(zoom.log())
    assert habeas(*run, HABEAS_ACME_TOKEN="t").returncode == 4
    assert len(zoom.log()) > before
    assert (tmp_path / "o" / "acme" / "manifest.json").exists()
