"""A batch of people at a served vendor: states, exit codes, the proof, going on, and that nobody is named anywhere."""

from __future__ import annotations

import hashlib
import json
import signal
import sqlite3
import stat
import subprocess
import tarfile
import threading

import pytest

from engine.cli.batch import resume_batch
from engine.errors import Exit
from tests.batch.conftest import Vendor, proof_of, states_of
from tests.case.test_commands import home_of
from tests.process import HABEAS, environment

MESS = ("A,ada@x.io", "B,none1@x.io", "C,denied@x.io", "D,broken@x.io", "E,other@x.io")


def everything(out) -> bytes:
    """Give all that lies in a batch's folder but its people's results."""
    return b"".join(one.read_bytes() for one in out.rglob("*") if one.is_file() and "people" not in one.relative_to(out).parts)


def test_everybody_has_a_result_a_state_and_a_place_in_the_proof(batch):
    """Found, unknown, denied, broken and mistaken for another: the exit code is the worst of all, the proof holds every manifest's sha256."""
    done = batch(*MESS)
    proof = proof_of(batch.out)
    assert done.code == proof["exit_code"] == 5
    told = {one["request"]: (one["state"], one["exit_code"]) for one in proof["people"]}
    assert told == {"A": ("done", 0), "B": ("done", 0), "C": ("done", 3), "D": ("failed", 3), "E": ("failed", 5)}
    for one in proof["people"]:
        manifest = (batch.out / one["folder"] / "manifest.json").read_bytes()
        assert hashlib.sha256(manifest).hexdigest() == one["manifest_sha256"]
        assert json.loads(manifest)["reference"] == one["request"]
    assert "notes partial" not in done.out
    assert "D" not in {one["request"] for one in proof["people"] if one["reason"] is None}
    assert "habeas retry" in done.out
    assert sorted(one.name for one in (batch.out / "people").iterdir()) == list("ABCDE")
    assert not (batch.out / "work").exists()


def test_no_identifier_stands_in_the_database_the_proof_or_what_is_said(batch):
    """Not in batch.db, batch.json, the status, nor on the screen; every file is its owner's alone."""
    done = batch(*MESS, "F,ada@", words=("--skip-bad",))
    status = batch.habeas("status", str(batch.out)).stdout + batch.habeas("status", str(batch.out), "--json").stdout
    said = (done.out + done.err + status).encode() + everything(batch.out).replace((batch.out / "refused.csv").read_bytes(), b"")
    for name in (b"ada@", b"none1", b"denied@", b"broken@", b"other@"):
        assert name not in said
    assert b"ada@" in (batch.out / "refused.csv").read_bytes()
    for one in batch.out.rglob("*"):
        assert stat.S_IMODE(one.stat().st_mode) & 0o077 == 0, one


def test_the_same_command_again_goes_on(batch, vendor):
    """Nobody who is done is asked again; new rows are added; vanished ones stay; the account is asked anew."""
    assert batch("A,ada@x.io", "B,bert@x.io").code == 0
    done = batch("B,bert@x.io", "C,carl@x.io")
    assert done.code == 0
    assert "1 request of the file was in the batch already" in done.err
    assert states_of(batch.out) == dict.fromkeys("ABC", "done")
    assert {who: vendor.asked[f"/people/{who}@x.io"] for who in ("ada", "bert", "carl")} == {"ada": 1, "bert": 1, "carl": 1}
    assert vendor.asked["/me"] == 2


def test_a_changed_row_is_refused_and_the_batch_is_as_before(batch, vendor):
    """One request is one person; nothing of the new file is taken."""
    batch("A,ada@x.io")
    done = batch("B,bert@x.io", "A,carl@x.io")
    assert done.code == 2
    assert "line 3: the request is in the batch already, with other content" in done.err
    assert states_of(batch.out) == {"A": "done"}
    assert not vendor.asked["/people/bert@x.io"]
    assert batch("A,ada@x.io", words=("--files",)).err.startswith("error: the batch was begun with another --files")


