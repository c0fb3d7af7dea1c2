"""How endpoints end: defects of ours, denials, time that was covered, and what is told of them and when."""

from __future__ import annotations

import hashlib
import sys

import pytest

from engine.cli.run import summary
from engine.core.account import Account
from engine.core.field_filter import FieldFilter
from engine.errors import Exit
from engine.runner.endpoint import EndpointRun
from engine.runner.manifest import _without_folder
from engine.runner.store import ChainStore, ChildWants, Store
from engine.sink import Sink
from tests.core.specs import HEAD, vendor
from tests.whole.scripted import NOW, fetched

TWO = "it: {get: /list, records: items}\nother: {get: /other, records: items}\n"
SOME = {"items": [{"id": 1}, {"id": 2}]}


@pytest.mark.parametrize("where", ["first", "later"])
def test_a_defect_in_one_endpoint_costs_neither_the_others_nor_the_manifest(where, tmp_path, monkeypatch):
    """Exit 1 with the place, never with the text; what the endpoint had received is kept and marked."""
    real, calls = ChainStore.take, []

    def broken(self, *words):
        if self.store.endpoint.name == "it" and (where == "first" or calls):
            message = "canary"
            raise KeyError(message)
        calls.extend([1] if self.store.endpoint.name == "it" else [])
        real(self, *words)

    monkeypatch.setattr(ChainStore, "take", broken)
    spec = TWO.replace("it: {get: /list, records: items}", "it: {for: {A: [x, y]}, get: /list, params: {a: <A>}, records: items}")
    done = fetched(spec, {"/list?a=x": [SOME], "/list?a=y": [SOME], "/other": [SOME]}, tmp_path)
    assert done.report.exit_code is Exit.DEFECT
    assert {one.name: str(one.outcome) for one in done.report.entries} == {
        "it": "failed" if where == "first" else "partial",
        "other": "complete",
    }
    assert "a defect of ours (KeyError at " in done.entry().reason
    assert "a defect of ours (KeyError at " in done.manifest["stopped"]
    assert "canary" not in summary(vendor(spec), done.report) + str(done.manifest)
    assert "please report it with this line" in summary(vendor(spec), done.report)


def test_a_defect_of_the_look_up_is_not_taken_for_nobody(tmp_path, monkeypatch):
    """Unproven, exit 1, and a manifest that says so."""
    monkeypatch.setattr("engine.runner.lookup.identify", lambda *_: {}["x"])
    done = fetched(TWO, {}, tmp_path)
    assert (done.report.exit_code, str(done.report.subject.subject)) == (Exit.DEFECT, "unproven")
    assert done.manifest["subject"]["outcome"] == "unproven"


@pytest.fixture
def usual_depth():
    """Read as deep as a run by itself does: a case reads deeper, and whatever ran before in this process may have opened one."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1000)
    yield
    sys.setrecursionlimit(before)


@pytest.mark.usefixtures("usual_depth")
def test_a_record_of_absurd_depth_fails_its_endpoint_alone(tmp_path):
    """It can be delivered, and its fields can be chosen, but where it holds half a character, which only the slower encoder writes."""
    nested = b'"x":' + b"[" * 900 + b"]" * 900 + b"}]}"
    plain, deep = b'{"items":[{"id":1,' + nested, b'{"items":[{"id":1,"n":"\\ud800",' + nested
    assert str(fetched(TWO, {"/list": [plain], "/other": [SOME]}, tmp_path / "whole").entry().outcome) == "complete"
    assert str(fetched(TWO, {"/list": [plain], "/other": [SOME]}, tmp_path / "plain", without=("it.q",)).entry().outcome) == "complete"
    done = fetched(TWO, {"/list": [deep], "/other": [SOME]}, tmp_path / "cut", without=("it.q",))
    assert (str(done.entry().outcome), str(done.entry("other").outcome)) == ("failed", "complete")
    assert "nested deeper than Habeas reads" in done.entry().reason
    assert done.report.exit_code is Exit.INCOMPLETE


@pytest.mark.usefixtures("usual_depth")
@pytest.mark.parametrize("path", ["items", "nested"])
def test_a_page_of_one_record_nested_beyond_reading_says_so(tmp_path, path):
    """1,200 deep is JSON all the same: it is not told as an answer that is none."""
    deep = b'{"items":[{"id":1,"x":' + b"[" * 1200 + b"]" * 1200 + b"}]}"
    deep = deep if path == "items" else b"[" * 1200 + b"]" * 1200
    reason = fetched(TWO, {"/list": [deep], "/other": [SOME]}, tmp_path).entry().reason
    assert reason.startswith("an answer nested deeper than Habeas reads")


def test_a_parents_e_mail_address_does_not_stand_in_a_page_list(tmp_path):
    """A child may be asked by it; its number and its place in the parent's file tell the parent."""
    spec = "above: {get: /groups, records: items, key: mail}\nit: {get: /groups/<above.mail>/members, records: items}"
    groups = {"items": [{"mail": "team@x.io"}, {"mail": "plain"}]}
    answers = {"/groups": [groups], "/groups/team%40x.io/members": [{"items": [{"id": 1}]}], "/groups/plain/members": [{"items": []}]}
    done = fetched(spec, answers, tmp_path)
    lines = done.lines("it.pages")
    assert sorted(line["of"]["above.mail"] for line in lines) == ["(an e-mail address)", "plain"]
    assert "team" not in (done.folder / "it.pages.jsonl").read_text("utf-8")


