"""Several people, and a full disk: whoever looks is not kept from it, no act is lost, and the next command goes on."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from engine.case import acts
from engine.case.folder import open_case
from engine.case.person import read_person
from engine.connection.file_store import FileStore
from engine.connection.vault import Vault
from tests.case.acts_kit import NOW
from tests.case.test_commands import PERSON, home_of, state
from tests.case.test_kills import killed
from tests.case.test_page import PORTS, exports, simulated
from tests.forked import Forked, apart, run
from tests.moments import few
from tests.process import HABEAS, environment

# Runs a command on a disk on which no file grows beyond so many bytes.
FULL = """
import resource, signal, sys
sys.dont_write_bytecode = True
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
sys.argv = ["habeas", *sys.argv[2:]]
from engine.cli import main
main()
"""


def start(home: Path, *words: str, told: str | None = None, **more: str) -> subprocess.Popen[str]:
    """Start a command in a process of its own."""
    pipe = subprocess.PIPE
    done = Forked([*HABEAS, *words], env=environment(home, **more), stdin=pipe, stdout=pipe, stderr=pipe, text=True)
    if told is not None:
        done.stdin.write(told)
    done.stdin.close()
    done.stdin = None
    return done


def on_a_full_disk(home: Path, most: int, *words: str, told: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command where files cannot grow beyond `most` bytes; it ends with a sentence."""
    command = [sys.executable, "-c", FULL, str(most), *words]
    done = run(command, env=environment(home, **more), input=told, text=True, capture_output=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def dids(habeas, reference: str = "DSR-17") -> list[str]:
    """Give the words of the log."""
    return [one["did"] for one in state(habeas, reference)["acts"]]


def test_a_look_is_not_kept_from_it_by_what_somebody_does_meanwhile(ran, monkeypatch):
    """The first look puts policies in force, which is an act: somebody else's act just before is read, and the list is shown."""
    from engine.case import ruled

    home, write = home_of(ran), ruled.write_private

    def meanwhile(path: Path, content: bytes) -> None:
        write(path, content)
        open_case(home, "DSR-17").insist(acts.Identified(how="called back"), NOW)

    monkeypatch.setattr(ruled, "write_private", meanwhile)
    done = ran("review", "list", "DSR-17")
    assert (done.returncode, done.stderr) == (3, "")
    assert dids(ran)[-2:] == ["identified", "ruled"]


def test_a_vendor_that_comes_in_meanwhile_is_looked_at_with_its_policy(ran, monkeypatch):
    """Whatever is read again is judged by a policy that stands in the log: one look, one state of the case."""
    from engine.case import ruled

    home, write, once = home_of(ran), ruled.write_private, []

    def meanwhile(path: Path, content: bytes) -> None:
        write(path, content)
        if not once:
            once.append(path)
            run = acts.TakenIn(vendor="slack", folder="runs/zoom", proof="0")
            open_case(home, "DSR-17").insist(run, NOW)

    monkeypatch.setattr(ruled, "write_private", meanwhile)
    assert ran("review", "list", "DSR-17").returncode == 3
    told = [one["vendor"] for one in state(ran)["acts"] if one["did"] == "ruled"]
    assert sorted(told) == ["slack", "zoom"]


def test_two_people_decide_while_a_third_looks(ran):
    """Each act is written or refused with what the others did; looks succeed whatever the others do; the log holds what was told."""
    home = home_of(ran)
    fields = ("meetings.topic", "meetings.agenda", "phone_call_logs.caller_name")
    deciding = [start(home, "review", word, "DSR-17", f"zoom/{one}") for word, one in zip(("hold", "give", "mask"), fields, strict=True)]
    looking = [start(home, "review", "list", "DSR-17"), start(home, "case", "show", "DSR-17")]
    said = [one.communicate() for one in deciding]
    for one, code in zip(looking, (3, 0), strict=True):
        out, err = one.communicate()
        assert (one.returncode, err) == (code, ""), out
    for one, (_, err) in zip(deciding, said, strict=True):
        assert one.returncode == 0 or "the case was changed meanwhile (" in err, err
    assert dids(ran).count("decided") == sum(one.returncode == 0 for one in deciding) > 0
    assert ran("case", "check-log", "DSR-17").returncode == 0


def _rekeyed(home: Path) -> None:
    import asyncio

    asyncio.run(FileStore(Vault(home)).reseal())


def test_keys_change_while_cases_are_opened_and_people_named(habeas):
    """However they meet, every person can be read with the keys that are there afterwards."""
    home = home_of(habeas)
    assert habeas("case", "new", "DSR-1", "--simulated", stdin=PERSON).returncode == 0
    keys = [apart().Process(target=_rekeyed, args=(home,)) for _ in range(3)]
    words = [("new", f"DSR-{n}", "--simulated") for n in range(2, 5)] + [("name", "DSR-1")] * 2
    for one in keys:
        one.start()
    started = [start(home, "case", *one, told=PERSON) for one in words]
    for one in started:
        _, err = one.communicate()
        assert one.returncode == 0 or "the case was changed meanwhile" in err, err
    for one in keys:
        one.join()
        assert one.exitcode == 0
    for n in range(1, 5):
        assert read_person(Vault(home).keys, home / f"cases/DSR-{n}").name == "Mara Lindqvist"
    assert len(json.loads((home / "key.json").read_text())["keys"]) == 1


@pytest.fixture(scope="module")
def two():
    """Simulated Slack and HubSpot: where they are, and their secrets."""
    with ExitStack() as up:
        told = {vendor: up.enter_context(simulated(vendor)) for vendor in ("slack", "hubspot")}
        at = [f"{vendor}={PORTS.search(text)[0]}" for vendor, text in told.items()]
        yield at, {name: value for text in told.values() for name, value in exports(text, 0).items()}


def run_at(two, reference: str) -> tuple[tuple[str, ...], dict[str, str]]:
    at, given = two
    return ("case", "run", reference, *(word for one in at for word in ("--at", one))), given


@pytest.mark.waits
@pytest.mark.parametrize("moment", few([1, 6, 15, 40], 6, 15))
def test_a_killed_fetch_at_two_vendors_loses_nothing(habeas, two, moment):
    """Killed at any moment, a vendor's run is taken in whole or not at all; the next fetch brings what is missing, and only that."""
    home = home_of(habeas)
    person = "email: ada@example.com\n"
    assert habeas("case", "new", "DSR-17", "--simulated", "--vendor", "slack", "--vendor", "hubspot", stdin=person).returncode == 0
    words, given = run_at(two, "DSR-17")
    killed(home, moment, words, None, **given)
    assert habeas("case", "check-log", "DSR-17").returncode == 0
    before = [one for one in state(habeas)["acts"] if one["did"] == "taken"]
    for taken in before:
        assert (home / "cases/DSR-17" / taken["folder"] / "manifest.json").is_file()
    left = [name for name, part in state(habeas)["vendors"].items() if part["run"] is None]
    if left:
        again = ("case", "run", "DSR-17", *(word for one in two[0] if one.partition("=")[0] in left for word in ("--at", one)))
        assert habeas(*again, **given).returncode in (0, 3)
    told = state(habeas)
    assert [one for one in told["acts"] if one["did"] == "taken"][: len(before)] == before
    assert all(part["run"] for part in told["vendors"].values())
    assert not [one for one in (home / "cases/DSR-17").rglob(".*") if one.name != ".lock"]


@pytest.mark.parametrize("most", [0, 200, 700])
def test_a_case_that_finds_no_room_is_not_there(habeas, most):
    """Opened on a full disk it leaves nothing that passes for a case; with room it is opened under the same name."""
    home = home_of(habeas)
    done = on_a_full_disk(home, most, "case", "new", "DSR-17", "--simulated", told=PERSON)
    if done.returncode:
        assert (done.returncode, "the disk is full" in done.stderr) == (3, True), done.stderr
        assert not (home / "cases/DSR-17").exists()
        assert habeas("case", "new", "DSR-17", "--simulated", stdin=PERSON).returncode == 0
    assert habeas("case", "check-log", "DSR-17").returncode == 0
    assert not list(home.rglob("*.new"))


@pytest.mark.parametrize("most", few([2_000, 20_000], 2_000))
def test_a_fetch_that_finds_no_room_is_told_and_made_again(habeas, two, most):
    """On a full disk nothing that is not whole passes for a run; with room the next fetch brings all."""
    home, person = home_of(habeas), "email: ada@example.com\n"
    assert habeas("case", "new", "DSR-17", "--simulated", "--vendor", "slack", "--vendor", "hubspot", stdin=person).returncode == 0
    words, given = run_at(two, "DSR-17")
    done = on_a_full_disk(home, most, *words, **given)
    assert done.returncode == 3
    assert "the disk is full" in done.stdout + done.stderr or state(habeas)["blocks"]
    assert habeas("case", "check-log", "DSR-17").returncode == 0
    told = state(habeas)
    again = [name for name, part in told["vendors"].items() if part["run"] is None or part["gaps"]]
    assert again
    wanted = [word for one in two[0] if one.partition("=")[0] in again for word in ("--at", one)]
    asked = [word for name in again for word in ("--vendor", name)]
    assert habeas("case", "run", "DSR-17", *asked, *wanted, **given).returncode == 0
    assert all(part["run"] for part in state(habeas)["vendors"].values())


@pytest.mark.parametrize("most", [4_000, 20_000, 60_000])
def test_a_list_that_finds_no_room_says_so_and_is_made_with_room(ran, most):
    """The cache of findings is made whole or not at all: no half of a list passes for all that was found."""
    home = home_of(ran)
    done = on_a_full_disk(home, most, "review", "list", "DSR-17")
    assert (done.returncode, "the disk" in done.stderr) == (3, True), done.stderr
    folder = home / "cases/DSR-17"
    assert not [one for one in folder.iterdir() if one.name.startswith("findings.sqlite")]
    whole = json.loads(ran("review", "list", "DSR-17", "--json").stdout)
    (folder / "findings.sqlite").unlink()
    assert json.loads(ran("review", "list", "DSR-17", "--json").stdout) == whole


def test_nothing_is_asked_for_a_case_that_has_ended(habeas, zoom):
    """Whoever took the request back is not fetched any more: it is refused before anything is sent."""
    assert habeas("case", "new", "DSR-17", "--simulated", stdin=PERSON).returncode == 0
    assert habeas("case", "withdraw", "DSR-17").returncode == 0
    before = len(zoom.log())
    done = habeas("case", "run", "DSR-17", "--vendor", "zoom", HABEAS_ZOOM_AT=zoom.address, HABEAS_ZOOM_TOKEN=zoom.token)
    assert (done.returncode, done.stderr) == (
        2,
        "error: DSR-17: nothing of zoom can be taken in now: the case is withdrawn; nothing was written\n",
    )
    assert len(zoom.log()) == before


def test_a_case_that_lost_its_log_is_not_passed_over(habeas):
    """Its deadline runs on: the lists name it and end with 2, they do not leave it out."""
    assert habeas("case", "new", "DSR-17", "--simulated", stdin=PERSON).returncode == 0
    (home_of(habeas) / "cases/DSR-17/log.jsonl").unlink()
    for words in (("list",), ("due",)):
        done = habeas("case", *words)
        assert (done.returncode, "DSR-17/log.jsonl is missing" in done.stderr) == (2, True)
