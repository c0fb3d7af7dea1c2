"""What is taken into a case, and what is not: each file is checked, and no run of another person, vendor or request gets in."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import json
import shutil
from pathlib import Path
from unittest.mock import AsyncMock

import pytest

from engine.case import acts
from engine.case.fetch import Fetching, fetch
from engine.case.folder import open_case
from engine.case.person import parse_person
from engine.case.take import take_file, take_run
from engine.case.taken_run import TakenRun, read_run
from engine.catalogue import load
from engine.errors import Exit, UsageError
from tests.case.acts_kit import NOW, flipped
from tests.case.test_commands import ADA, PERSON, files, home_of, state
from tests.forked import apart

OTHER = "tomas.okoye@example.com"


@pytest.fixture
def ran(habeas, zoom, tmp_path):
    """Run outside of any case, and give the folder."""

    def run(*words: str, email: str = ADA, **more: str) -> Path:
        given = {"HABEAS_ZOOM_AT": zoom.address, "HABEAS_ZOOM_TOKEN": zoom.token, **more}
        done = habeas("run", "zoom", "--email", email, "--only", "meetings,settings", "--out", str(tmp_path / "out"), *words, **given)
        assert (tmp_path / "out/zoom/manifest.json").is_file(), done.stderr
        return tmp_path / "out"

    return run


@pytest.fixture
def opened(habeas):
    """A case to practise with."""
    assert habeas("case", "new", "DSR-17", "--simulated", stdin=PERSON).returncode == 0
    return habeas


def manifest(run: Path) -> dict:
    """Read the manifest of a run."""
    return json.loads((run / "zoom/manifest.json").read_text())


def rewrite(run: Path, **change: object) -> None:
    """Change members of a manifest, as somebody might."""
    (run / "zoom/manifest.json").write_text(json.dumps({**manifest(run), **change}))


def listing(run: Path, line: object) -> None:
    """Put a list of files beside the records, with the digest that it has."""
    raw = json.dumps(line).encode() + b"\n"
    (run / "zoom/meetings.files.jsonl").write_bytes(raw)
    told = {"bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
    rewrite(run, written={**manifest(run)["written"], "meetings.files.jsonl": told})


def counts(run: Path, **change: object) -> None:
    """Change what a manifest says of meetings."""
    endpoints = manifest(run)["endpoints"]
    rewrite(run, endpoints={**endpoints, "meetings": {**endpoints["meetings"], **change}})


def downloaded(run: Path, told: bytes, there: bytes) -> None:
    """Put a file there of which the list tells another digest."""
    (run / "zoom/files/meetings").mkdir(parents=True)
    (run / "zoom/files/meetings/000001-1.mp4").write_bytes(there)
    listing(run, {"file": "files/meetings/000001-1.mp4", "sha256": hashlib.sha256(told).hexdigest()})


def refused(opened, run: Path, *words: str) -> tuple[int, str]:
    """Try to add a run; the case must be as before."""
    folder = home_of(opened) / "cases/DSR-17"
    before = files(folder)
    done = opened("case", "add", "DSR-17", str(run), *words)
    after = files(folder)
    assert {name: raw for name, raw in after.items() if not name.startswith("runs/.lock")} == before
    assert "Traceback" not in done.stderr
    assert ADA not in done.stdout + done.stderr
    return done.returncode, done.stderr


def test_a_run_is_taken_in_whole(opened, ran):
    """Every file that the manifest names is in the case, byte for byte; again, it is another run beside the first."""
    run = ran("--ref", "DSR-17")
    assert opened("case", "add", "DSR-17", str(run)).returncode == 0
    folder = home_of(opened) / "cases/DSR-17/runs/zoom"
    assert files(folder) == files(run / "zoom")
    assert opened("case", "add", "DSR-17", str(run / "zoom"), "--vendor", "zoom").returncode == 0
    assert state(opened)["vendors"]["zoom"]["run"] == "runs/zoom-2"
    assert files(folder) == files(run / "zoom")


def test_a_run_without_a_reference_is_taken_and_has_a_note(opened, ran):
    """The digest tells whose run it is; the manifest says what a missing reference means."""
    run = ran()
    assert manifest(run)["notes"] == ["no reference was given (--ref): only the digest tells whose run this is, and only where it was made"]
    assert manifest(run)["subject"]["key_id"]
    assert list(manifest(run)["subject"]["digest"]) == ["email"]
    assert opened("case", "add", "DSR-17", str(run)).returncode == 0


def test_the_digest_is_the_same_for_the_same_person_only(habeas, ran, tmp_path):
    """Two runs of one person, in whatever case the address is written, have one digest; another person's differs; no name stands in it."""
    first = manifest(ran())["subject"]
    shutil.rmtree(tmp_path / "out")
    again = manifest(ran(email=ADA.upper()))["subject"]
    shutil.rmtree(tmp_path / "out")
    other = manifest(ran(email=OTHER))["subject"]
    assert first["digest"] == again["digest"] != other["digest"]
    assert first["key_id"] == again["key_id"] == other["key_id"]
    assert len(first["digest"]["email"]) == 32