def test_what_repeats_is_counted_once_and_said(batch, vendor):
    """The same line twice, spaces around, one person under two requests."""
    done = batch("A,ada@x.io", "A, ada@x.io ", "B,Ada@X.io", "C, carl@x.io")
    assert done.code == 0
    said = " ".join(done.err.split())
    assert "1 line repeats a request of the file: counted once." in said
    assert "Spaces around cells were taken off in 1 line." in said
    assert "Warning: A and B name the same person; both are asked." in said
    assert "ada" not in said.lower()
    assert list(states_of(batch.out)) == list("ABC")


def test_bad_lines_are_left_out_where_that_is_wanted(batch, vendor):
    """They stand in refused.csv with the reason; the exit code says that somebody is not answered."""
    done = batch("A,ada@x.io", "B,Ada Lovelace", "C,", "D,+15550100200", words=("--skip-bad",), head="request,email")
    assert done.code == 2  # a person without an identifier is a mistake of the file
    done = batch("A,ada@x.io", "B,Ada Lovelace", "D,+15550100200", words=("--skip-bad",))
    assert done.code == proof_of(batch.out)["exit_code"] == 5
    assert proof_of(batch.out)["refused_lines"] == 2
    refused = (batch.out / "refused.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in refused] == ["request", "B", "D"]
    assert "white space" in refused[1]
    assert vendor.asked["/people/ada@x.io"] == 1
    assert batch("A,ada@x.io", "B,Ada Lovelace", "D,+15550100200", "E,me", words=("--skip-bad",)).code == 5
    assert proof_of(batch.out)["refused_lines"] == 3
    assert len((batch.out / "refused.csv").read_text().splitlines()) == 4


def test_a_plan_of_a_batch_that_exists_shows_who_is_left(batch, vendor):
    """With the new lines of the file, which are not kept."""
    batch("A,ada@x.io")
    done = batch("A,ada@x.io", "B,bert@x.io", "C,carl@x.io", words=("--check",))
    assert "2 people to ask for" in done.out
    assert states_of(batch.out) == {"A": "done"}
    assert batch("A,ada@x.io").code == 0
    assert not vendor.asked["/people/bert@x.io"]


def test_a_vendor_without_a_connection_is_told_before_anything_is_sent(batch, vendor):
    """Exit 4 and the command that mends it; no batch is left behind."""
    done = batch("A,ada@x.io", words=("--connection", "acme/emea"))
    assert not vendor.asked
    assert (done.code, "there is no connection acme/emea" in done.err) == (4, True)
    assert not batch.out.exists()


def test_a_plan_sends_and_keeps_nothing(batch, vendor):
    """--check tells people, requests and time of each connection."""
    done = batch(*MESS, words=("--check",))
    assert done.code == 0
    assert "5 people to ask for, at 1 connection" in done.out
    assert "15" in done.out  # a look-up and two endpoints each
    assert not vendor.asked
    assert not batch.out.exists()


def test_retry_and_cancel_change_states_only(batch, vendor):
    """The next batch asks for whom they name; an earlier result is kept beside the new one."""
    batch(*MESS)
    asked = vendor.asked.copy()
    assert "2 people queued" in batch.habeas("retry", str(batch.out)).stdout
    assert batch.habeas("cancel", str(batch.out), "--request", "E").returncode == 0
    assert batch.habeas("retry", str(batch.out), "--request", "Z").returncode == 2
    assert vendor.asked == asked
    assert batch(*MESS).code == 3
    assert states_of(batch.out)["E"] == "cancelled"
    assert vendor.asked["/people/broken@x.io"] == 2
    assert vendor.asked["/people/ada@x.io"] == vendor.asked["/people/other@x.io"] == 1
    assert sorted(one.name for one in (batch.out / "people" / "D").iterdir()) == ["acme", "acme.try-1"]


def test_priority_decides_who_is_first(batch, vendor):
    """The highest first, then the order of the file."""
    order: list[str] = []
    vendor.asked = Order(order)
    batch("A,a@x.io,", "B,b@x.io,5", "C,c@x.io,-1", "D,d@x.io,5", head="request,email,priority")
    with sqlite3.connect(batch.out / "batch.db") as database:
        assert [row[0] for row in database.execute("select request from person order by priority desc, id")] == list("BDAC")
    assert next(one for one in order if one.endswith("@x.io")) == "/people/b@x.io"


class Order(dict):
    """Counts nothing and keeps the order."""

    def __init__(self, order: list[str]) -> None:
        self.order = order

    def __getitem__(self, path: str) -> int:
        self.order.append(path)
        return 0

    def __setitem__(self, path: str, count: int) -> None:
        """Forget it."""


def test_rows_choose_what_they_ask(batch, vendor):
    """Endpoints by row; each has its own."""
    assert batch("A,a@x.io,notes,", "B,b@x.io,,notes", head="request,email,only,without").code == 0
    assert not vendor.asked["/people/a/files"]
    assert vendor.asked["/people/a/notes"] == vendor.asked["/people/b/files"] == 1
    assert not vendor.asked["/people/b/notes"]


def test_packed_results_are_one_file_each(batch):
    """One stored tar a person with the whole run in it; the proof holds its manifest's sha256."""
    assert batch("A,ada@x.io", "B,bert@x.io", words=("--pack",)).code == 0
    for one in proof_of(batch.out)["people"]:
        with tarfile.open(batch.out / one["folder"]) as archive:
            names = archive.getnames()
            manifest = archive.extractfile("acme/manifest.json")
            assert manifest is not None
            assert hashlib.sha256(manifest.read()).hexdigest() == one["manifest_sha256"]
        assert {"acme/notes.jsonl", "acme/lookup.jsonl"} <= set(names)
        assert [path.name for path in (batch.out / "people" / one["request"]).iterdir()] == ["acme.tar"]


def test_a_dead_connection_keeps_everybody_queued_and_goes_on_when_it_is_mended(batch, vendor):
    """Nobody is lost: exit 4 says what mends it, and the same command asks for all of them."""
    vendor.good = False
    done = batch(*(f"R{number},p{number}@x.io" for number in range(40)))
    assert done.code == 4
    assert "has ended" in done.out
    assert vendor.asked["/me"] <= 2
    assert sum(vendor.asked.values()) <= 20
    vendor.good = True
    assert batch(*(f"R{number},p{number}@x.io" for number in range(40))).code == 0
    assert set(states_of(batch.out).values()) == {"done"}
    assert len(states_of(batch.out)) == 40


def test_two_vendors_are_asked_side_by_side(batch, vendor, tmp_path):
    """Each person at each of them; a row may name its own."""
    other = Vendor(tmp_path, "other")
    try:
        words = ("--vendor", str(other.spec))
        done = batch("A,ada@x.io,", f"B,bert@x.io,{other.spec}", head="request,email,vendor", words=words, **other.given)
    finally:
        other.end()
    assert done.code == 0, done.err
    assert {(one["request"], one["connection"]) for one in proof_of(batch.out)["people"]} == {
        ("A", "acme/environment"),
        ("A", "other/environment"),
        ("B", "other/environment"),
    }
    assert sorted(one.name for one in (batch.out / "people" / "A").iterdir()) == ["acme", "other"]


def test_a_second_process_is_told_that_one_works_on_the_batch(batch, vendor, habeas, tmp_path):
    """And `status` shows how far that one is."""
    vendor.hold = "/files"
    code: list[int] = []
    first = subprocess.Popen(  # a second command needs a process of its own
        [*HABEAS, "batch", str(people(tmp_path, "A,ada@x.io")), "--vendor", str(vendor.spec), "--out", str(batch.out)],
        env=environment(tmp_path / "state", **vendor.given),
        stderr=subprocess.DEVNULL,
    )
    try:
        assert vendor.arrived.wait(60)
        told = habeas("status", str(batch.out), HABEAS_HOME=str(tmp_path / "state"))
        code.append(told.returncode)
        assert "acme/environment" in told.stdout
        again = habeas(
            "batch",
            str(tmp_path / "people.csv"),
            "--vendor",
            str(vendor.spec),
            "--out",
            str(batch.out),
            HABEAS_HOME=str(tmp_path / "state"),
            **vendor.given,
        )
        assert (again.returncode, "another process works on this batch" in again.stderr) == (3, True)
    finally:
        vendor.release()
        assert first.wait(60) == 0
    assert code == [0]


def people(folder, *lines: str):
    """Write a CSV."""
    path = folder / "people.csv"
    path.write_text("\n".join(["request,email", *lines]) + "\n")
    return path


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_what_is_under_way_with_a_manifest_and_the_rest_stays_queued(number, batch, vendor, tmp_path):
    """Whoever was under way is asked again; the exit code is the signal's."""
    vendor.hold = "p3/files"
    lines = [f"R{index},p{index}@x.io" for index in range(30)]
    given = environment(tmp_path / "state", **vendor.given)
    words = [*HABEAS, "batch", str(people(tmp_path, *lines)), "--vendor", str(vendor.spec), "--out", str(batch.out)]
    first = subprocess.Popen(words, env=given, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert vendor.arrived.wait(60)
    first.send_signal(number)
    _, said = first.communicate(timeout=60)
    assert first.returncode == {signal.SIGINT: Exit.INTERRUPTED, signal.SIGTERM: Exit.TERMINATED}[number]
    assert "Stopping" in said
    states = states_of(batch.out)
    assert states["R3"] == "queued"
    assert set(states.values()) <= {"queued", "done"}
    vendor.release()
    assert subprocess.run(words, env=given, capture_output=True, timeout=60, check=False).returncode == 0
    assert set(states_of(batch.out).values()) == {"done"}
    assert vendor.asked["/people/p3@x.io"] == 2


def killed_batch(vendor, out, tmp_path, kills: int) -> dict[str, str]:
    """Kill a batch of sixty so many times where it is then, and let it end; gives the states."""
    lines = [f"R{index},p{index}@x.io" for index in range(60)]
    given = environment(tmp_path / "state", **vendor.given)
    words = [*HABEAS, "batch", str(people(tmp_path, *lines)), "--vendor", str(vendor.spec), "--out", str(out), "--pack"]
    for kill in range(kills):
        reached = threading.Event()
        limit = sum(vendor.asked.values()) + 7 + 23 * (kill % 5)

        def on(_path: str, limit: int = limit, reached: threading.Event = reached) -> None:
            if sum(vendor.asked.values()) >= limit:
                reached.set()

        vendor.asked = Watched(vendor.asked, on)
        process = subprocess.Popen(words, env=given, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        while not reached.wait(0.02) and process.poll() is None:
            pass
        process.kill()
        process.wait(60)
    assert subprocess.run(words, env=given, capture_output=True, timeout=120, check=False).returncode == 0
    return states_of(out)


class Watched(dict):
    """A counter that tells of each count."""

    def __init__(self, before: dict[str, int], on) -> None:
        super().__init__(before)
        self.on = on

    def __missing__(self, _path: str) -> int:
        return 0

    def __setitem__(self, path: str, count: int) -> None:
        super().__setitem__(path, count)
        self.on(path)


@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.long)])
def test_a_killed_batch_loses_nobody_and_has_nobody_twice(kills, batch, vendor, tmp_path):
    """Wherever it was: one result a request, whole, its sha256 right."""
    states = killed_batch(vendor, batch.out, tmp_path, kills)
    assert states == {f"R{index}": "done" for index in range(60)}
    found = sorted(str(one.relative_to(batch.out / "people")) for one in (batch.out / "people").rglob("*") if one.is_file())
    assert found == sorted(f"R{index}/acme.tar" for index in range(60))
    for one in proof_of(batch.out)["people"]:
        with tarfile.open(batch.out / one["folder"]) as archive:
            content = {name: archive.extractfile(name).read() for name in archive.getnames() if name.endswith(("json", "jsonl"))}
        assert hashlib.sha256(content["acme/manifest.json"]).hexdigest() == one["manifest_sha256"]
        assert content["acme/notes.jsonl"].count(b"\n") == 2


