"""`habeas purge`: what an ended case no longer needs is deleted whole, and told; what a case needs stays, and so does the log."""

from __future__ import annotations

import json
import os
import sys
from datetime import timedelta
from fnmatch import fnmatch

import pytest

from engine.case import acts
from engine.case.folder import open_case
from engine.case.purge import CLASSES, purge
from engine.case.regimes import span_of_days
from engine.errors import DiskError
from tests.case.acts_kit import NOW
from tests.case.test_commands import PERSON, files, home_of
from tests.forked import run
from tests.moments import few
from tests.portal.served import ServedPortal
from tests.process import environment

RETENTION = "controller: Acme GmbH\nretention: {raw: 30d, received: 30d, release: 6mo, person: 24mo}\n"
ALL = dict.fromkeys(CLASSES, span_of_days("1d"))

KEPT, LAST = (3, 9, 14, 20, 28), 36


def of_class(file: str) -> str | None:
    """Say which class a file is of; the cache goes with the first."""
    return next((name for name, tops in CLASSES.items() if any(fnmatch(file.partition("/")[0], top) for top in tops)), None)


# Ends itself with SIGKILL at the n-th time that a name in the case is opened for writing, made, renamed or removed.
KILLED = """
import os, signal, sys
left = int(sys.argv.pop(1))
def hook(event, args):
    global left
    writes = event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR)
    if event in ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree") or writes:
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(hook)
from datetime import timedelta
import engine.cli.purge, engine.cli.case
at = engine.cli.case.now()
engine.cli.purge.now = lambda: at + timedelta(days=400)
from engine.cli import main
main()
"""


def fill(habeas, reference: str = "DSR-17"):
    """Open a case in which something of every class lies; gives it, reviewed and not yet ended."""
    assert habeas("case", "new", reference, "--vendor", "hris", stdin=PERSON).returncode == 0
    folder = home_of(habeas) / "cases" / reference
    for name in (
        "runs/zoom/meetings.jsonl",
        "findings.sqlite",
        "releases/1/DSR-17/index.html",
        "releases/.lock",
        "mails/3-hris-access.eml",
    ):
        (folder / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / name).write_bytes(b"0123456789")
    case = open_case(home_of(habeas), reference)
    (folder / "received/hris/1").mkdir(mode=0o700, parents=True)
    (folder / "received/hris/1/file-1.csv").write_text("a,b\n")
    case.act(acts.TakenIn(vendor="hris", folder="received/hris/1", proof="p", kind="file"), NOW)
    return case


@pytest.fixture
def office(habeas, monkeypatch):
    """An office that says how long it keeps things, and whose clock can be moved."""
    home_of(habeas).mkdir(mode=0o700, parents=True, exist_ok=True)
    (home_of(habeas) / "office.yaml").write_text(RETENTION)
    (home_of(habeas) / "contacts.yaml").write_text("owners: {hris: {to: hr@acme.example}}\n")
    clock = [NOW]
    monkeypatch.setattr("engine.cli.purge.now", lambda: clock[0])

    def later(days: int):
        clock[0] = NOW + timedelta(days=days)
        return habeas("purge")

    habeas.later = later
    return habeas


def end(case) -> None:
    """End a case by a package that left."""
    for act in (acts.Approved(package="p"), acts.Released(package="p", folder="releases/1/DSR-17"), acts.Delivered(how="x"), acts.Closed()):
        case.act(act, NOW)


def test_each_class_goes_when_the_office_says_and_the_log_stays(office):
    """Nothing before its time; then raw and received, then the package, then who it was; each is told, and what stays are acts."""
    case = fill(office)
    end(case)
    before = files(case.folder)
    assert office.later(29).stdout == "Nothing is due to be deleted.\n"
    assert files(case.folder) == before
    assert office.later(30).stdout == "DSR-17: deleted raw (2 files, 20 bytes), received (1 file, 4 bytes)\n"
    assert office.later(31).stdout == "Nothing is due to be deleted.\n"
    assert office.later(184).stdout == "DSR-17: deleted release (1 file, 10 bytes)\n"
    assert {one.partition("/")[0] for one in files(case.folder)} == {"log.jsonl", "log.head", "person.sealed", "mails"}
    assert "DSR-17: deleted person (2 files" in office.later(731).stdout
    assert set(files(case.folder)) == {"log.jsonl", "log.head"}
    assert "acts, each follows the one before" in office("case", "check-log", "DSR-17").stdout
    assert office("case", "list").returncode == 0
    assert "Deleted after its time (habeas purge): person, raw, received, release" in office("case", "show", "DSR-17").stdout
    assert "purged raw" in office("case", "show", "DSR-17").stdout
    shown = json.loads(office("case", "show", "DSR-17", "--json").stdout)
    assert [(one["what"], one["files"], one["size"]) for one in shown["acts"] if one["did"] == "purged"][:2] == [
        (["raw"], 2, 20),
        (["received"], 1, 4),
    ]
    served = ServedPortal(home_of(office))
    try:
        served.enter()
        page = served.see("/case/DSR-17")
    finally:
        served.end()
    assert "no longer kept here" in page
    assert "put a copy back" not in page
    again = office("case", "new", "DSR-18", "--vendor", "hris", stdin=PERSON)
    assert "The same person asked before: DSR-17." in again.stdout
    assert "nothing can be reviewed any more" in office("review", "list", "DSR-17").stderr


