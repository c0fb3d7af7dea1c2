"""docs/results.md cannot go stale: what it names exists, what exists is named, what it shows is a result, and what it says of lists is tried."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web

from engine.core.ledger import Outcome, Subject, Tally
from engine.core.trail import MOST_EMPTY
from engine.errors import Exit
from engine.runner.chain_log import EndLine
from engine.runner.endpoint import ENOUGH_DENIALS
from engine.runner.list_reader import MOST_RESTARTS
from engine.runner.listing import MOST_PAGES
from engine.sink import FileState
from tests.conftest import ROOT
from tests.core.specs import vendor
from tests.whole.runs import fetch
from tests.whole.scripted import fetched

PAGE = (ROOT / "docs" / "results.md").read_text("utf-8")
CHAPTERS = dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE))
SECTIONS = dict(re.findall(r"^###? ([^\n]+)\n(.*?)(?=^###? |\Z)", PAGE, re.DOTALL | re.MULTILINE))
LISTS = yaml.safe_load((Path(__file__).parent / "data" / "lists.yaml").read_text("utf-8"))
CHOSEN = {
    "endpoints": "<endpoint>",
    "spec.endpoints": "<endpoint>",
    "fields": "<endpoint>",
    "written": "<file>",
    "for": "<NAME>",
    "of": "<field>",
}
EMPTY = {"narrowed", "subject.digest", "endpoints.<endpoint>.covered"}  # null where they do not apply; their members are named


def rows(text: str) -> Iterator[list[str]]:
    """Give the cells of a section's tables, without their heads."""
    for table in re.findall(r"^\|-[-|]*\|\n((?:\|.*\n)+)", text, re.MULTILINE):
        for line in table.splitlines():
            yield [cell.strip() for cell in line.strip("|").split(" | ")]


def named(*headings: str) -> set[str]:
    """Give the fields that the tables under these headings name, each with what its heading puts before it."""
    found = set()
    for heading in headings:
        before = "" if ".json" in heading else f"{heading.strip('`')}."
        found |= {before + name for row in rows(SECTIONS[heading]) for name in re.findall(r"`([^`]+)`", row[0])}
    return found


def paths(value: Any, before: str = "") -> Iterator[str]:
    """Give the dotted path of every value that is no map; names that a spec or a vendor chose are placeholders."""
    if not isinstance(value, dict):
        yield before
        return
    for name, inner in value.items():
        step = CHOSEN.get(before, name)
        yield from paths(inner, f"{before}.{step}" if before else step)


def lines(folder: Path, ending: str) -> list[dict[str, Any]]:
    return [json.loads(line) for path in folder.glob(f"*.{ending}.jsonl") for line in path.read_text("utf-8").splitlines()]


def examples(heading: str) -> list[dict[str, Any]]:
    return [json.loads(text) for text in re.findall(r"^```json\n(.*?)^```$", CHAPTERS[heading], re.DOTALL | re.MULTILINE)]


def shown() -> str:
    """Give the command whose result the page shows."""
    (command,) = [text for text in re.findall(r"^```sh\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE) if text.startswith("habeas ")]
    return command.replace("\\\n", " ")


@pytest.fixture(scope="module")
def simulated(zoom, tmp_path_factory) -> Path:
    """Run the command of the page against the simulator, once; gives the folder of the result, which no test changes."""
    folder = tmp_path_factory.mktemp("shown")
    words = [zoom.address if word == "http://127.0.0.1:8900" else word for word in shlex.split(shown())[1:]]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HABEAS_")}
    environment = {**kept, "PYTHONPATH": str(ROOT), "HABEAS_HOME": str(folder / "state"), "HABEAS_ZOOM_TOKEN": zoom.token}
    command = [sys.executable, "-m", "engine", *words]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "request-17" / "zoom"


@pytest.fixture
async def odd(acme, tmp_path) -> Path:
    """Run once where one file does not arrive; gives the folder of the result."""
    spec = vendor("it: {get: /p/<USER_ID>/list, records: items, files: url}\n")
    items = [{"id": 1, "url": "https://api.acme.example/f/good"}, {"id": 2, "url": "https://api.acme.example/f/lost"}]
    address, _ = await acme(items, lambda request: web.Response(status=404 if "lost" in request.path else 200, body=b"x"))
    await fetch(address, "t", "a@x.io", tmp_path / "odd", spec=spec, files=True)
    return tmp_path / "odd" / "acme"


def scripted(out: Path) -> Path:
    """Run once with a parent, `for`, windows, a redirect and an answer that comes late; gives the folder of the result."""
    spec = """
        orders: {for: {KIND: [open]}, get: "/orders", params: {kind: <KIND>}, records: items}
        it: {get: "/orders/<orders.id>", params: {from: <FROM.date>, to: <TO.date>}, window: {step: 5d, since: 2d}, records: items}
    """
    answers = {
        "/orders?kind=open": [(301, {}, {"location": "/v1/open"})],
        "/open": [{"items": [{"id": 5}]}],
        "/orders/5?from=2026-11-22&to=2026-11-25": [(503, {}), {"items": [{"id": 1}]}],
    }
    return fetched(spec, answers, out).folder


def manifest(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "manifest.json").read_text("utf-8")))


