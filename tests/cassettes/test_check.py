"""`habeas check` replays cassettes, in every format; --strict, --accept and --drift do what they say."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from engine.cassettes.drift import paths
from tests.cassettes.test_broken import HERE, broken


def test_every_packaged_spec_holds_against_its_cassettes(habeas):
    """All specs, all cassettes, full coverage: a line for each, and nothing to mend."""
    done = habeas("check", "--strict")
    assert done.returncode == 0, done.stdout
    lines = re.findall(r"^(\w+): [\d,]+ cassettes?, [\d,]+ recordings?(?:, \d+ of an invented form)?; (.*)$", done.stdout, re.MULTILINE)
    assert len(lines) >= 7
    for _, told in lines:
        assert all(shown == all_ for shown, all_ in re.findall(r"(\d+)/(\d+)", told)), told


def test_a_spec_without_cassettes_is_noted_and_strictly_refused(tmp_path, habeas):
    """Somebody's first spec passes; in a repository that wants cassettes it does not."""
    spec = tmp_path / "acme.yaml"
    shutil.copyfile(HERE / "acme" / "specs" / "acme.yaml", spec)
    done = habeas("check", str(spec))
    assert (done.returncode, "note: Acme has no cassettes: nothing shows that this spec works" in done.stdout) == (0, True)
    assert habeas("check", str(spec), "--strict").returncode == 2


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("verify:", "# TODO verify: is it this one?\nverify:", "note: 1 TODO to settle, the first of them here"),
        ("verify:", "verify:  # TODO: really?", "note: 1 TODO to settle, the first of them here"),
        ("https://api.acme.example/v1\n", "https://api.example.com/v1\n", "note: api.example.com is nobody's address"),
    ],
)
def test_what_a_draft_left_to_its_author_is_noted_and_strictly_refused(acme, habeas, old, new, told):
    """Each TODO is counted, and the address that stands where a document names none is nobody's; nothing of it is a mistake yet."""
    spec = acme / "specs" / "acme.yaml"
    text = spec.read_text("utf-8")
    assert old in text
    spec.write_text(text.replace(old, new, 1), "utf-8")
    for recording in (acme / "fixtures").rglob("*.http"):
        recording.write_text(
            recording.read_text("utf-8").replace("https://api.acme.example", new[:23] if new[0] == "h" else "https://api.acme.example")
        )
    done = habeas("check", str(spec))
    assert (done.returncode, done.stdout.count(told)) == (0, 1)
    assert habeas("check", str(spec), "--strict").returncode == 2


def test_one_cassette_more_is_never_worse_than_none(acme, habeas):
    """What the first cassette does not show yet is a note; in a repository that wants all of it, a mistake."""
    for name in ("nobody", "nothing", "refused"):
        shutil.rmtree(acme / "fixtures/acme/cassettes" / name)
    spec = str(acme / "specs" / "acme.yaml")
    done = habeas("check", spec)
    assert (done.returncode, "note: the cassettes of acme do not show" in done.stdout) == (0, True)
    assert habeas("check", spec, "--strict").returncode == 2


def test_cassettes_lie_beside_a_spec_that_lies_alone(acme, habeas):
    """`./acme.yaml` has its cassettes in ./fixtures, `./specs/acme.yaml` beside specs."""
    (acme / "specs" / "acme.yaml").rename(acme / "acme.yaml")
    assert "acme: 4 cassettes, 16 recordings; 6/6 answers" in habeas("check", str(acme / "acme.yaml")).stdout


def test_every_format_says_the_same(tmp_path, habeas):
    """JSON and GitHub's annotations carry place, message, detail and hint of a failing cassette."""
    spec = str(broken("other_record", tmp_path) / "specs" / "acme.yaml")
    done = habeas("check", spec, "--format", "json")
    (one,) = json.loads(done.stdout)
    assert (done.returncode, one["line"], one["level"]) == (2, 1, "error")
    assert one["file"].endswith("fixtures/acme/cassettes/whole/expected/profile.jsonl")
    assert one["detail"] == ['  phone: "+12025550142", now "+12025550143"', '+ plan: "gold"']
    told = habeas("check", spec, "--format", "github").stdout
    assert told.startswith("::error file=")
    assert '%0A+ plan: "gold"' in told


def test_accepting_ends_the_difference(tmp_path, habeas):
    """--accept says what it writes, and the next check is content."""
    spec = str(broken("other_record", tmp_path) / "specs" / "acme.yaml")
    assert "profile.jsonl: 1 lines gone, 1 new" in habeas("check", spec, "--accept", "--strict").stdout
    assert habeas("check", spec, "--strict").returncode == 0


