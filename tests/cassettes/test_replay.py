"""A replay is a real run: it waits without waiting, renews, pages, obeys the cassette's clock, and is the same every time."""

from __future__ import annotations

import json
import time

from engine.cassettes.cassette import read_cassette
from engine.cassettes.check import check_cassettes
from engine.cassettes.coverage import coverage
from engine.cassettes.expected import expected_files
from engine.cassettes.replay import replay
from engine.catalogue import load_file
from engine.language.load import load
from tests.cassettes.test_broken import HERE, told

SPEC = HERE / "acme" / "specs" / "acme.yaml"
CASSETTES = HERE / "acme" / "fixtures" / "acme" / "cassettes"
VENDOR = load_file(SPEC)


def entry(folder, name="notes", vendor=VENDOR):
    """Replay a cassette and give an endpoint's entry."""
    cassette, findings = read_cassette(folder)
    assert cassette is not None, [one.show() for one in findings]
    return next(one for one in replay(vendor, cassette).report.entries if one.name == name)


def test_a_wait_of_minutes_takes_no_time(acme):
    """`Retry-After` is obeyed in virtual time: the cassette counts the retry, nobody waits for it."""
    notes = acme / "fixtures/acme/cassettes/whole/040-notes.http"
    busy = "GET https://api.acme.example/v1/people/p1/notes?state=all&limit=2\n\nHTTP 503\nRetry-After: 600\n\n{}\n"
    (notes.parent / "035-notes-503.http").write_text(busy)
    started = time.monotonic()
    found = entry(notes.parent)
    assert (str(found.outcome), found.tally.retries) == ("complete", 1)
    assert time.monotonic() - started < 60


def test_the_same_request_is_answered_in_the_order_of_the_names(acme):
    """First the refusal, then, after the credential was renewed, the answer; the file names say so."""
    folder = acme / "fixtures/acme/cassettes/refused"
    assert entry(folder, "profile").tally.retries == 1
    (folder / "030-profile-401.http").rename(folder / "045-profile-401.http")
    assert [one.mistake.message for one in check_cassettes(VENDOR, acme / "specs/acme.yaml", "acme").findings] == [
        "the run does not ask for this recording"
    ]


def test_listed_headers_are_compared(acme):
    """A recording with a header answers only a request that sends it."""
    text = SPEC.read_text("utf-8").replace("verify:", "headers: {Accept-Version: 2}\nverify:")
    profile = acme / "fixtures/acme/cassettes/whole/030-profile.http"
    written = profile.read_text("utf-8")
    for version, outcome in (("2", "complete"), ("3", "failed")):
        profile.write_text(written.replace("/profile\n", f"/profile\naccept-version: {version}\n", 1))
        assert str(entry(profile.parent, "profile", load(text.encode(), "acme.yaml")).outcome) == outcome


def test_a_body_is_compared_as_json(acme):
    """Layout and the order of keys make no other request; a value does."""
    text = SPEC.read_text("utf-8").replace(
        "get: /people\n    params: {email: <EMAIL>}", "post: /people/search\n    body: {limit: 5, email: <EMAIL>}"
    )
    vendor = load(text.encode(), "acme.yaml")
    lookup = acme / "fixtures/acme/cassettes/whole/010-lookup.http"
    answer = lookup.read_text("utf-8").partition("\n")[2]
    for limit, outcome in ((5, "complete"), (6, "failed")):
        body = f'\n{{\n  "email": "ada@example.com",\n  "limit": {limit}\n}}\n'
        lookup.write_text(f"POST https://api.acme.example/v1/people/search\n{body}{answer}")
        assert str(entry(lookup.parent, "profile", vendor).outcome) == outcome


def test_what_the_real_transport_would_not_send_is_not_answered(acme):
    """An address outside the vendor's hosts is refused in a replay as in a run."""
    text = SPEC.read_text("utf-8").replace("get: /people/<PERSON>/profile", "get: https://elsewhere.example/<PERSON>")
    vendor = load(text.replace("auth:", "hosts: [api.acme.example, elsewhere.example]\nauth:", 1).encode(), "acme.yaml")
    folder = acme / "fixtures/acme/cassettes/whole"
    assert entry(folder, "profile", vendor).reason == "no recording answers this request"


def test_two_replays_are_the_same_to_the_byte():
    """Nothing of the machine, its clock or its dice is in what is compared."""
    for folder in CASSETTES.iterdir():
        cassette, _ = read_cassette(folder)
        assert cassette is not None
        assert expected_files(replay(VENDOR, cassette)) == expected_files(replay(VENDOR, cassette))