def test_the_manifest_holds_titles_and_no_absolute_path(tmp_path):
    """Of a spec's path as it was typed the folders stay only where they are relative."""
    done = fetched(TWO, {"/list": [SOME], "/other": [SOME]}, tmp_path)
    assert done.manifest["title"]
    assert all(one["title"] for one in done.manifest["endpoints"].values())
    assert [_without_folder(one) for one in ("/home/ada/specs/acme.yaml", "specs/acme.yaml", "./a.yaml")] == [
        "acme.yaml",
        "specs/acme.yaml",
        "./a.yaml",
    ]


def test_time_is_covered_only_where_every_row_was_read(tmp_path):
    """One value of `for` fails in its older half: the span ends where that begins."""
    spec = """
        it:
          for: {A: [x, y]}
          get: /list
          params: {a: <A>, from: <FROM.date>, to: <TO.date>}
          window: {step: 10d, since: 20d}
          records: items
    """
    old, new = "from=2026-11-04&to=2026-11-14", "from=2026-11-14&to=2026-11-24"
    last = "from=2026-11-24&to=2026-11-25"
    answers = {f"/list?a={a}&{span}": [SOME] for a in "xy" for span in (old, new, last)}
    done = fetched(spec, answers, tmp_path / "whole")
    assert done.entry().covered == ("2026-11-04T00:00:00Z", "2026-11-25T00:00:00Z")
    done = fetched(spec, {name: said for name, said in answers.items() if name != f"/list?a=x&{old}"}, tmp_path / "hole")
    assert (str(done.entry().outcome), done.entry().covered) == ("partial", ("2026-11-14T00:00:00Z", "2026-11-25T00:00:00Z"))
    assert NOW.date().isoformat() == "2026-11-24"


def test_denials_of_some_parents_records_stop_nobody_elses(tmp_path):
    """The first sixteen are denied, the others are asked all the same."""
    head = "refusals: {rules: [{status: 403, means: denied}]}"
    spec = f"""
        projects: {{get: /projects, records: projects}}
        it: {{get: /projects/<projects.id>/notes, records: items, {head}}}
    """
    answers: dict[str, list[object]] = {"/projects": [{"projects": [{"id": one} for one in range(40)]}]}
    answers |= {f"/projects/{one}/notes": [(403, {}) if one < 16 else {"items": [{"id": one}]}] for one in range(40)}
    done = fetched(spec, answers, tmp_path)
    assert (str(done.entry().outcome), len(done.lines())) == ("partial", 24)
    assert sum("notes" in one for one in done.log) == 40


@pytest.mark.parametrize("slow", ["old", "new"])
def test_what_a_successor_excuses_is_never_told_as_failed(slow, tmp_path):
    """The predecessor's line waits until its successor has ended, whichever comes first."""
    spec = "old: {get: /old, records: items}\nnew: {replaces: old, get: /new, records: items}\n"
    late = {"/old": [(404, {})], "/new": [(503, {}), SOME]} if slow == "new" else {"/old": [(500, {})], "/new": [SOME]}
    told: list[str] = []
    done = fetched(spec, late, tmp_path, ended=lambda entry: told.append(f"{entry.name} {entry.outcome}"))
    assert sorted(told) == ["new complete", "old absent"]
    assert done.report.exit_code is Exit.COMPLETE