def test_drift_names_fields_and_never_a_value(acme, tmp_path, habeas):
    """What new recordings have and earlier ones had not, and the reverse, by endpoint and dotted path."""
    shutil.copytree(acme / "fixtures/acme/cassettes/whole", tmp_path / "new" / "again")
    profile = tmp_path / "new" / "again" / "030-profile.http"
    profile.write_text(
        profile.read_text("utf-8").replace('"login_ip": "192.0.2.7"', '"logins": [{"at": "Friday"}], "192.0.2.7": {"ip": 1}')
    )
    done = habeas("check", str(acme / "specs/acme.yaml"), "--drift", str(tmp_path / "new"))
    assert done.returncode == 0
    assert "`profile` answers with what no earlier recording has: 4 fields" in done.stdout
    assert "| + *\n | + *.ip\n | + logins\n | + logins[].at\n" in done.stdout
    assert "`profile` answers without what earlier recordings have: 1 field" in done.stdout
    assert "| - login_ip\n" in done.stdout
    assert "Friday" not in done.stdout
    assert "`notes`" not in done.stdout
    assert habeas("check", str(acme / "specs/acme.yaml"), "--drift", str(tmp_path / "new" / "again"), "--strict").returncode == 2


def test_drift_needs_one_spec_and_a_folder_of_recordings(acme, habeas, tmp_path):
    """Wrong usage says what to write; a folder without cassettes is explained."""
    spec = str(acme / "specs/acme.yaml")
    for words, why in (
        (("--drift", str(tmp_path)), "name its spec"),
        ((spec, "--drift", str(tmp_path / "none")), "there is no such folder"),
    ):
        done = habeas("check", *words)
        assert (done.returncode, why in done.stderr) == (2, True)
    (tmp_path / "empty").mkdir()
    done = habeas("check", spec, "--drift", str(tmp_path / "empty"))
    assert (done.returncode, "no cassette and no folder of cassettes" in done.stdout) == (2, True)


@pytest.mark.parametrize(
    ("value", "then"),
    [({}, []), ({"a": {"b": [1, {"c": None}]}}, ["a", "a.b", "a.b[].c"]), ([[{"x y": 1}]], ["[][].*"]), (3, [])],
)
def test_paths_reach_through_maps_and_lists(value, then):
    """Every field has a dotted path; a key that is no name is not shown."""
    assert list(paths(value)) == then


SEARCHED = """# yaml-language-server: $schema=habeas.schema.json
spec: 1
vendor: birch
base_url: https://api.birch.example/v1
auth: {headers: {Authorization: <SECRET>}}
verify: {post: /people/search, body: {page: {size: 1}}, records: people}
rate_limits: {all: 5/s}
gaps: none
access:
  lookup: {post: /people/search, body: {filter: {email: <EMAIL>, text: "Straße \\"1\\""}}, records: people, match: email, capture: {ID: id}}
  endpoints:
    notes: {get: /people/<ID>/notes}
"""


def test_a_request_that_nothing_recorded_looks_like_is_shown_whole(habeas, tmp_path):
    """Its line, a blank one and its body: what a recording of it begins with, taken as it is printed."""
    (tmp_path / "birch.yaml").write_text(SEARCHED, "utf-8")
    folder = tmp_path / "fixtures" / "birch" / "cassettes" / "whole"
    folder.mkdir(parents=True)
    (folder / "cassette.yaml").write_text("about: A person.\nperson: {email: ada@example.com}\nnow: 2026-11-24T12:00:00Z\n", "utf-8")
    found = json.loads(habeas("check", str(tmp_path / "birch.yaml"), "--format", "json").stdout)
    told = {one["message"].split("`")[1]: one["detail"] for one in found if "is not recorded" in one["message"]}
    assert told["verify"] == ["+ POST https://api.birch.example/v1/people/search", "+", '+ {"page":{"size":1}}']
    assert told["lookup"][2] == '+ {"filter":{"email":"ada@example.com","text":"Straße \\"1\\""}}'
    for name, answer in (("verify", '{"people": []}'), ("lookup", '{"people": [{"id": "p1", "email": "ada@example.com"}]}')):
        begun = "\n".join(line.removeprefix("+").strip() for line in told[name])
        (folder / f"{name}.http").write_text(f"{begun}\n\nHTTP 200\n\n{answer}\n", "utf-8")
    found = json.loads(habeas("check", str(tmp_path / "birch.yaml"), "--format", "json").stdout)
    assert [one["message"] for one in found if one["level"] == "error"] == ["`notes` asks for what is not recorded"]