def test_records_may_come_in_any_order(acme, monkeypatch):
    """Requests go side by side, so the order of the lines says nothing."""
    notes = acme / "fixtures/acme/cassettes/whole/expected/notes.jsonl"
    notes.write_text("".join(f"{line}\n" for line in reversed(notes.read_text("utf-8").splitlines())))
    assert told(acme, monkeypatch) == ""


def test_accepting_writes_only_what_is_right_otherwise(acme, monkeypatch):
    """A cassette that asks for what is not recorded keeps its expectation; one that delivers something else gets a new one."""
    cassettes = acme / "fixtures/acme/cassettes"
    (cassettes / "nothing" / "040-notes.http").unlink()
    (cassettes / "nothing" / "expected" / "manifest.json").write_text("{}\n")
    (cassettes / "whole" / "expected" / "profile.jsonl").write_text('{"person": "p1"}\n')
    (cassettes / "whole" / "expected" / "journal.jsonl").write_text("{}\n")
    text = told(acme, monkeypatch, write=True)
    assert "| journal.jsonl: removed\n | profile.jsonl: 1 lines gone, 1 new\n" in text
    assert (cassettes / "nothing" / "expected" / "manifest.json").read_text("utf-8") == "{}\n"
    assert "written anew" not in told(acme, monkeypatch, write=True)


def test_an_expectation_that_cannot_be_written_is_said(acme, habeas):
    """A folder in the place of a file ends with a sentence and exit code 2."""
    (acme / "fixtures/acme/cassettes/whole/expected/profile.jsonl").unlink()
    (acme / "fixtures/acme/cassettes/whole/expected").rename(acme / "kept")
    (acme / "fixtures/acme/cassettes/whole").chmod(0o500)
    done = habeas("check", str(acme / "specs/acme.yaml"), "--accept")
    (acme / "fixtures/acme/cassettes/whole").chmod(0o700)
    assert done.returncode in (0, 2)  # root may write everywhere
    assert "Traceback" not in done.stderr


def test_what_is_shown_is_counted_by_rule_page_and_family():
    """The four cassettes of Acme show everything; each one is needed for something."""
    cassettes = {folder.name: read_cassette(folder)[0] for folder in CASSETTES.iterdir()}
    replays = {name: replay(VENDOR, cassette) for name, cassette in cassettes.items() if cassette is not None}
    assert coverage(VENDOR, list(replays.values())).lacking == ()
    missing = {name: coverage(VENDOR, [one for other, one in replays.items() if other != name]).table() for name in replays}
    assert missing == {
        "whole": ("notes  a middle page, a last page",),
        "nothing": ("notes   an empty answer", "scopes  classic"),
        "nobody": ("lookup  nobody found, 404 code nobody means absent",),
        "refused": ("every request  401 code expired means refresh, 403 means denied",),
    }


def test_one_element_is_not_shown_empty():
    """Where `records` is one element of a list, an answer without it is a failure: no cassette can show it empty."""
    one = load(SPEC.read_bytes().replace(b"records: notes", b"records: notes[0]"), "acme.yaml")
    demanded = {point.what for point in coverage(one, []).points if point.where == "notes"}
    assert "an empty answer" not in demanded
    assert "an answer" in demanded


def test_golden_manifests_hold_nothing_of_a_machine():
    """No time of running, no version, no path."""
    text = (CASSETTES / "whole" / "expected" / "manifest.json").read_text("utf-8")
    assert {"started", "finished", "engine", "spec", "written"} & set(json.loads(text)) == set()


def test_each_look_up_must_find_somebody_and_nobody(acme):
    """Of several, each is held against its own: one that was never asked has shown nothing."""
    spec = acme / "specs" / "acme.yaml"
    text = spec.read_text("utf-8").replace("  lookup:\n", "  lookup:\n   -\n", 1)
    more = "   -\n    get: /logins\n    params: {login: <USERNAME>}\n    records: people\n    match: login\n    capture: {PERSON: id}\n"
    spec.write_text(text.replace("  endpoints:\n", f"{more}  endpoints:\n", 1), "utf-8")
    vendor = load_file(spec)
    replays = [replay(vendor, cassette) for folder in CASSETTES.iterdir() if (cassette := read_cassette(folder)[0]) is not None]
    assert coverage(vendor, replays).table() == ("lookup_2  somebody found, nobody found",)