def test_every_answer_has_its_line_and_every_file_its_digest(tmp_path):
    """Refusals too; the values of a parent's `for` are noted with the child's answers."""
    spec = """
        projects: {for: {KIND: [open]}, get: "/projects", params: {kind: <KIND>}, records: projects}
        it: {get: /projects/<projects.id>/notes, params: {kind: <KIND>}, records: items}
    """
    answers = {"/projects?kind=open": [{"projects": [{"id": 1}, {"id": 2}]}], "/projects/1/notes?kind=open": [SOME]}
    done = fetched(spec, answers, tmp_path)
    pages = sorted(done.lines("it.pages"), key=lambda one: one["of"]["projects.id"])
    assert [(one["status"], one["lines"], one["for"]) for one in pages] == [(200, 2, {"KIND": "open"}), (404, 0, {"KIND": "open"})]
    names = {path.name for path in done.folder.glob("*.jsonl")}
    assert set(done.manifest["written"]) == names
    for name, facts in done.manifest["written"].items():
        raw = (done.folder / name).read_bytes()
        assert facts == {"bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({}, "Complete: nothing is left out."),
        ({"without": ("other",)}, "Complete as asked, 1 of 2 endpoints."),
        ({"without": ("it.x",)}, "Complete as asked, 2 of 2 endpoints."),
        ({"narrow": NOW}, "Narrowed by order: nothing before 2026-11-24"),
    ],
)
def test_nothing_is_left_out_is_said_only_where_it_is_true(options, part, tmp_path):
    """Endpoints, fields or a time left out by order are named, and the verdict says: as asked."""
    done = fetched(TWO, {"/list": [SOME], "/other": [SOME]}, tmp_path, **options)
    told = summary(vendor(TWO), done.report)
    assert part in told
    assert ("nothing is left out" in told) is (not options)


def test_files_that_were_left_are_no_completeness(tmp_path):
    """The verdict is "as asked", beside the line that says what was left."""
    spec = TWO.replace("it: {", "it: {files: url, ")
    done = fetched(spec, {"/list": [{"items": [{"id": 1, "url": "https://x.example/1"}]}], "/other": [SOME]}, tmp_path)
    told = summary(vendor(spec), done.report)
    assert "not downloaded: add --files" in told
    assert "Complete as asked, 2 of 2 endpoints." in told


def test_an_interrupt_counts_every_part_that_was_not_read(tmp_path):
    """Those that were never opened too, not only those that were under way."""
    spec = "it: {for: {A: [x, y, z]}, get: /list, params: {a: <A>}, records: items}\n"
    it = vendor(spec).endpoints["it"]
    cut = EndpointRun(
        it, ((),), (), None, Store(it, Sink(tmp_path / "o"), FieldFilter(), ChildWants(), ()), lambda: None, None, Account(vendor(spec))
    )
    assert cut.entry("interrupted").reason == "1 of 3 parts: interrupted; 2 of 3 parts were not read"


def test_a_look_up_that_is_denied_names_the_scope_that_would_help(tmp_path):
    """As an endpoint does; so does a 403 that no rule knows."""
    head = HEAD.replace("lookup: {", "lookup: {granted_by: [people:read], refusals: {rules: [{status: 403, means: denied}]}, ")
    answers = {"/people/ada%40x.io": [(403, {"message": "ada@x.io may not"})]}
    reason = fetched("it: {get: /list, records: items}", answers, tmp_path / "a", head).report.subject.reason
    assert reason == "the look-up failed: HTTP 403; it needs the scope people:read"
    spec = "it: {get: /list, records: items, granted_by: [lists:read]}"
    unknown = fetched(spec, {"/list": [(403, {"code": 7, "message": "ada@x.io may not"})]}, tmp_path / "b").entry().reason
    assert unknown == "the vendor refused (HTTP 403, code 7, a message of 16 characters); it needs the scope lists:read"
