"""Every cassette of every shipped spec, recorded once more as if its invented people were real: it ends the same, and nothing is left."""

from __future__ import annotations

import re

import pytest

from engine.anonymise.capture import Captured
from engine.anonymise.finish import finish
from engine.cassettes.cassette import read_cassette
from engine.cassettes.replay import replay
from engine.catalogue import load_file
from engine.runner.recorder import Exchange
from tests.conftest import ROOT

CASSETTES = sorted((ROOT / "fixtures").glob("*/cassettes/*/cassette.yaml"))
SMALL = [path for path in CASSETTES if sum(one.stat().st_size for one in path.parent.glob("*.http")) < 600_000]


@pytest.mark.parametrize("path", SMALL, ids=[f"{path.parts[-4]}-{path.parts[-2]}" for path in SMALL])
def test_a_shipped_cassette_can_be_recorded_again(path, tmp_path):
    """Look-ups, searches, link headers, GraphQL, hashes in paths, hosts from tokens: what was replaced still leads to the same end."""
    vendor = load_file(ROOT / "specs" / f"{path.parts[-4]}.yaml")
    cassette, findings = read_cassette(path.parent)
    assert findings == ()
    before, setup = replay(vendor, cassette), cassette.setup
    heard = {id(one.answer): one.request for one in before.heard}
    exchanges = tuple(Exchange(one.request, one.response, heard[id(one.response)].endpoint.name) for one in cassette.recordings)
    captured = Captured(
        vendor,
        setup.person.identifiers,
        exchanges,
        setup.now,
        int(before.report.exit_code),
        setup.narrow,
        setup.since,
        setup.only,
        setup.without,
        None if setup.granted is None else frozenset(setup.granted),
        tuple(setup.settings.items()),
        tuple(setup.captured.items()),
        probe=setup.probe.identifiers if setup.probe is not None else {},
    )
    made = finish(captured, before.report, 0, b"k" * 32, tmp_path / "again")
    written = "".join(one.read_text("utf-8") for one in made.folder.rglob("*.*"))
    for identifier in setup.person.identifiers.values():
        assert not re.search(rf"(?<!\w){re.escape(identifier.value)}(?!\w)", written, re.IGNORECASE)