def test_the_page_names_every_field_of_a_manifest_and_no_other(simulated, odd, tmp_path):
    """Both ways: a field without a row, and a row without a field, would each mislead."""
    found = {path for folder in (simulated, odd, scripted(tmp_path)) for path in paths(manifest(folder))} - EMPTY
    heads = ["`manifest.json`", "`lookup`", "`endpoints.<endpoint>`", "`endpoints.<endpoint>.files`", "`written.<file>`"]
    assert named(*heads) == found


def test_the_page_names_every_field_of_a_page_line_and_of_a_file_line(simulated, odd, tmp_path):
    """A run against the simulator, one with a parent and a late answer, one with a file that does not arrive."""
    folders = (simulated, odd, scripted(tmp_path))
    answers = [line for folder in folders for line in lines(folder, "pages") if "end" not in line]
    assert named("`<endpoint>.pages.jsonl`") == {path for line in answers for path in paths(line)}
    assert named("`<endpoint>.files.jsonl`") == {path for folder in folders for line in lines(folder, "files") for path in paths(line)}


def test_the_page_names_every_field_of_a_line_that_ends_a_list(simulated):
    """As the code has them; those of one run are among them, and the example has no others."""
    counts, file = ({f"{name}.{one}" for one in kind.__struct_fields__} for name, kind in (("counts", Tally), ("file", FileState)))
    own = {"for" if name == "for_" else name for name in EndLine.__struct_fields__} - {"counts", "file"}
    told = {one.removeprefix("The end of a list.") for one in named("The end of a list")}
    assert told == {*own, *counts, *file, "seal"} | ({"before", "after"} & told)
    ends = [line for line in lines(simulated, "pages") if "end" in line]
    assert len(ends) > 3
    (example,) = (json.loads(text) for text in re.findall(r"^```json\n(.*?)^```$", SECTIONS["The end of a list"], re.DOTALL | re.MULTILINE))
    for line in (*ends, example):
        assert {path.partition(".")[0] if path.startswith("for") else path for path in paths(line)} <= told
    assert set(example) <= set().union(*ends)


def test_the_page_names_every_outcome_and_exit_code():
    """The person's outcomes, an endpoint's, the codes: as the code has them."""
    assert named_words("The person") == {str(one) for one in Subject}
    assert named_words("An endpoint") == {str(one) for one in Outcome}
    codes = [code for row in rows(SECTIONS["Exit codes"]) for code in row[0].split(", ")]
    assert sorted(map(int, codes)) == sorted(Exit)


def named_words(heading: str) -> set[str]:
    return {row[0].strip("`") for row in rows(SECTIONS[heading])}


def test_every_file_of_a_result_stands_in_the_table(simulated):
    """The kinds of files that the table names are those that lie there."""
    kinds = {name for row in rows(SECTIONS["The folder"]) for name in re.findall(r"`([^`]+)`", row[0])}
    forms = [re.escape(name).replace("<endpoint>", "[a-z_]+").replace(r"000001\-1\.mp4", r"\d{6}-\d+\.[a-z0-9]+") for name in kinds]
    found = [path.relative_to(simulated).as_posix() for path in simulated.rglob("*") if path.is_file()]
    assert all(any(re.fullmatch(form, name) for form in forms) for name in found)
    assert [form for form in forms if not any(re.fullmatch(form, name) for name in found)] == [re.escape("manifest.json.part")]