@pytest.mark.parametrize(("told", "kept"), [(False, ["acme"]), (True, ["acme", "acme.try-1"])], ids=["not told of", "of an earlier try"])
def test_what_lies_in_the_place_of_a_killed_try_is_dropped_unless_it_was_told_of(told, kept, batch, vendor):
    """A result is in its place before it is written down: killed in between, it counts as never fetched."""
    batch("A,ada@x.io")
    with sqlite3.connect(batch.out / "batch.db") as database:
        database.execute("update person set state='running'" + ("" if told else ", sha256=null, folder=null"))
    database.close()
    assert batch("A,ada@x.io").code == 0
    assert vendor.asked["/people/ada@x.io"] == 2
    assert sorted(one.name for one in (batch.out / "people" / "A").iterdir()) == kept
    assert states_of(batch.out) == {"A": "done"}


def test_each_row_has_a_case_that_takes_its_run_in(batch, habeas):
    """Opened where there is none, used where there is one of the same person; each run once, again changes nothing."""
    habeas("case", "new", "DSR-1", "--vendor", "zoom", "--simulated", stdin="email: ada@x.io\n")
    done = batch("DSR-1,ada@x.io", "DSR-2,bert@x.io", words=("--cases",))
    assert done.code == 0, done.err
    logs = {name: home_of(habeas) / "cases" / name / "log.jsonl" for name in ("DSR-1", "DSR-2")}
    before = {name: path.read_text() for name, path in logs.items()}
    for name, text in before.items():
        assert text.count('"did":"taken"') == 1
        assert states_of(batch.out)[name] == "done"
    assert batch("DSR-1,ada@x.io", "DSR-2,bert@x.io", words=("--cases",)).code == 0
    assert {name: path.read_text() for name, path in logs.items()} == before