RUNNING = {
    "open": (),
    "approved": (acts.Approved(package="p"),),
    "released": (acts.Approved(package="p"), acts.Released(package="p", folder="releases/1/DSR-17")),
    "delivered": (acts.Approved(package="p"), acts.Released(package="p", folder="releases/1/DSR-17"), acts.Delivered(how="x")),
}


@pytest.mark.parametrize("name", RUNNING)
def test_what_a_case_still_needs_is_never_deleted(office, name):
    """A case that has not ended keeps everything, however old it is; of a released one it is said what is missing."""
    case = fill(office)
    for act in RUNNING[name]:
        case.act(act, NOW)
    before = files(case.folder)
    done = office.later(4000)
    assert (done.returncode, files(case.folder)) == (0, before)
    assert ("released and not closed, so nothing of it is deleted: habeas case close DSR-17" in done.stdout) is (
        name in ("released", "delivered")
    )
    with pytest.raises(Exception, match="nothing can be deleted now"):
        case.act(acts.Purged(what=("raw",)), NOW)


@pytest.mark.parametrize("act", [acts.Denied(why="x"), acts.Withdrawn()])
def test_a_case_that_ended_in_another_way_is_purged_too(office, act):
    """Its time runs from the day on which it was denied or withdrawn."""
    case = fill(office)
    case.act(act, NOW)
    assert "deleted raw" in office.later(30).stdout


def test_a_clock_that_was_set_back_deletes_nothing(office):
    """Before a case ended its time has not begun."""
    case = fill(office)
    end(case)
    assert office.later(-4000).stdout == "Nothing is due to be deleted.\n"


def test_a_dry_run_deletes_nothing_and_the_command_goes_before_the_office(office):
    """`--older-than` and `--class` choose; who asked is never deleted unasked; another case is not touched."""
    case, other = fill(office), fill(office, "DSR-18")
    end(case)
    office.later(0)
    before, untouched = files(case.folder), files(other.folder)
    told = office("purge", "--older-than", "0001d", "--dry-run")
    assert told.stdout == "Nothing is due to be deleted.\n"
    office.later(2)
    assert "would delete raw (2 files, 20 bytes), received" in office("purge", "--older-than", "1d", "--dry-run").stdout
    assert files(case.folder) == before
    assert office("purge", "--older-than", "1d", "--class", "received").stdout == "DSR-17: deleted received (2 files, 14 bytes)\n"
    assert office("purge", "--older-than", "1d").stdout == "DSR-17: deleted raw (1 file, 10 bytes), release (1 file, 10 bytes)\n"
    assert (case.folder / "person.sealed").is_file()
    assert files(other.folder) == untouched


WRONG = [
    (("--older-than", "24m"), "`24m` is no time to keep something: write days or months, such as 30d or 6mo"),
    (("--older-than", "0d"), "`0d` is no span of time"),
    (("--older-than", "30d", "--class", "log"), "--class log: there are raw, received, release, person"),
    (("--class", "raw, logs"), "--class logs: there are raw"),
]


@pytest.mark.parametrize(("words", "said"), WRONG)
def test_what_is_not_meant_so_deletes_nothing(office, words, said):
    """A slip of the keyboard is said before anything is gone."""
    end(case := fill(office))
    before = files(case.folder)
    office.later(-1)
    done = office("purge", *words)
    assert (done.returncode, files(case.folder)) == (2, before)
    assert said in done.stderr