def test_another_persons_run_is_refused(opened, ran):
    """Its digest is of another address: it may be another person's, even where somebody says that it is not."""
    run = ran(email=OTHER)
    assert refused(opened, run) == (
        5,
        "error: the run at zoom asked for none of the identifiers of DSR-17: it may be another person's; nothing was taken\n",
    )
    assert refused(opened, run, "--same-person")[0] == 5


def test_a_run_of_another_installation_is_not_comparable(opened, ran):
    """It is not called another person's: somebody has to say whose it is, and the case keeps that nobody could compare it."""
    run = ran()
    rewrite(run, subject={**manifest(run)["subject"], "key_id": "0" * 16})
    code, said = refused(opened, run)
    assert code == 2
    assert "cannot be compared" in said
    assert opened("case", "add", "DSR-17", str(run), "--same-person").returncode == 0
    assert state(opened)["vendors"]["zoom"]["same_person"] is None
    assert "not comparable" in opened("case", "show", "DSR-17").stdout


CHANGES = [
    (lambda run: rewrite(run, reference="DSR-18"), [], 2, "was made for DSR-18, and this is DSR-17"),
    (lambda run: rewrite(run, simulated=False), [], 2, "is real, and the case is simulated"),
    (lambda run: rewrite(run, finished=None), [], 2, "has not come to its end"),
    (
        lambda run: rewrite(run, subject={**manifest(run)["subject"], "outcome": "mismatched"}),
        [],
        5,
        "in the run at zoom somebody else answered",
    ),
    (lambda run: rewrite(run, subject={**manifest(run)["subject"], "outcome": "ambiguous"}), [], 5, "zoom several people were found"),
    (lambda run: None, ["--vendor", "slack"], 2, "this is a run at zoom, not at slack"),
    (
        lambda run: (run / "zoom/manifest.json").unlink(),
        [],
        2,
        "cannot be taken in: the run has not ended, or was killed before it wrote manifest.json",
    ),
    (lambda run: (run / "zoom/manifest.json").write_text("{"), [], 2, "is no manifest of this version"),
    (lambda run: (run / "zoom/manifest.json").write_text("[]"), [], 2, "is no manifest of this version"),
    (lambda run: (run / "zoom/meetings.jsonl").write_text("{}\n"), [], 5, "is not what the manifest says"),
    (lambda run: (run / "zoom/meetings.pages.jsonl").unlink(), [], 5, "is missing or cannot be read"),
    (lambda run: rewrite(run, written={"../../../x": {"bytes": 0, "sha256": ""}}), [], 5, "names a file that no run writes"),
    (lambda run: rewrite(run, written={"/etc/hostname": {"bytes": 0, "sha256": ""}}), [], 5, "names a file that no run writes"),
    (lambda run: rewrite(run, written={"manifest.json": {"bytes": 0, "sha256": ""}}), [], 5, "names a file that no run writes"),
    (lambda run: rewrite(run, written={"a/b.jsonl": {"bytes": 0, "sha256": ""}}), [], 5, "names a file that no run writes"),
    (lambda run: rewrite(run, vendor="../../../elsewhere"), [], 2, "is no manifest of this version"),
    (lambda run: rewrite(run, vendor="zoom\n"), [], 2, "is no manifest of this version"),
    (lambda run: rewrite(run, endpoints={"mara@example.com": {"outcome": "failed"}}), [], 2, "is no manifest of this version"),
    (lambda run: listing(run, {"file": "files/../../../x", "sha256": "0"}), [], 5, "names a file that no run writes"),
    (lambda run: listing(run, {"file": "/etc/hostname", "sha256": "0"}), [], 5, "names a file that no run writes"),
    (lambda run: listing(run, {"file": "files/meetings/000001-1.mp4", "sha256": "0"}), [], 5, "is missing or cannot be read"),
    (lambda run: listing(run, {"file": 7}), [], 5, "is no list of files"),
    (lambda run: listing(run, []), [], 5, "is no list of files"),
    (lambda run: flipped(run / "zoom/meetings.jsonl"), [], 5, "is not what the manifest says"),
    (lambda run: downloaded(run, b"x", b"y"), [], 5, "is not the file that was downloaded"),
    (
        lambda run: counts(run, expected=61),
        [],
        5,
        "it calls `meetings` complete, where 60 of the 61 records came that the vendor announced",
    ),
    (lambda run: counts(run, records=61), [], 5, "it counts 61 records of `meetings`, and the file beside it holds 60"),
]


