"""Packages of cases that are unlike most: nobody found, nothing given, only an owner's file, a full disk, words that mean something else."""

from __future__ import annotations

import json
import sys

import pytest

from engine.case.acts import EARLIER, OTHERS, Decided, Identified, TakenIn, Target
from engine.case.releases import making
from tests.batch.conftest import Vendor
from tests.case.acts_kit import NOW
from tests.case.package_kit import approve, approved, bag_of, built, give_all, open_here
from tests.case.test_commands import files, home_of, state
from tests.forked import run
from tests.process import environment


@pytest.fixture
def at(zoom):
    """Where the simulated Zoom is, and the token for it."""
    return {"HABEAS_ZOOM_AT": zoom.address, "HABEAS_ZOOM_TOKEN": zoom.token}


def completeness(habeas) -> dict:
    """Give what the package says of itself."""
    return json.loads((bag_of(habeas) / "data" / "completeness.json").read_text())


def test_who_is_known_nowhere_gets_an_answer_that_says_so(habeas, at):
    """In German, of a person who is called Complete: nothing was found, and the sentence that the operator wrote about it."""
    person = "email: nobody@example.com\nname: Complete\n"
    assert habeas("case", "new", "DSR-17", "--vendor", "zoom", "--simulated", "--language", "de", stdin=person).returncode == 0
    assert habeas("case", "run", "DSR-17", **at).returncode in (0, 3)
    assert habeas("case", "excuse", "DSR-17", "zoom", "--say", "Damit ist niemand bekannt, soweit wir sehen.").returncode == 0
    give_all(habeas)
    approved(habeas)
    told = completeness(habeas)["services"][0]
    assert told["subject"] in ("no_match", "unproven")
    assert sum(kind["given"] for kind in told["kinds"]) == 0
    page = (bag_of(habeas) / "index.html").read_text("utf-8")
    assert '<html lang="de">' in page
    assert "ob Sie dort bekannt sind" in page
    assert "Damit ist niemand bekannt, soweit wir sehen." in page
    assert "Anruflisten, Sprachnachrichten und Aufzeichnungen von Anrufen reichen sechs Monate zurück" in page
    assert [one for one in told["not_asked"] if " are " in one] == []
    assert habeas("package", "release", "DSR-17", "--seal", "none").returncode == 0
    assert habeas("package", "verify", str(bag_of(habeas).with_name("DSR-17.zip"))).returncode == 0


def test_who_was_found_before_and_is_not_known_now_is_not_told_that_nothing_is_held(habeas, tmp_path):
    """Nor that every service answered in full; and what was said of several gaps at once is read once."""
    acme = Vendor(tmp_path)
    try:
        assert habeas("case", "new", "DSR-17", "--simulated", stdin="email: none@x.io\nemail: ada@x.io\n").returncode == 0
        open_here(habeas).act(TakenIn(vendor="acme", folder="runs/before", proof="0", subject="matched"), NOW)
        asked = habeas("case", "run", "DSR-17", "--vendor", "acme", **acme.given, HABEAS_SPECS=str(tmp_path))
        assert asked.returncode == 0, asked.stderr
        assert [gap.endpoint for gap in open_here(habeas).case.vendors["acme"].open_gaps] == [OTHERS, EARLIER]
        give_all(habeas)
        assert habeas("package", "build", "DSR-17", HABEAS_SPECS=str(tmp_path)).returncode == 0
    finally:
        acme.end()
    page = (bag_of(habeas) / "index.html").read_text("utf-8")
    assert "whether it knows you" in page
    assert "nobody is known by your details" not in page
    (told,) = completeness(habeas)["services"]
    assert (told["subject"], told["how"].count("We did not fetch these.")) == ("unproven", 1)


def test_everything_may_be_withheld_and_is_then_counted_with_its_reason(ran):
    """Each kind of record says how many it holds and why none of them is here; no value of one is in any byte."""
    assert ran("review", "list", "DSR-17").returncode == 3
    case = open_here(ran)
    run = case.folder / "runs" / "zoom"
    kinds = [one.stem for one in run.glob("*.jsonl") if one.name.count(".") == 1]
    hold = [Decided(operation="hold", target=Target(vendor="zoom", endpoint=one), because="privilege") for one in kinds]
    case.acts(hold, NOW)
    give_all(ran)
    built(ran)
    told = completeness(ran)["services"][0]
    assert {kind["endpoint"]: kind["given"] for kind in told["kinds"]} == {kind["endpoint"]: 0 for kind in told["kinds"]}
    assert all(sum(kind["held"].values()) == kind["found"] for kind in told["kinds"])
    topic = json.loads((run / "meetings.jsonl").read_text().splitlines()[0])["topic"].encode()
    assert not [name for name, content in files(bag_of(ran)).items() if topic in content]


