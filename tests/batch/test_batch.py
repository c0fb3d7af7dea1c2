"""A batch of people at a served vendor: states, exit codes, the proof, going on, and that nobody is named anywhere."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import json
import sqlite3
import stat
import tarfile

import pytest

from engine.errors import Exit
from tests.batch.conftest import Vendor, proof_of, states_of

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


def test_what_a_trial_would_leave_out_is_kept_nowhere_and_not_said_to_be(batch):
    """There is no refused.csv after --check."""
    done = batch("A,ada@x.io", "B,Ada Lovelace", words=("--skip-bad", "--check"))
    assert (done.code, "1 line cannot be asked for and would go to refused.csv." in done.err) == (0, True)
    assert not batch.out.exists()
    done = batch("B,Ada Lovelace", words=("--skip-bad",))
    assert (done.code, "--skip-bad left out every line; leave it away to read why" in " ".join(done.err.split())) == (2, True)
    assert not batch.out.exists()


def test_a_line_that_repeats_is_counted_once_whenever_the_file_is_read(batch):
    """It is no request that the batch had."""
    for known in ("", "1 request of the file was in the batch already."):
        done = batch("A,ada@x.io", "A,ada@x.io")
        assert "1 line repeats a request of the file: counted once." in done.err
        assert known in done.err
    done = batch("A,ada@x.io", "A,bert@x.io")
    assert (done.code, "line 3: the request stands in another line too, with other content" in " ".join(done.err.split())) == (2, True)


def test_a_refused_line_that_was_mended_is_asked_and_held_against_the_batch_no_more(batch, vendor):
    """Neither in the exit code nor in the proof, the status or the table; two mistakes in one request are one."""
    for wrong in ("ada", "Ada Lovelace"):
        assert batch(f"A,{wrong}", "B,bert@x.io", words=("--skip-bad",)).code == 5
        assert proof_of(batch.out)["refused_lines"] == 1
    done = batch("A,ada@x.io", "B,bert@x.io", words=("--skip-bad",))
    assert (done.code, proof_of(batch.out)["refused_lines"], vendor.asked["/people/ada@x.io"]) == (0, 0, 1)
    assert "1 request that could not be asked for was mended." in done.err
    assert "refused.csv" not in batch.habeas("status", str(batch.out)).stdout
    assert ",refused," not in batch.habeas("status", str(batch.out), "--csv").stdout


def test_the_table_to_hand_on_has_a_line_for_every_request_and_names_nobody(batch):
    """Those that could not be asked for too; where refused.csv is gone, that is said."""
    batch("A,ada@x.io", "B,broken@x.io", "C,Carl Person", "D,none1@x.io", words=("--skip-bad",))
    done = batch.habeas("status", str(batch.out), "--csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [(row["request"], row["connection"], row["state"]) for row in rows] == [
        ("A", "acme/environment", "done"),
        ("B", "acme/environment", "failed"),
        ("D", "acme/environment", "done"),
        ("C", "", "refused"),
    ]
    assert (rows[0]["why"], rows[0]["folder"]) == ("", "people/A/acme")
    assert rows[1]["why"].startswith("notes failed")
    assert [row["person"] for row in rows] == ["found", "found", "nobody is known", ""]
    assert "white space" in rows[3]["why"]
    assert "x.io" not in done.stdout
    assert "Person" not in done.stdout
    (batch.out / "refused.csv").unlink()
    assert "1 line of the file could not be asked for and cannot be named any more" in " ".join(
        batch.habeas("status", str(batch.out), "--csv").stderr.split()
    )
    assert batch.habeas("status", str(batch.out), "--csv", "--json").returncode == 2


def test_a_plan_counts_whom_a_killed_process_had_under_way_and_whom_a_dead_connection_kept(batch):
    """They are asked again; where nobody is left, that is said."""
    lines = ("A,ada@x.io", "B,bert@x.io", "C,carl@x.io")
    batch(*lines)
    with contextlib.closing(sqlite3.connect(batch.out / "batch.db")) as database, database:
        database.execute("update person set state='running' where request='A'")
        database.execute("update person set state='failed', exit_code=4 where request='B'")
    assert "2 people to ask for, at 1 connection" in batch(*lines, words=("--check",)).out
    assert "2 people to ask for, at 1 connection" in batch(*lines).err
    assert "Nobody is left to ask for." in batch(*lines).err


def test_a_plan_that_fits_into_what_may_leave_at_once_takes_no_time(habeas, tmp_path):
    """That is known where a limit is."""
    people = tmp_path / "people.csv"
    people.write_text("request,email\nA,ada@example.com\n")
    done = habeas("batch", str(people), "--vendor", "slack", "--only", "user_groups", "--check", HABEAS_SLACK_SECRET="t0")
    assert done.returncode == 0
    assert "0.0 s" in done.stdout
    assert "not known" not in done.stdout


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
    assert batch.habeas("cancel", str(batch.out), "--request", "A").stdout == "0 people cancelled.\n"
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


def test_the_table_reads_packed_results_too(batch):
    """Whether the person was found stands in the manifest, in the tar; of a result that is gone nothing is said, of one that is damaged that it is."""
    batch("A,ada@x.io", "B,none1@x.io", "C,carl@x.io", words=("--pack",))
    (batch.out / "people" / "A" / "acme.tar").unlink()
    (batch.out / "people" / "C" / "acme.tar").unlink()
    (batch.out / "people" / "C" / "acme").mkdir()
    (batch.out / "people" / "C" / "acme" / "manifest.json").write_text("{")
    rows = list(csv.DictReader(io.StringIO(batch.habeas("status", str(batch.out), "--csv").stdout)))
    assert [row["person"] for row in rows] == ["", "nobody is known", "the manifest is damaged"]


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


def test_a_batch_goes_on_without_its_csv(batch, vendor):
    """`habeas resume` of its folder: its people are sealed in it; whoever failed waits for `retry`."""
    batch(*MESS)
    batch.habeas("retry", str(batch.out))
    assert batch.habeas("resume", str(batch.out)).returncode == Exit.REFUSED
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