OFFICES = [
    ("", "nobody says how long anything is kept after a case has ended: write `retention: {raw: 30d"),
    ("retention: {raw: 24m}\n", "office.yaml: `24m` is no time to keep something: write days or months"),
    ("retention: {logs: 24mo}\n", "office.yaml: `retention` names `logs`: there are raw, received, release, person"),
    (
        "retention: 30d\n",
        "office.yaml: the file: `retention` is not what it should be; `closed` is a list of days such as 2026-12-24, `retention` a time",
    ),
    ("retention: {raw: 30}\n", "office.yaml: something in it is of another form than it should be; `closed` is a list"),
    ("controler: Acme\n", "office.yaml: the file: `controler` is no word here: did you mean `controller`?"),
    ("closed: 2026-12-24\n", "office.yaml: the file: `closed` is not what it should be; `closed`"),
    (
        "closed: [2026-12-24, 2026-11-31]\n",
        "office.yaml: it holds a day that there is not, such as 2026-02-30, or a number that is too long",
    ),
    pytest.param("closed: " + "[" * 3000, "office.yaml cannot be read (RecursionError)", id="too deep"),
    ("closed: [Christmas]\n", "office.yaml: the file: `closed` is not what it should be"),
    (
        "- controller\n",
        "office.yaml: the file holds controller, contact, signature, authority, closed, retention, each with a colon behind it",
    ),
    (
        "controller: Acme\ncontact: a@acme.example\ncontroller: Beta\n",
        "office.yaml:3:1: `controller` is written twice; the first is in line 1",
    ),
    ('retention: {raw: 30d, "raw": 1d}\n', "office.yaml:1:23: `raw` is written twice; the first is in line 1"),
    ('controller: "Acme\n', "office.yaml:2:1: no YAML (found unexpected end of stream)"),
]


@pytest.mark.parametrize(("text", "said"), OFFICES)
def test_an_office_that_says_nothing_usable_deletes_nothing(office, text, said):
    """How long something is kept is the office's word, and no default."""
    end(case := fill(office))
    before = files(case.folder)
    (home_of(office) / "office.yaml").write_text(text)
    done = office("purge")
    assert (done.returncode, files(case.folder)) == (2, before)
    assert said in done.stderr


def test_a_class_of_which_the_office_says_nothing_is_asked_about_before_another_goes(office):
    """Whoever names two is told that nobody says how long one of them is kept: half of what was meant would be deleted."""
    end(case := fill(office))
    before = files(case.folder)
    (home_of(office) / "office.yaml").write_text("retention: {raw: 1d}\n")
    done = office("purge", "--class", "raw,release")
    assert (done.returncode, files(case.folder)) == (2, before)
    assert "nobody says how long release is kept after a case has ended" in done.stderr


def test_an_act_that_cannot_be_written_leaves_everything_where_it_was(office, monkeypatch):
    """A full disk deletes nothing."""
    end(case := fill(office))
    before = files(case.folder)

    def full(*_: object) -> list[object]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("engine.case.log._appended", full)
    with pytest.raises(DiskError):
        purge(case, ALL, NOW + timedelta(days=9))
    assert files(case.folder) == before


def test_what_the_disk_does_not_let_go_is_said_and_deleted_later(office):
    """It is told in the log, the command says that it is still there, and the next call deletes it."""
    end(case := fill(office))
    gone = []
    real = os.unlink

    def stubborn(name, *more, **options):
        if str(name).endswith("meetings.jsonl") and not gone:
            gone.append(name)
            raise PermissionError(1, "Operation not permitted")
        real(name, *more, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "unlink", stubborn)
        done = office.later(30)
    assert done.returncode == 3
    assert "error: DSR-17: " in done.stderr
    office.later(31)
    assert not list(case.folder.glob("**/meetings.jsonl"))
    assert not (case.folder / ".purging").exists()


@pytest.mark.parametrize("moment", few(range(1, 38), *KEPT))
def test_a_purge_that_is_killed_is_never_half(office, moment):
    """At each moment: the next call puts a class that was not told back whole, and deletes one that was; each is told once."""
    case = fill(office)
    case.act(acts.Withdrawn(), NOW)
    whole = {name: {one: told for one, told in files(case.folder).items() if of_class(one) == name} for name in CLASSES}
    command = [sys.executable, "-c", KILLED, str(moment), "purge", "--older-than", "30d", "--class", ",".join(CLASSES)]
    code = run(command, env=environment(home_of(office)), capture_output=True, check=False).returncode
    assert code == (-9 if moment < LAST else 0)  # if this fails alone, the number of moments has changed
    told = open_case(home_of(office), case.reference)
    purge(told, {}, NOW)
    here = files(case.folder)
    for name in CLASSES:
        found = {one: content for one, content in here.items() if of_class(one) == name}
        assert found == ({} if name in told.case.purged else whole[name])
    purge(told, ALL, NOW + timedelta(days=9))
    assert {one for one in files(case.folder) if not one.startswith("log.")} == set()
    assert sorted(line.act.what for line in told.lines if isinstance(line.act, acts.Purged)) == sorted((name,) for name in CLASSES)
    assert not (case.folder / ".purging").exists()