@pytest.mark.parametrize(("change", "words", "code", "says"), CHANGES, ids=[f"{n} {says}" for n, (*_, says) in enumerate(CHANGES)])
def test_what_is_not_taken(opened, ran, change, words, code, says):
    """A run that is not this request's, or not as it was written, is refused with the reason, and the case is unchanged."""
    run = ran()
    change(run)
    done = refused(opened, run, *words)
    assert done[0] == code
    assert says in done[1]


def test_a_link_in_the_place_of_a_file_is_not_followed(opened, ran, tmp_path):
    """Nothing outside the run's folder gets into a case by a link."""
    run = ran()
    (tmp_path / "elsewhere").write_bytes((run / "zoom/meetings.jsonl").read_bytes())
    (run / "zoom/meetings.jsonl").unlink()
    (run / "zoom/meetings.jsonl").symlink_to(tmp_path / "elsewhere")
    assert refused(opened, run)[0] == 5


def test_a_simulated_run_does_not_get_into_a_real_case(habeas, ran):
    """What a simulator answered is nobody's data."""
    habeas("case", "new", "DSR-20", stdin=PERSON)
    done = habeas("case", "add", "DSR-20", str(ran()))
    assert done.returncode == 2
    assert "is simulated, and the case is not; nothing was taken" in done.stderr


def test_a_real_case_asks_no_simulator(habeas, zoom):
    """Nothing is sent where the case is real and the address is a simulator's."""
    habeas("case", "new", "DSR-21", "--vendor", "zoom", stdin=PERSON)
    before = len(zoom.log())
    done = habeas("case", "run", "DSR-21", HABEAS_ZOOM_AT=zoom.address, HABEAS_ZOOM_TOKEN=zoom.token)
    assert done.returncode == 2
    assert "would be asked at a simulator, and the case is real" in done.stdout
    assert len(zoom.log()) == before


def test_a_gap_blocks_until_it_is_excused(habeas, simulate):
    """What the vendor denied blocks the release; an excuse stands in the log and no longer does; a run again brings it back as it was."""
    up = simulate(faults=("denied",))
    at = {"HABEAS_ZOOM_AT": up.address, "HABEAS_ZOOM_TOKEN": up.token}
    habeas("case", "new", "DSR-22", "--vendor", "zoom", "--simulated", stdin=PERSON)
    assert habeas("case", "run", "DSR-22", "--files", **at).returncode == 3
    assert "zoom: recordings is denied" in state(habeas, "DSR-22")["blocks"]
    for gap in ("recordings", "recordings_trash"):
        assert habeas("case", "excuse", "DSR-22", f"zoom/{gap}", "--say", "Zoom denied it.").returncode == 0
    assert not [one for one in state(habeas, "DSR-22")["blocks"] if "recordings" in one]
    assert habeas("case", "run", "DSR-22", "--vendor", "zoom", "--files", **at).returncode == 3
    assert state(habeas, "DSR-22")["vendors"]["zoom"]["gaps"][0] == {"endpoint": "recordings", "outcome": "denied", "excused": True}
    assert state(habeas, "DSR-22")["vendors"]["zoom"]["run"] == "runs/zoom-2"


FILES = [
    ("all", {"found": 5, "downloaded": 5, "failed": 0}, "complete", []),
    ("none were asked for", {"found": 5, "downloaded": 0, "failed": 0}, "complete", ["calls.files"]),
    ("some are too large", {"found": 5, "downloaded": 4, "failed": 0}, "complete", ["calls.files"]),
    ("some failed, and the list is partial for it", {"found": 5, "downloaded": 4, "failed": 1}, "partial", ["calls"]),
    ("some failed, others were not asked for", {"found": 5, "downloaded": 3, "failed": 1}, "partial", ["calls", "calls.files"]),
    ("a partial list, none were asked for", {"found": 5, "downloaded": 0, "failed": 0}, "partial", ["calls", "calls.files"]),
    ("there are none", {"found": 0, "downloaded": 0, "failed": 0}, "complete", []),
    ("an endpoint without files", None, "complete", []),
    ("something else", "5", "complete", []),
]