def test_who_comes_second_touches_nothing_of_the_package_that_is_being_made(decided):
    """One command makes a package at a time: the other is refused, and what the first has written so far stays."""
    with making(open_here(decided)) as work:
        (work / "half").write_text("of the first")
        done = decided("package", "build", "DSR-17")
        assert done.returncode != 0
        assert "another command builds or releases a package of DSR-17" in done.stderr
        assert (work / "half").read_text() == "of the first"
    assert not work.exists()
    built(decided)


def test_nothing_of_the_house_leaves(packed):
    """No host of a request, no connection, no page list, no act of the log and no folder of this machine stands in a package."""
    home = str(home_of(packed)).encode()
    house = (home, b"zoom/default", b"127.0.0.1", b"pages.jsonl", b"passport seen", b"log.jsonl")
    assert not [(name, one) for name, content in files(bag_of(packed)).items() for one in house if one in content]


@pytest.mark.parametrize("command", ["build", "release"])
def test_a_full_disk_leaves_the_case_as_it_was(decided, command):
    """The disk that takes no more is told of; nothing has a final name, and with room it goes on."""
    if command == "release":
        approved(decided)
    before, sizes = state(decided), {"build": 200, "release": 400}
    limited = "import resource, signal, sys; sys.dont_write_bytecode = True; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); size = int(sys.argv.pop(1)) * 1024;"
    limited += "resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)); from engine.cli import main; main()"
    words = [sys.executable, "-c", limited, str(sizes[command] if command == "release" else 20), "package", command, "DSR-17"]
    done = run(words, env=environment(home_of(decided)), capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "disk" in done.stderr
    assert state(decided)["acts"] == before["acts"]
    assert not [*bag_of(decided).parent.glob("DSR-17.*")]
    assert decided("package", command, "DSR-17").returncode == 0


def test_what_an_owner_sent_is_in_the_package_under_a_name_of_ours(ran, tmp_path):
    """Its own name is shown, and names no file; its bytes are those that were taken in."""
    hostile = tmp_path / "..%2f=cmd|calc 'é'.CSV"
    hostile.write_bytes(b"name,note\nMara,=1+1\n")
    assert ran("case", "add", "DSR-17", str(hostile), "--vendor", "hris").returncode == 0
    give_all(ran)
    built(ran)
    assert (bag_of(ran) / "data" / "hris" / "files" / "received-0001.csv").read_bytes() == hostile.read_bytes()
    assert ran("package", "verify", str(bag_of(ran)), "--json").returncode == 3  # not signed yet
    assert json.loads(ran("package", "verify", str(bag_of(ran)), "--json").stdout)["faults"] == []


@pytest.mark.parametrize("former", [False, True])
def test_an_answer_of_nothing_at_all_is_a_package_without_an_empty_folder(habeas, former):
    """No owner holds anything and no run asked: what was built is approved and released, as is one of before, which had a folder for no pages."""
    assert habeas("case", "new", "DSR-17", stdin="email: nobody@x.example\n").returncode == 0
    (home_of(habeas) / "contacts.yaml").write_text("owners: {hris: {to: hr@acme.example}}\n")
    assert habeas("contact", "answer", "DSR-17", "hris", "none").returncode == 0
    open_here(habeas).act(Identified(how="passport seen at the desk"), NOW)
    built(habeas)
    assert [one.name for one in bag_of(habeas).rglob("*") if one.is_dir() and not any(one.iterdir())] == []
    if former:
        (bag_of(habeas) / "read").mkdir()
    approve(habeas)
    assert habeas("package", "release", "DSR-17", "--seal", "none").returncode == 0
    assert habeas("package", "verify", str(bag_of(habeas))).returncode == 0


def test_what_a_run_was_told_not_to_ask_is_said_of_exactly_that(habeas, at, tmp_path):
    """A run of the last ninety days without the settings: both are named with the operator's sentence, and nothing else is called missing."""
    assert habeas("case", "new", "DSR-17", "--vendor", "zoom", "--simulated", stdin="email: mara.lindqvist@example.com\n").returncode == 0
    narrow = ("--since", "90d", "--without", "settings")
    done = habeas("run", "zoom", "--email", "mara.lindqvist@example.com", "--out", str(tmp_path / "run"), "--ref", "DSR-17", *narrow, **at)
    assert done.returncode == 0, done.stderr
    assert habeas("case", "add", "DSR-17", str(tmp_path / "run")).returncode == 0
    assert habeas("case", "excuse", "DSR-17", "zoom", "--say", "You asked for the last quarter.").returncode == 0
    give_all(habeas)
    built(habeas)
    service = completeness(habeas)["services"][0]
    assert service["why"] is None
    assert service["not_asked"][0].startswith("What is older than ")
    assert service["not_asked"][0].endswith(" You asked for the last quarter.")
    told = {kind["endpoint"] for kind in service["kinds"] if kind["why"] == "You asked for the last quarter."}
    assert told == {"settings"}
