"""docs/cases.md cannot lie: the case to practise with is worked as it is printed, and what a case shows looks as the page shows it."""

from __future__ import annotations

import json
import re
import shlex
from contextlib import ExitStack

import pytest

from engine.case.acts import Excused
from engine.case.folder import open_case
from tests.case.acts_kit import NOW
from tests.case.test_commands import home_of
from tests.cassettes.test_serve import exports, simulated
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "cases.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
PORTS = re.compile(r"http://127\.0\.0\.1:(\d+)")


def block(word: str) -> str:
    """Give the block of the page in which a word stands."""
    (found,) = [text for _, text in BLOCKS if word in text]
    return found


@pytest.fixture(scope="module")
def practised(tmp_path_factory, zoom):
    """Play the vendors of the page, and give where each is and the lines of exports that it prints."""
    with ExitStack() as up:
        told = {}
        for command in block("habeas simulate slack").splitlines():
            _, _, vendor, *_, port = command.split()
            if vendor == "zoom":
                told[port] = zoom.address, {"HABEAS_ZOOM_TOKEN": zoom.token}
            else:
                text = up.enter_context(simulated(vendor))
                told[port] = PORTS.search(text)[0], exports(text, 0)
        yield told


def test_the_case_to_practise_with_is_worked_as_it_is_printed(habeas, practised):
    """Every command of the block does what its comment says: three vendors answer, and what was decided is decided."""
    given = {name: value for _, found in practised.values() for name, value in found.items()}
    there = {f"http://127.0.0.1:{port}": address for port, (address, _) in practised.items()}
    assert all(f"`{name}`" in PAGE or f"`export {name}=...`" in PAGE for name in given)
    said = {}
    for line in block("habeas case new TRY-1").replace("|\n ", "|").splitlines():
        person, pipe, command = line.rpartition(" | ")
        text = shlex.split(person)[1].replace("\\n", "\n") if pipe else None
        words = [PORTS.sub(lambda found: there[found[0]], word) for word in shlex.split(command, comments=True)[1:]]
        done = habeas(*words, stdin=text, **given)
        assert done.returncode == (3 if words[:2] == ["review", "list"] else 0), (words, done.stdout, done.stderr)
        said[words[1]] = done.stdout
    for vendor in ("slack", "hubspot", "zoom"):
        assert re.search(rf"^{vendor} +matched +\d+ +runs/{vendor}(?: +(?:[a-z_]+\.files(?:, |$))+)?$", said["run"], re.MULTILINE)
    assert "zoom/meetings.agenda, zoom/phone_call_logs.caller_name, in " in said["give"]
    assert "decided give zoom/meetings.agenda known_to_them" in said["show"]
    assert re.search(r"[0-9]+ values or files wait for a decision\n    habeas review list TRY-1", said["show"])
    check_the_way_to_a_package(habeas)


def check_the_way_to_a_package(habeas) -> None:
    """From there on to a package, as printed too; Slack's threads, which are only the way to the replies in them, are no kind of record."""
    (home_of(habeas) / "office.yaml").write_text("controller: Acme GmbH\ncontact: privacy@acme.example\n")
    case = open_case(home_of(habeas), "TRY-1")
    for vendor, part in case.case.vendors.items():
        if part.open_gaps:
            case.act(Excused(vendor=vendor, say="To practise, this was left out."), NOW)
    assert habeas("review", "give", "TRY-1", "undecided").returncode == 0
    for line in block("habeas package build TRY-1").splitlines():
        done = habeas(*shlex.split(line, comments=True)[1:])
        assert done.returncode == 0, (line, done.stdout, done.stderr)
    counted = json.loads((case.folder / "releases" / "1" / "TRY-1" / "data" / "completeness.json").read_text())["services"]
    kinds = {f"{one['vendor']}/{kind['endpoint']}" for one in counted for kind in one["kinds"]}
    assert "slack/thread_replies" in kinds
    assert "slack/threads" not in kinds
    acts = habeas("case", "show", "TRY-1").stdout
    assert re.search(r"^[0-9]+-[0-9]+ +\S+ \S+ +\S+ +decided [0-9]+ times: give known_to_them$", acts, re.MULTILINE)


def test_the_list_ends_as_the_page_shows(ran):
    """The foot of the list is the page's, numbers and digests aside: how many are left, and the commands that decide."""
    shown = block("rows wait for a decision.").splitlines()
    printed = ran("review", "list", "DSR-17", "--most", "2").stdout.splitlines()
    assert [re.sub(r"[0-9a-f]{8}|[0-9]+", "N", line) for line in printed[-6:]] == [
        re.sub(r"[0-9a-f]{8}|[0-9]+", "N", line) for line in shown[-6:]
    ]
    assert printed[0].split() == shown[0].split() == ["value", "times", "decided", "where"]


def test_the_acts_of_a_case_read_as_the_page_shows(ran):
    """What was done stands in words that do not say more than happened."""
    ran("review", "list", "DSR-17")
    acts = [line for line in ran("case", "show", "DSR-17").stdout.splitlines() if re.match(r"[0-9]+ +20", line)]
    for words in ("opened", "vendor to ask: zoom", "taken in: zoom runs/zoom", "policy in force: zoom"):
        assert sum(line.endswith(f"  {words}") for line in acts) == 1
        assert re.search(rf"pat  {words}$", PAGE, re.MULTILINE)