@pytest.mark.parametrize(("told", "outcome", "gaps"), [one[1:] for one in FILES], ids=[one[0] for one in FILES])
def test_files_that_were_not_downloaded_are_a_gap(told, outcome, gaps):
    """Found and not here: the person would miss them and not know; an endpoint that is partial for it is no second gap."""
    endpoints = {"calls": {"outcome": outcome, "files": told}}
    run = TakenRun("zoom", True, "x", None, {"outcome": "matched"}, endpoints, {}, "0")
    assert [gap.endpoint for gap in run.gaps] == gaps


def _added(home: Path, run: Path, name: str) -> None:
    case = open_case(home, "DSR-17")
    if name == "file":
        take_file(case, run / "zoom/manifest.json", "hris", NOW)
    else:
        take_run(case, run / "zoom", read_run(run / "zoom"), NOW, same=True)


def test_several_take_in_at_once(opened, ran):
    """Each gets a name of its own and its act, while others do the same and somebody else acts: nothing is lost or written over."""
    run, home = ran(), home_of(opened)
    made = [apart().Process(target=_added, args=(home, run, name)) for name in ("run", "file") * 3]
    for one in made:
        one.start()
    for n in range(5):
        open_case(home, "DSR-17").insist(acts.Identified(how=f"letter {n}"), NOW)
    for one in made:
        one.join()
    case = open_case(home, "DSR-17")
    taken = [line.act.folder for line in case.lines if isinstance(line.act, acts.TakenIn)]
    assert sorted(taken) == ["received/hris/1", "received/hris/2", "received/hris/3", "runs/zoom", "runs/zoom-2", "runs/zoom-3"]
    assert case.strays() == []
    for folder in taken:
        assert (case.folder / folder).is_dir()
    assert not [one for one in case.folder.rglob(".*") if one.name != ".lock"]


def test_a_vendor_out_of_reach_does_not_touch_the_others(habeas, zoom):
    """Two vendors side by side: what one brings is taken in, and the other is told with its reason; the exit code is the worse one."""
    habeas("case", "new", "DSR-23", "--vendor", "zoom", "--vendor", "slack", "--simulated", stdin=PERSON)
    done = habeas("case", "run", "DSR-23", HABEAS_ZOOM_AT=zoom.address, HABEAS_ZOOM_TOKEN=zoom.token)
    assert done.returncode == 4
    told = state(habeas, "DSR-23")
    assert told["vendors"]["zoom"]["run"] == "runs/zoom"
    assert "slack" in done.stdout
    assert "not connected" in done.stdout or "no connection" in done.stdout
    assert told["state"] == "collecting"


def test_a_killed_fetch_leaves_nothing_that_passes_for_a_run(habeas, zoom):
    """What lies there under a name with a dot is swept by the next fetch, and is never taken in."""
    habeas("case", "new", "DSR-24", "--vendor", "zoom", "--simulated", stdin=PERSON)
    left = home_of(habeas) / "cases/DSR-24/runs/.run-zoom/zoom"
    left.mkdir(parents=True, mode=0o700)
    (left / "meetings.jsonl").write_text("{}\n")
    (left.parent.parent).chmod(0o700)
    assert habeas("case", "run", "DSR-24", HABEAS_ZOOM_AT=zoom.address, HABEAS_ZOOM_TOKEN=zoom.token).returncode == 0
    assert sorted(one.name for one in left.parent.parent.iterdir()) == [".lock", "zoom"]


def test_a_run_that_can_keep_no_digest_key_says_so_in_its_manifest(habeas, ran):
    """Where the state folder takes no key the run goes on, without digests, and the manifest tells why."""
    (home_of(habeas)).mkdir(mode=0o700, exist_ok=True)
    (home_of(habeas) / "digest.key").mkdir()
    told = manifest(ran("--ref", "DSR-17"))
    assert told["notes"] == ["the key of digests could not be kept: whether another run asked for the same person cannot be told"]
    assert (told["subject"]["digest"], told["subject"]["key_id"]) == (None, None)