def test_a_batch_that_was_killed_before_a_case_was_told_takes_its_run_in_once(batch, habeas):
    """The run is known by the sha256 of its manifest."""
    batch("DSR-1,ada@x.io", words=("--cases",))
    with sqlite3.connect(batch.out / "batch.db") as database:
        database.execute("update person set taken=0")
    database.close()
    batch("DSR-1,ada@x.io", "DSR-2,bert@x.io", words=("--cases",))
    assert (home_of(habeas) / "cases" / "DSR-1" / "log.jsonl").read_text().count('"did":"taken"') == 1


def test_a_batch_goes_on_without_its_csv(batch, vendor, habeas, monkeypatch):
    """Its people are sealed in it; whoever failed waits for `retry`."""
    batch(*MESS)
    batch.habeas("retry", str(batch.out))
    for name, value in {"HABEAS_HOME": str(home_of(habeas)), **vendor.given}.items():
        monkeypatch.setenv(name, value)
    assert resume_batch(batch.out) is Exit.REFUSED
    assert vendor.asked["/people/broken@x.io"] == vendor.asked["/people/other@x.io"] == 2
    assert vendor.asked["/people/ada@x.io"] == 1


def test_a_spec_that_changed_since_is_refused_unless_that_is_wanted(batch, vendor):
    """Else people of one batch would be asked by two specs without a word."""
    batch("A,ada@x.io", "B,broken@x.io")
    vendor.spec.write_text(vendor.spec.read_text() + "# changed\n")
    batch.habeas("retry", str(batch.out))
    done = batch("A,ada@x.io", "B,broken@x.io")
    assert (done.code, "the spec of Acme has changed since" in done.err) == (2, True)
    assert batch("A,ada@x.io", "B,broken@x.io", words=("--anyway",)).code == 3
    assert vendor.asked["/people/broken@x.io"] == 2


