"""A case by the command line: from the letter that a request came in to its deadline, its runs and its letters, and each bad input."""

from __future__ import annotations

import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest

from engine.case import acts
from engine.case.opening import open_new
from engine.case.person import parse_person, read_person, write_person
from engine.connection.vault import Vault
from engine.errors import UsageError
from tests.case.acts_kit import NOW
from tests.conftest import CommandLine

ADA = "mara.lindqvist@example.com"
PERSON = f"email: {ADA}\nname: Mara Lindqvist\n"
TODAY = datetime.now().astimezone().date()
WITH_FILES = ("recordings", "recordings_trash", "phone_voicemails", "phone_voicemails_trash", "phone_recordings")
NO_FILES = [f"zoom: files of {one} were not downloaded" for one in WITH_FILES]
SAYS_HOW = ("--how", "answered from the address we hold")


@pytest.fixture
def at(zoom):
    """Where the simulated Zoom is, and the token for it."""
    return {"HABEAS_ZOOM_AT": zoom.address, "HABEAS_ZOOM_TOKEN": zoom.token}


def state(habeas, reference="DSR-17"):
    """Give what `case show --json` says."""
    return json.loads(habeas("case", "show", reference, "--json").stdout)


def files(folder: Path) -> dict[str, bytes]:
    """Give every file below a folder."""
    return {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


def home_of(habeas: CommandLine) -> Path:
    """Give the state folder of a command line."""
    return habeas.home


def test_a_case_from_the_letter_to_nothing_that_blocks(ran):
    """A case is opened, run, identified and acknowledged; then only what was found blocks its release, and the log holds."""
    opened = ran
    assert state(opened)["blocks"] == ["who asks is not shown to be the person", *NO_FILES, "nobody has looked at what was found"]
    assert opened("case", "identified", "DSR-17", *SAYS_HOW).returncode == 0
    (home_of(opened) / "office.yaml").write_text("controller: Acme GmbH\ncontact: privacy@acme.example\n")
    written = opened("case", "acknowledge", "DSR-17")
    assert written.returncode == 0
    told = state(opened)
    assert (told["state"], told["blocks"]) == ("reviewing", [*NO_FILES, "nobody has looked at what was found"])
    assert [one["did"] for one in told["acts"]] == ["opened", "asked", "taken", "identified", "acknowledged"]
    assert told["vendors"]["zoom"]["same_person"] is True
    assert opened("case", "check-log", "DSR-17").stdout.startswith("5 acts, each follows the one before.")
    text = (home_of(opened) / "cases/DSR-17/letters/5-acknowledge.txt").read_text()
    assert "Dear Mara Lindqvist," in text
    assert state(opened)["acts"][3]["n"] == 4


def test_what_one_command_mends_is_told_together(ran):
    """The command stands once, behind all of it; in a case to practise with, it is said what a run needs there."""
    shown = ran("case", "show", "DSR-17").stdout
    assert "".join(f"  {one}\n" for one in NO_FILES) + "    habeas case run DSR-17 --vendor zoom --files\n" in shown
    assert shown.count("--vendor zoom --files") == 1
    assert "\nTo practise, `case run` needs --at VENDOR=http://127.0.0.1:PORT for each vendor" in shown


def test_nothing_personal_is_in_the_log_or_on_the_screen(opened, at):
    """Neither log nor names nor output of the whole case hold the person's address, name or a record's value."""
    said = [opened("case", "run", "DSR-17", **at), opened("case", "show", "DSR-17"), opened("case", "list"), opened("case", "due")]
    said += [opened("case", "show", "DSR-17", "--json"), opened("case", "identified", "DSR-17", *SAYS_HOW)]
    folder = home_of(opened) / "cases/DSR-17"
    shown = "".join(one.stdout + one.stderr for one in said) + (folder / "log.jsonl").read_text() + "".join(files(folder))
    for secret in (ADA, "Mara", "Lindqvist", "mara."):
        assert secret not in shown
    sealed = (folder / "person.sealed").read_bytes()
    assert b"mara" not in sealed.lower()


def test_the_same_person_again_is_said(opened):
    """Another case of the same address, in whatever case, names the first one; another person's does not."""
    again = opened("case", "new", "DSR-18", "--simulated", stdin=f"email: {ADA.upper()}\n")
    assert "The same person asked before: DSR-17." in again.stdout
    assert state(opened, "DSR-18")["again"] == ["DSR-17"]
    other = opened("case", "new", "DSR-19", "--simulated", stdin="email: tomas.okoye@example.com\n")
    assert "asked before" not in other.stdout


def test_a_rekeyed_store_still_knows_the_person(opened, at):
    """`rekey` covers the sealed person, and the digest stays the same."""
    before = (home_of(opened) / "cases/DSR-17/person.sealed").read_bytes()
    done = opened("connections", "rekey")
    assert "and 1 document of cases encrypted with a new key" in done.stdout
    assert (home_of(opened) / "cases/DSR-17/person.sealed").read_bytes() != before
    assert opened("case", "run", "DSR-17", **at).returncode == 0
    again = opened("case", "new", "DSR-18", "--simulated", stdin=PERSON)
    assert "The same person asked before: DSR-17." in again.stdout


def test_a_lost_key_is_not_replaced_while_a_person_is_sealed_with_it(opened):
    """A fresh key in the place of the one that the case needs would make the person unreadable for ever."""
    (home_of(opened) / "key.json").unlink()
    done = opened("case", "new", "DSR-18", "--simulated", stdin=PERSON)
    assert done.returncode == 4
    assert "put a copy of it back" in done.stderr


REFERENCES = ["ada@acme.example", "DSR-123456", "a/b", "..", "a..b", "", ".x", "-x", "x" * 65, "DSR 17", "DSR-17"]


@pytest.mark.parametrize("reference", REFERENCES)
def test_a_reference_that_cannot_be_used(opened, reference):
    """A reference names a folder and stands in letters: nothing personal, no path, and none that exists."""
    before = files(home_of(opened) / "cases")
    done = opened("case", "new", "--simulated", "--", reference, stdin=PERSON)
    assert done.returncode == 2
    assert files(home_of(opened) / "cases") == before
    assert ADA not in done.stderr


MISTAKES = [
    (["new", "X-1", "--regime", "hipaa"], PERSON, 2, "there are gdpr, uk, ccpa, lgpd, pipeda"),
    (["new", "X-1", "--received", "yesterday"], PERSON, 2, "write a day such as"),
    (["new", "X-1", "--received", "2999-01-01"], PERSON, 2, "has not come yet"),
    (["new", "X-1", "--language", "fr"], PERSON, 2, "there are en, de"),
    (["new", "X-1", "--vendor", "zom"], PERSON, 2, "zom"),
    (["new", "X-1"], "", 2, "has no identifier"),
    (["new", "X-1"], "name: Mara\n", 2, "has no identifier"),
    (["new", "X-1"], "e-mail: x@y.example\n", 2, "line 1 of the person is not one of email: ..."),
    (["new", "X-1"], "email: mara\n", 5, "the e-mail address does not have exactly one @"),
    (["new", "X-1"], "phone: 0155\n", 5, "the phone number is not written as +"),
    (["show", "X-1"], None, 2, "there is no case X-1: habeas case new X-1 opens it"),
    (["run", "X-1"], None, 2, "there is no case X-1"),
    (["run", "DSR-17", "--at", "zoom"], None, 2, "write VENDOR=URL"),
    (
        ["run", "DSR-17", "--at", "zom=http://127.0.0.1:9"],
        None,
        2,
        "no vendor that is asked is called `zom`; asked are: zoom; nothing was sent",
    ),
    (["add", "DSR-17", "nowhere", "--vendor", "hris"], None, 2, "cannot be read"),
    (["add", "DSR-17", "pyproject.toml"], None, 2, "say whose data it is with --vendor"),
    (["excuse", "DSR-17", "zoom/meetings", "--say", "x"], None, 2, "nothing is missing there; what is missing: zoom"),
    (["excuse", "DSR-17", "slack", "--say", "x"], None, 2, "nothing is missing there"),
    (["pause", "DSR-17", "--why", "x"], None, 2, "does not let the clock stand still"),
    (["resume", "DSR-17"], None, 2, "cannot be resumed now: the clock is running"),
    (["close", "DSR-17"], None, 2, "cannot be closed now: the case is open"),
    (["delivered", "DSR-17", "--how", "x"], None, 2, "cannot be delivered now: the case is open"),
    (["name", "DSR-17", "--ask", "zoom=phone"], None, 2, "of a kind that the person has: email"),
]


@pytest.mark.parametrize(("words", "stdin", "code", "says"), MISTAKES, ids=lambda one: " ".join(one) if isinstance(one, list) else None)
def test_a_mistake_says_what_to_do(opened, words, stdin, code, says):
    """Each mistake ends with its code and a sentence, without a traceback or the person, and the log is as before."""
    log = home_of(opened) / "cases/DSR-17/log.jsonl"
    before = log.read_bytes()
    done = opened("case", *words, stdin=stdin)
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert log.read_bytes() == before


def test_deadlines_are_listed_by_date_and_a_late_one_is_an_alarm(habeas):
    """`case due` gives 3 where something is late, and shows the next one first; `list` shows all."""
    today = TODAY
    for reference, days in (("NEW-1", 0), ("OLD-1", 60), ("MID-1", 20)):
        habeas("case", "new", reference, "--simulated", "--received", str(today - timedelta(days=days)), stdin=PERSON)
    due = habeas("case", "due")
    assert [line.split()[0] for line in due.stdout.splitlines()[2:]] == ["OLD-1", "MID-1", "NEW-1"]
    assert "late" in due.stdout
    assert due.returncode == 3
    habeas("case", "withdraw", "OLD-1")
    assert habeas("case", "due").returncode == 0
    assert "withdrawn" in habeas("case", "list").stdout


def test_a_case_that_was_cut_or_changed_ends_every_command(opened):
    """Nothing goes on with a broken chain; the message names the line, and other cases are still listed."""
    opened("case", "new", "DSR-18", "--simulated", stdin="email: tomas.okoye@example.com\n")
    log = home_of(opened) / "cases/DSR-17/log.jsonl"
    log.write_bytes(log.read_bytes().replace(b"zoom", b"zoum"))
    for words in (["show", "DSR-17"], ["run", "DSR-17"], ["identified", "DSR-17", *SAYS_HOW], ["check-log", "DSR-17"]):
        done = opened("case", *words)
        assert done.returncode == 2
        assert "log.jsonl:2: " in done.stderr or "log.jsonl:3: " in done.stderr
    listed = opened("case", "list")
    assert listed.returncode == 2
    assert "DSR-18" in listed.stdout
    assert "log.jsonl" in listed.stderr


def test_another_identifier_is_added_and_a_vendor_is_asked_by_it(opened):
    """A second address is kept sealed; the log says which kinds are known and what a vendor is asked by, never the address."""
    done = opened("case", "name", "DSR-17", stdin="email: second@example.com\nphone: +15550100200\n")
    assert done.stdout == "DSR-17 is known by 2 e-mail addresses, 1 phone number.\n"
    asked = opened("case", "name", "DSR-17", "--ask", "zoom=email")
    assert asked.returncode == 0
    assert "zoom is asked by the last e-mail address that was given." in asked.stdout
    home = home_of(opened)
    assert read_person(Vault(home).keys, home / "cases/DSR-17").for_vendor("zoom") == (("email", "second@example.com"),)
    log = (home_of(opened) / "cases/DSR-17/log.jsonl").read_text()
    assert '"by_kind":"email"' in log
    assert "second" not in log
    assert "5550100" not in log


def test_a_refused_identifier_is_recorded_and_said(opened):
    """Of an identifier that cannot be used the log keeps the reason, not the identifier."""
    done = opened("case", "name", "DSR-17", stdin="email: second\n")
    assert done.returncode == 5
    assert state(opened)["acts"][-1]["did"] == "refused"
    assert "exactly one @" in state(opened)["acts"][-1]["reason"]


def test_a_file_of_a_system_without_a_spec_is_taken_in(opened, tmp_path):
    """An owner's file lies in the case under a name of ours, and the vendor counts as answered."""
    (tmp_path / "../Ada's export.CSV").resolve().write_text("a,b\n")
    source = (tmp_path / "../Ada's export.CSV").resolve()
    assert opened("case", "add", "DSR-17", str(source), "--vendor", "hris").returncode == 0
    assert opened("case", "add", "DSR-17", str(source), "--vendor", "hris").returncode == 0
    folder = home_of(opened) / "cases/DSR-17/received/hris"
    assert sorted(files(folder)) == ["1/about.json", "1/file-1.csv", "2/about.json", "2/file-1.csv"]
    assert state(opened)["vendors"]["hris"]["files"] == ["received/hris/1", "received/hris/2"]
    shutil.rmtree(folder)


def test_an_extension_that_is_said_too_late_is_refused(habeas):
    """The person must be told within the first month: afterwards the case stays late, and nothing is written."""
    habeas("case", "new", "DSR-30", "--simulated", "--received", str(TODAY - timedelta(days=60)), stdin=PERSON)
    done = habeas("case", "extend", "DSR-30", "--why", "many systems")
    assert done.returncode == 2
    assert "that the answer takes longer had to be said by" in done.stderr
    assert habeas("case", "due").returncode == 3


def test_looking_at_a_case_writes_nothing(ran):
    """`show`, `list` and `due` add no act, also where a policy was changed since: then nobody has looked at it yet."""
    ran("review", "list", "DSR-17")
    path = home_of(ran) / "cases/DSR-17/policies/zoom.yaml"
    path.write_text(path.read_text() + "# changed\n")
    before = (home_of(ran) / "cases/DSR-17/log.jsonl").read_bytes()
    assert "nobody has looked at what was found" in state(ran)["blocks"]
    ran("case", "list")
    ran("case", "due")
    assert (home_of(ran) / "cases/DSR-17/log.jsonl").read_bytes() == before


def test_a_case_that_could_not_be_opened_leaves_nothing(habeas):
    """An identifier that is refused, or a reference that is taken, leaves neither a folder nor a sealed person."""
    habeas("case", "new", "DSR-31", "--simulated", stdin=PERSON)
    before = files(home_of(habeas) / "cases")
    assert habeas("case", "new", "DSR-32", "--simulated", stdin="email: mara\n").returncode == 5
    assert habeas("case", "new", "DSR-31", "--simulated", stdin="email: other@example.com\n").returncode == 2
    assert files(home_of(habeas) / "cases") == before
    assert [one.name for one in (home_of(habeas) / "cases").iterdir()] == ["DSR-31"]


def test_of_two_openings_at_once_the_second_changes_nothing(habeas):
    """Who comes second, after both saw that the reference is free, does not put another person into the first one's case."""
    vault = Vault(home_of(habeas))
    first, second = (parse_person([f"email: {name}@example.com"]) for name in ("first", "second"))
    opened = acts.CaseOpened(reference="DSR-33", regime="gdpr", language="en", received=TODAY, digests=())
    with patch("engine.case.opening.write_person", side_effect=write_person) as written:
        written.side_effect = lambda *given: (
            write_person(*given),
            written.configure_mock(side_effect=write_person),
            open_new(vault, opened, second, (), NOW),
        )
        with pytest.raises(UsageError, match="there is a case DSR-33 already"):
            open_new(vault, opened, first, (), NOW)
    assert read_person(vault.keys, home_of(habeas) / "cases/DSR-33") == second
    assert [one.name for one in (home_of(habeas) / "cases").iterdir()] == ["DSR-33"]


def test_a_case_that_is_over_is_said_so_once(opened):
    """The state stands once; nothing blocks it, and nothing comes next."""
    assert opened("case", "withdraw", "DSR-17").stdout == "DSR-17 is withdrawn.\n"
    shown = opened("case", "show", "DSR-17").stdout
    assert shown.startswith("DSR-17: withdrawn, to practise with")
    assert "block" not in shown


def test_what_a_run_was_told_to_leave_out_is_excused_at_once(opened, at, tmp_path):
    """Fifteen endpoints need no fifteen commands: the vendor's name is every gap that is open, each an act; a run again is named before."""
    done = opened("run", "zoom", "--email", ADA, "--only", "settings", "--out", str(tmp_path), "--ref", "DSR-17", **at)
    assert done.returncode == 0, done.stderr
    opened("case", "add", "DSR-17", str(tmp_path / "zoom"))
    shown = opened("case", "show", "DSR-17").stdout
    assert "What a run did not get a later one may:\n    habeas case run DSR-17 --vendor zoom\n" in shown
    gaps = {gap["endpoint"] for gap in state(opened)["vendors"]["zoom"]["gaps"]}
    assert len(gaps) > 10
    assert opened("case", "excuse", "DSR-17", "zoom/meetings", "--say", "You did not ask for them.").stdout.startswith(
        "Recorded, act 4: excused"
    )
    done = opened("case", "excuse", "DSR-17", "zoom", "--say", "You asked for your settings.")
    assert done.stdout.count("Recorded, act ") == len(gaps) - 1
    assert all(gap["excused"] for gap in state(opened)["vendors"]["zoom"]["gaps"])
    assert "a later one may" not in opened("case", "show", "DSR-17").stdout
    again = opened("case", "excuse", "DSR-17", "zoom", "--say", "x")
    assert (again.returncode, "nothing is missing there" in again.stderr) == (2, True)


def test_nothing_is_fetched_for_a_deletion(habeas, at):
    """The shell says so as the portal does, and who is asked instead."""
    habeas("case", "new", "DSR-18", "--right", "deletion", "--vendor", "zoom", "--simulated", stdin=PERSON)
    done = habeas("case", "run", "DSR-18", **at)
    assert (done.returncode, "habeas contact send DSR-18 SYSTEM deletion" in done.stderr) == (2, True), done.stderr
    assert not (home_of(habeas) / "cases/DSR-18/runs").exists()