def test_what_a_run_was_told_to_leave_out_is_a_gap(opened, ran):
    """A run of two endpoints and of the last month only is not the whole answer: each lack blocks until it is excused."""
    assert opened("case", "add", "DSR-17", str(ran("--since", "30d"))).returncode == 0
    blocks = state(opened)["blocks"]
    assert "zoom: recordings is left out by order" in blocks
    assert "zoom: only what is newer than a day was asked for" in blocks
    assert "zoom: meetings is left out by order" not in blocks
    assert opened("case", "excuse", "DSR-17", "zoom/period", "--say", "You asked for this month.").returncode == 0
    assert "zoom: only what is newer than a day was asked for" not in state(opened)["blocks"]


def test_fields_that_were_left_out_are_a_gap(opened, ran):
    """An endpoint of which only some fields were fetched is narrowed, also where it is complete otherwise."""
    assert opened("case", "add", "DSR-17", str(ran("--without", "meetings.topic"))).returncode == 0
    assert "zoom: meetings is narrowed by order" in state(opened)["blocks"]


@pytest.mark.parametrize("vendor", ["../../elsewhere", "a/b", "mara@example.com", "", "Hris", "hris\n"])
def test_a_system_whose_name_is_no_name(opened, tmp_path, vendor):
    """The name of a system becomes a folder and stands in the log: no path, and nothing personal."""
    (tmp_path / "export.csv").write_text("a\n")
    before = files(home_of(opened))
    done = opened("case", "add", "DSR-17", str(tmp_path / "export.csv"), "--vendor", vendor)
    assert done.returncode == 2
    assert "holds a-z, 0-9 and _" in done.stderr
    assert files(home_of(opened)) == before


def test_a_run_that_ends_while_somebody_else_acted_is_taken_in(habeas, tmp_path):
    """That a run has ended hangs on nothing that was seen: what others did meanwhile stays, and the run is recorded behind it."""
    habeas("case", "new", "DSR-25", "--simulated", stdin=PERSON)
    mine, other = (open_case(home_of(habeas), "DSR-25") for _ in range(2))
    other.act(acts.Identified(how="a letter"), NOW)
    assert mine.insist(acts.TakenIn(vendor="zoom", folder="runs/zoom", proof="x"), NOW).n == 3
    assert [line.act.__struct_config__.tag for line in mine.lines] == ["opened", "identified", "taken"]
    other.insist(acts.Withdrawn(), NOW)
    with pytest.raises(UsageError, match="the case is withdrawn"):
        mine.insist(acts.TakenIn(vendor="zoom", folder="runs/zoom-2", proof="x"), NOW)


async def test_what_waits_for_its_turn_does_not_begin_after_a_signal(habeas, monkeypatch):
    """A vendor that waits for another run's turn is stopped with the code of the signal, and nothing of it is taken in."""
    await asyncio.to_thread(habeas, "case", "new", "DSR-26", "--simulated", stdin=PERSON)
    case, waits = open_case(await asyncio.to_thread(home_of, habeas), "DSR-26"), asyncio.Event()

    async def never(*_: object, **__: object) -> None:
        waits.set()
        await asyncio.Event().wait()

    monkeypatch.setattr("engine.case.fetch.carry_out", never)
    monkeypatch.setattr("engine.case.fetch._order", AsyncMock())
    how = Fetching(person=parse_person(PERSON.splitlines()), clock=lambda: NOW)
    fetching = asyncio.create_task(fetch(case, [load("zoom")], how))
    await waits.wait()
    how.stopping.stop(Exit.TERMINATED)
    found = await fetching
    assert [(one.vendor, one.exit_code, one.taken) for one in found] == [("zoom", Exit.TERMINATED, None)]


def test_a_second_fetch_at_once_is_refused(habeas, at_zoom):
    """One process fetches for a case at a time; the second one sends nothing."""
    habeas("case", "new", "DSR-27", "--vendor", "zoom", "--simulated", stdin=PERSON)
    folder = home_of(habeas) / "cases/DSR-27/runs"
    folder.mkdir(mode=0o700)
    with (folder / ".lock").open("w") as held:
        (folder / ".lock").chmod(0o600)
        fcntl.flock(held, fcntl.LOCK_EX)
        done = habeas("case", "run", "DSR-27", **at_zoom)
    assert done.returncode == 3
    assert "another process fetches for DSR-27" in done.stderr


@pytest.fixture
def at_zoom(zoom):
    """Where the simulated Zoom is, and the token for it."""
    return {"HABEAS_ZOOM_AT": zoom.address, "HABEAS_ZOOM_TOKEN": zoom.token}