def shape(value: Any) -> Any:
    """Give the names of a value's members, at every depth."""
    return {name: shape(inner) for name, inner in value.items()} if isinstance(value, Mapping) else None


def test_what_the_page_shows_is_what_such_a_run_writes(simulated):
    """The same members in the same order, whole; of maps by endpoint or file, some of them."""
    (example,), real = examples("`manifest.json`"), manifest(simulated)
    real["spec"]["endpoints"] = {name: real["spec"]["endpoints"][name] for name in example["spec"]["endpoints"]}
    for part in ("endpoints", "written"):
        chosen = example[part]
        assert shape(chosen) == shape({name: real[part][name] for name in chosen})
        real[part] = chosen
    assert json.dumps(shape(example)) == json.dumps(shape(real))
    record, *_ = examples("The folder")
    assert record == json.loads((simulated / "meetings.jsonl").read_text("utf-8").splitlines()[0])
    for kind in ("pages", "files"):
        line, *_ = examples(f"`<endpoint>.{kind}.jsonl`")  # of a list of pages, the other one is of the end of a list
        real_line = json.loads((simulated / f"recordings.{kind}.jsonl").read_text("utf-8").splitlines()[0])
        assert list(line) == list(real_line)


def test_the_digests_are_compared_as_the_page_says(simulated, tmp_path):
    """Its command finds every file to be as the manifest says, and a changed one not to be."""
    (command,) = [text for text in re.findall(r"^```sh\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE) if "sha256sum" in text]
    copy = shutil.copytree(simulated, tmp_path / "request-17" / "zoom")
    assert subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, check=False).returncode == 0
    (copy / "meetings.jsonl").write_text("{}\n")
    assert subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, check=False).returncode == 1


def flat(text: str) -> str:
    return " ".join(text.split())


def answer(said: Any) -> Any:
    """Give an answer of a script: a number is a status, everything else the body of a 200."""
    return (said, {}) if isinstance(said, int) else json.dumps(said).encode()


def cases() -> Iterable[Any]:
    return [pytest.param(one, id=f"{number}-{one['then']['outcome']}") for number, one in enumerate(LISTS, 1)]


@pytest.mark.parametrize("given", cases())
def test_what_the_page_says_of_lists_is_what_a_run_does(given, tmp_path):
    """Each sentence stands in the page, and a vendor that behaves so gets that outcome."""
    assert flat(given["says"]) in flat(CHAPTERS["What complete can and cannot mean"])
    spec = "".join(f"{name}: {given[name]}\n" for name in ("above", "it") if name in given)
    done = fetched(
        spec, {place: [answer(one) for one in said] for place, said in given["answers"].items()}, tmp_path, headers=given.get("headers", {})
    )
    entry, then = done.entry(), given["then"]
    found = {
        "outcome": str(entry.outcome),
        "reason": entry.reason,
        "note": next(iter(entry.notes), None),
        "covered": list(entry.covered or ()),
        **{name: getattr(entry.tally, name) for name in ("records", "expected", "duplicates", "requests")},
    }
    assert {name: found[name] for name in then} == then
    assert "reason" in then or entry.reason is None


def test_the_numbers_of_the_page_are_those_of_the_code():
    """Pages, readings and denials after which no more is asked."""
    words = {3: "three", 100: "a hundred"}
    for sentence in (
        f"at most {MOST_PAGES:,} pages",
        f"{words[MOST_EMPTY]} empty pages in a row",
        f"the list is read anew, at most {words[MOST_RESTARTS]} times",
        f"After {words[ENOUGH_DENIALS]} denials",
    ):
        assert sentence in flat(CHAPTERS["What complete can and cannot mean"])


def test_every_link_of_the_page_leads_somewhere():
    """To a file that exists, or to a heading of the page."""
    heads = {re.sub(r"[^\w\- ]", "", head).strip().lower().replace(" ", "-") for head in re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)}
    for target in re.findall(r"\]\(([^)]+)\)", PAGE):
        assert target[1:] in heads if target.startswith("#") else (ROOT / "docs" / target).exists(), target