@pytest.mark.parametrize(
    ("line", "words"),
    [("R-1234567,ada@x.io", "six digits in a row"), ("DSR-1,bert@x.io", "there is a case DSR-1 already, of another person")],
)
def test_a_request_that_no_case_may_bear_is_refused_before_anything_is_sent(line, words, batch, vendor, tmp_path):
    """By its line; the case is as it was."""
    assert batch("DSR-1,ada@x.io", words=("--cases",)).code == 0
    asked = vendor.asked.copy()
    second = tmp_path / "second.csv"
    second.write_text(f"request,email\n{line}\n")
    done = batch.habeas("batch", str(second), "--vendor", str(vendor.spec), "--out", str(tmp_path / "other"), "--cases")
    assert done.returncode == 2
    assert words in " ".join(done.stderr.split())
    assert vendor.asked == asked


def test_purge_deletes_results_and_identifiers_and_keeps_the_proof(batch, tmp_path):
    """Only of batches that ended so long ago; nothing can be asked by it any more."""
    batch("A,ada@x.io", "B,broken@x.io")
    assert "kept, its last result" in batch.habeas("purge", str(batch.out)).stdout
    assert (batch.out / "people").exists()
    with sqlite3.connect(batch.out / "batch.db") as database:
        database.execute("update person set ended_at='2026-01-01T00:00:00Z'")
    database.close()
    assert "would be purged" in batch.habeas("purge", str(tmp_path), "--dry-run").stdout
    assert (batch.out / "people").exists()
    assert "purged: results" in batch.habeas("purge", str(tmp_path)).stdout
    assert not (batch.out / "people").exists()
    assert proof_of(batch.out)["people"][0]["manifest_sha256"]
    assert batch.habeas("status", str(batch.out)).returncode == 0
    assert "purged already" in batch.habeas("purge", str(batch.out)).stdout
    batch.habeas("retry", str(batch.out))
    again = batch("A,ada@x.io", "B,broken@x.io")
    assert (again.code, "the key to this batch's people" in again.err) == (4, True)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("status", "nowhere"), "nowhere holds no batch"),
        (("cancel", "nowhere"), "nowhere holds no batch"),
        (("retry", "nowhere"), "nowhere holds no batch"),
        (("purge", "nowhere"), "no batch lies there"),
        (("batch", "nowhere.csv", "--vendor", "zoom"), "nowhere.csv cannot be read"),
        (("batch", "x.csv", "--vendors", "zoom"), "only `all` is known"),
        (("batch", "x.csv", "--vendors", "all", "--vendor", "zoom"), "choose one"),
        (("batch", "x.csv", "--vendors", "all"), "there is none: habeas connect"),
        (("batch", "x.csv", "--vendor", "zoom", "--at", "zoom"), "write VENDOR=URL"),
        (("batch", "x.csv", "--vendor", "zoom", "--cases", "--pack"), "choose one"),
        (("batch", "x.csv", "--vendor", "zoom", "--cases", "--regime", "none"), "none is known by this name"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, tuple) else "",
)
def test_a_command_that_cannot_be_carried_out_says_why(words, told, habeas):
    """Nothing is sent."""
    done = habeas(*words)
    assert done.returncode == 2
    assert told in " ".join(done.stderr.split())


def test_a_folder_that_holds_something_else_is_refused(batch, vendor):
    """And left as it was."""
    batch.out.mkdir()
    (batch.out / "mine.txt").write_text("mine")
    done = batch("A,ada@x.io")
    assert (done.code, [one.name for one in batch.out.iterdir()], dict(vendor.asked)) == (2, ["mine.txt"], {})


def test_a_watched_batch_is_drawn_on_a_terminal(batch, vendor):
    """Until nobody is left; elsewhere the option is refused."""
    batch(*MESS)
    done = batch.habeas("status", str(batch.out), "--watch")
    assert (done.returncode, "--watch draws on a terminal" in done.stderr) == (2, True)
