"""The four documents: what is made of an answer, and that schema and code refuse the same."""

from __future__ import annotations

import copy
import json
from pathlib import PurePath
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.package.bag_names import COMPLETENESS, HEAD, INFORMATION, WITHHELD
from engine.package.content import PackageFile
from engine.package.records import DOCUMENTS, completeness_of, document_bytes, head_of, information_of, withheld_of
from engine.replaced import replace
from tests.package.bags import answer
from tests.process import ROOT

MADE = {HEAD: head_of, COMPLETENESS: completeness_of, WITHHELD: withheld_of, INFORMATION: information_of}
ODD: list[Any] = [
    None,
    True,
    0,
    -1,
    1,
    1.5,
    10**20,
    "",
    "zoom",
    "zoom\n",
    "Zoom",
    "complete",
    "2026-02-30",
    "2026-11-29",
    "a" * 64,
    [],
    {},
    ["x"],
    {"x": 1},
]


def validator(name: str) -> jsonschema.Draft202012Validator:
    """Give a judge that reads the committed schema."""
    schema = json.loads((ROOT / "docs" / "package" / f"{PurePath(name).stem}.schema.json").read_text())
    return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker(["date"]))


def fits(name: str, document: Any) -> bool:
    """Whether `verify` takes it."""
    try:
        msgspec.json.decode(json.dumps(document), type=DOCUMENTS[name])
    except msgspec.ValidationError:
        return False
    return True


def places(document: Any, here: tuple = ()) -> list[tuple]:
    """Give the way to each value."""
    inside = document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    return [here, *(place for key, value in inside for place in places(value, (*here, key)))]


def changed(document: Any, place: tuple, value: Any) -> Any:
    """Give a copy in which a value is another."""
    if not place:
        return value
    copied = copy.deepcopy(document)
    holder = copied
    for step in place[:-1]:
        holder = holder[step]
    holder[place[-1]] = value
    return copied


@pytest.mark.parametrize("name", DOCUMENTS)
def test_schema_and_code_agree_on_every_value(name):
    """Each value is replaced by each of many odd ones, left out, and joined by another: both take it, or neither does."""
    document, judge = json.loads(document_bytes(MADE[name](answer()))), validator(name)
    judge.validate(document)
    tried = [changed(document, place, odd) for place in places(document) for odd in ODD]
    for place in places(document):
        holder = document
        for step in place:
            holder = holder[step]
        if isinstance(holder, dict):
            tried += [changed(document, place, {key: value for key, value in holder.items() if key != left_out}) for left_out in holder]
            tried.append(changed(document, place, {**holder, "more": 1}))
    agreed = [fits(name, one) for one in tried if name != HEAD or one is not None]
    for one in tried:
        told = isinstance(one, dict) and isinstance(one.get("made"), str)
        if told and "T" not in one["made"]:
            continue  # a time is judged by the code alone: the schema's `date-time` needs another library
        assert fits(name, one) is judge.is_valid(one), one
    assert True in agreed
    assert False in agreed


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
)
def test_any_json_is_judged_alike(document):
    """Whatever it is."""
    for name in DOCUMENTS:
        assert fits(name, document) is validator(name).is_valid(document)


def test_what_is_made_of_an_answer():
    """Counts of records, places and files, by reason; nothing of a value."""
    told = completeness_of(answer())
    meetings, recordings, calls = told.services[0].kinds
    assert (meetings.found, meetings.given, meetings.held, meetings.places) == (3, 2, {"third_party": 1}, {"third_party": 1})
    assert (recordings.files.given, recordings.files.withheld, recordings.files.missing) == (1, 1, 1)
    assert calls.why == "We may not read calls; we have asked for it."
    assert [(entry.endpoint, entry.path, entry.operation, entry.reason, entry.count) for entry in withheld_of(answer())] == [
        ("meetings", "", "hold", "third_party", 1),
        ("meetings", "host", "alias", "third_party", 1),
        ("recordings", "file", "hold", "third_party", 1),
    ]
    assert head_of(answer()).log.n == 9
    (information,) = information_of(answer())
    assert (information.purpose, information.retention) == ("To hold meetings.", None)


def test_files_of_an_owner_belong_to_no_kind():
    """They are counted at the service, and withheld as those of `received`."""
    told = answer()
    files = (PackageFile(endpoint="received", name="x.csv", because="privilege", why="A lawyer's."),)
    told = replace(told, services=(replace(told.services[0], files=files),))
    assert completeness_of(told).services[0].files.withheld == 1
    assert [entry.endpoint for entry in withheld_of(told) if entry.reason == "privilege"] == ["received"]


def test_the_bagit_profile_names_this_profile():
    """And the reasons and labels that `bag-info.txt` has."""
    profile = json.loads((ROOT / "docs" / "package" / "bagit-profile.json").read_text())
    assert profile["BagIt-Profile-Info"]["BagIt-Profile-Identifier"] == head_of(answer()).profile
    assert set(profile["Bag-Info"]) == {"BagIt-Profile-Identifier", "Bagging-Date", "External-Identifier", "Payload-Oxum"}
