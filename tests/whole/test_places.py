"""A list that is not proven whole is not believed in any place that reads one: an endpoint, a child, a look-up, `discover`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.core.specs import HEAD
from tests.whole.scripted import Fetched, fetched

CASES = yaml.safe_load((Path(__file__).parent / "data" / "places.yaml").read_text("utf-8"))
LOOKUP = "lookup: {get: /people/<EMAIL>, match: email, capture: {USER_ID: id}}"
LISTING = HEAD.replace("verify: {get: /me}", "verify: {get: /everybody, records: items}").replace(
    "refusals:", "pagination: none\nrefusals:"
)
EVERYBODY = {"/everybody": [{"items": [{"id": "u9"}]}]}


def record(name: Any) -> dict[str, str]:
    """Write a record, which is also a person: `3b` is the record 3 in other bytes."""
    number = re.match(r"\d+", str(name))[0]
    return {"id": number, "email": f"p{number}@x.io", "signed": str(name)}


def answers(path: str, pages: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    """Write the answers of a list under a path."""
    return {f"{path}?{query}".rstrip("?"): [answer(path, one) for one in said] for query, said in pages.items()}


def answer(path: str, said: Any) -> Any:
    if isinstance(said, int):
        return said, {}
    ids, beside = said[0], dict(said[1]) if len(said) > 1 else {}
    if isinstance(beside.get("next"), str) and beside["next"].startswith("?"):
        beside["next"] = f"/v1{path}{beside['next']}"
    return {"items": [record(one) for one in ids], **beside}


def ids(done: Fetched) -> list[int]:
    return sorted({int(one["id"]) for one in done.lines()})


def as_endpoint(given: Any, out: Path) -> None:
    done = fetched(f"it: {{get: /x, {words(given)}}}\n", answers("/x", given["pages"]), out)
    check(done, given)


def as_child(given: Any, out: Path) -> None:
    spec = f"above: {{get: /p, records: items}}\nit: {{get: /p/<above.id>, {words(given)}}}\n"
    done = fetched(spec, {"/p": [{"items": [{"id": 7}]}], **answers("/p/7", given["pages"])}, out)
    check(done, given)


def check(done: Fetched, given: Any) -> None:
    why = given["then"].get("why")
    assert str(done.entry().outcome) == ("partial" if why else "complete")
    assert (why or "") in (done.entry().reason or "")
    assert ids(done) == given["then"]["ids"]


def as_lookup(given: Any, out: Path) -> None:
    """Nobody of the list is the person asked for; whoever is told so must have seen the whole list."""
    head = LISTING.replace(LOOKUP, f"lookup: {{get: /x, {words(given)}, match: {{email: <EMAIL>}}, capture: {{USER_ID: id}}}}")
    done = fetched("it: {get: /l/<USER_ID>}\n", {**EVERYBODY, **answers("/x", given["pages"])}, out, head)
    subject, why = done.report.subject, given["then"].get("why")
    assert (str(subject.subject), int(done.report.exit_code)) == (("unproven", 3) if why else ("no_match", 0))
    assert (why or "") in (subject.reason or "")
    assert str(done.entry().outcome) == ("failed" if why else "absent")


def as_lookup_of_somebody(given: Any, out: Path) -> None:
    """The person stands in the list; a part of it proves nothing, for somebody else may answer to the same address."""
    last = given["then"]["ids"][-1]
    head = LISTING.replace(LOOKUP, f"lookup: {{get: /x, {words(given)}, match: {{email: <EMAIL>}}, capture: {{USER_ID: id}}}}")
    script = {**EVERYBODY, f"/l/{last}": [{}], **answers("/x", given["pages"])}
    done = fetched("it: {get: /l/<USER_ID>}\n", script, out, head, person={"email": f"p{last}@x.io"})
    why = given["then"].get("why")
    assert str(done.report.subject.subject) == ("unproven" if why else "matched")
    assert (f"/l/{last}" in done.log) == (not why)


def as_discover(given: Any, out: Path) -> None:
    head = LISTING.replace("verify:", f"discover: {{stores: {{get: /x, {words(given)}}}}}\nverify:")
    script = {**{f"/s/{one}": [{"id": str(one)}] for one in given["then"]["ids"]}, **answers("/x", given["pages"])}
    done = fetched(
        "it: {get: /s/<stores.id>, params: {of: <USER_ID>}}\n",
        {f"{k}?of=u1" if k.startswith("/s") else k: v for k, v in script.items()},
        out,
        head,
    )
    why = given["then"].get("why")
    assert (str(done.entry().outcome), int(done.report.exit_code)) == (("failed", 3) if why else ("complete", 0))
    assert (why or "") in (done.entry().reason or "")
    assert ids(done) == ([] if why else given["then"]["ids"])


def as_discover_for_a_lookup(given: Any, out: Path) -> None:
    """The person is looked up in each of what was discovered: in a list that is not whole, nobody is nobody."""
    lookup = (
        "lookup: {get: /s/<stores.id>/<EMAIL>, match: email, capture: {USER_ID: id}, refusals: {rules: [{status: 404, means: absent}]}}"
    )
    head = LISTING.replace("verify:", f"discover: {{stores: {{get: /x, {words(given)}}}}}\nverify:").replace(LOOKUP, lookup)
    done = fetched("it: {get: /l/<USER_ID>}\n", {**EVERYBODY, **answers("/x", given["pages"])}, out, head)
    why = given["then"].get("why")
    assert (str(done.report.subject.subject), int(done.report.exit_code)) == (("unproven", 3) if why else ("no_match", 0))
    assert (why or "") in (done.report.subject.reason or "")


def words(given: Any) -> str:
    return f"records: items, pagination: {json.dumps(given['pagination'])}"


PLACES = (as_endpoint, as_child, as_lookup, as_lookup_of_somebody, as_discover, as_discover_for_a_lookup)


@pytest.mark.parametrize("place", PLACES, ids=lambda one: one.__name__)
@pytest.mark.parametrize("given", CASES, ids=lambda one: one["case"].replace("`", ""))
def test_a_list_is_proven_whole_in_every_place_alike(given, place, tmp_path):
    """Its vendor plays the same in each place, and what follows from the list is as certain as the list."""
    place(given, tmp_path)


def circle(way: str, number: int) -> tuple[str, str, dict[str, object]]:
    """Give the query of a page, its pagination, and what stands beside its records: each page gives one of three records, freshly signed."""
    beside: dict[str, object] = {"cursor": {"next": f"c{number + 1}"}, "link": {"next": f"?p={number + 1}"}}.get(way, {})
    query = {
        "cursor": f"after=c{number}" if number else "",
        "link": f"p={number}" if number else "",
        "page": f"p={number}",
        "offset": f"o={number}",
    }
    spec = {"cursor": "{cursor: next, param: after}", "link": "{link: next}", "page": "{page: {p: 0}}", "offset": "{offset: o}"}
    return query[way], spec[way], beside


@pytest.mark.parametrize("place", PLACES, ids=lambda one: one.__name__)
@pytest.mark.parametrize("total", [None, 500], ids=["without a total", "with a total"])
@pytest.mark.parametrize("way", ["cursor", "link", "page", "offset"])
def test_a_hundred_pages_without_anything_new_are_no_list(way, total, place, tmp_path):
    """The vendor takes every page for the first ones and signs their addresses anew; it is not asked for ever, and not believed."""
    pages, told = {}, {} if total is None else {"total": total}
    for number in range(120):
        query, _, beside = circle(way, number)
        pages[query] = [[[f"{number % 3 + 1}b{number}"], {**beside, **told}]]
    pagination = yaml.safe_load(circle(way, 0)[1])
    if total is not None:
        pagination["total"] = "total"
    why = "the vendor gave 100 pages in a row that brought nothing new"
    place({"pagination": pagination, "pages": pages, "then": {"ids": [1, 2, 3], "why": why}}, tmp_path)
