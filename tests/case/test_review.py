"""What is reviewed in a case: values by how often they stand, decisions about them, and what a run again leaves of these."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from engine.case.findings_fill import record_digest
from engine.case.folder import open_case
from engine.case.given_data import GivenData
from engine.case.in_force import Learned
from engine.case.person import read_person
from engine.case.releases import making
from engine.case.review import values_digest
from engine.case.ruled import in_review
from engine.connection.digest_key import digest_key
from engine.connection.private_files import prepare
from engine.connection.vault import Vault
from engine.release.own import Fact
from tests.case.test_commands import ADA, PERSON, WITH_FILES, files, home_of, state


@pytest.fixture
def at(zoom):
    """Where the simulated Zoom is, and the token for it."""
    return {"HABEAS_ZOOM_AT": zoom.address, "HABEAS_ZOOM_TOKEN": zoom.token}


def listed(habeas, *words: str) -> dict:
    """Give what `review list --json` says."""
    return json.loads(habeas("review", "list", "DSR-17", "--most", "1000", "--json", *words).stdout)


def first_row(habeas, size: int = 1) -> dict:
    """Give the first undecided row of so many values."""
    return next(row for row in listed(habeas)["rows"] if row["undecided"] and len(row["values"]) >= size)


def shown_values(found: dict) -> set[str]:
    """Give every value that is shown."""
    return {value["shown"] for row in found["rows"] for value in row["values"]}


def test_values_are_shown_undecided_first_and_by_how_often(ran):
    """Rows that wait come first, then the most frequent; the person's own address is not among them; nobody has looked before."""
    assert "nobody has looked at what was found" in state(ran)["blocks"]
    found = listed(ran)
    order = [(not row["undecided"], -row["count"]) for row in found["rows"]]
    assert order == sorted(order)
    assert found["totals"]["undecided"] == sum(row["undecided"] for row in found["rows"]) > 20
    assert ADA not in shown_values(found)
    assert f"{found['totals']['undecided']} values or files wait for a decision" in state(ran)["blocks"]
    told = ran("review", "list", "DSR-17", "--most", "3")
    assert told.returncode == 3
    assert "to decide" in told.stdout


def test_a_decision_about_a_value_holds_for_all_that_share_its_row(ran):
    """One person's name, number and address share a row: one command decides all, each by its digest, and undo takes one back."""
    row = first_row(ran, 2)
    done = ran("review", "mask", "DSR-17", f"value:{row['values'][0]['value'][:12]}", "--note", "asked the colleague")
    assert done.returncode == 0, done.stderr
    after = next(one for one in listed(ran)["rows"] if one["values"][0]["value"] == row["values"][0]["value"])
    assert not after["undecided"]
    acts = [one for one in state(ran)["acts"] if one["did"] == "decided"]
    assert [one["target"]["value"] for one in acts] == [value["value"] for value in row["values"]]
    assert ran("review", "undo", "DSR-17", str(acts[0]["n"])).returncode == 0
    again = next(one for one in listed(ran)["rows"] if one["values"][0]["value"] == row["values"][0]["value"])
    assert again["undecided"]


def test_nothing_undecided_is_reached(ran):
    """Every endpoint is decided, one command each; then nothing waits, the list ends with 0, and only what else blocks is left."""
    stands = [stand for row in listed(ran)["rows"] if row["undecided"] for value in row["values"] for stand in value["stands"]]
    for endpoint in sorted({stand["endpoint"] for stand in stands}):
        assert ran("review", "give", "DSR-17", f"zoom/{endpoint}").returncode == 0
    assert ran("review", "list", "DSR-17").returncode == 0
    for name in WITH_FILES:
        assert ran("case", "excuse", "DSR-17", f"zoom/{name}.files", "--say", "You did not ask for them.").returncode == 0
    assert state(ran)["blocks"] == ["who asks is not shown to be the person"]
    assert "nothing is undecided" in ran("review", "list", "DSR-17").stdout


def test_a_decision_survives_a_run_again_and_says_where_it_does_not(ran, at):
    """A record that is fetched again with the same bytes keeps its decision; one that is gone is told."""
    run = home_of(ran) / "cases/DSR-17/runs/zoom"
    listed_here = (run / "meetings.jsonl").read_bytes().splitlines()  # some stand twice: Zoom lists them as scheduled and as previous ones
    number = next(number for number, line in enumerate(listed_here, 1) if listed_here.count(line) == 1)
    assert ran("review", "drop", "DSR-17", f"zoom/meetings:{number}#/topic", "--because", "not_personal").returncode == 0
    assert ran("case", "run", "DSR-17", "--vendor", "zoom", **at).returncode == 0
    assert listed(ran)["gone"] == {}
    lines = (run.with_name("zoom-2") / "meetings.jsonl").read_bytes().splitlines(keepends=True)
    changed = run.with_name("zoom-2")
    decided = next(one for one in state(ran)["acts"] if one["did"] == "decided")
    assert decided["target"]["record"]
    kept = [line for line in lines if record_digest(line) != decided["target"]["record"]]  # on any line: records come as they arrive
    assert len(kept) == len(lines) - 1
    (changed / "meetings.jsonl").write_bytes(b"".join(kept))
    (home_of(ran) / "cases/DSR-17/findings.sqlite").unlink()
    assert listed(ran)["gone"] == {
        str(decided["n"]): "its record is not in the present run, or was fetched with other content: zoom/meetings"
    }


def test_the_cache_may_be_deleted(ran):
    """Findings are made anew from the runs, the policies and the log: the same ones."""
    ran("review", "mask", "DSR-17", f"value:{first_row(ran)['values'][0]['value']}")
    before = listed(ran)
    (home_of(ran) / "cases/DSR-17/findings.sqlite").unlink()
    assert listed(ran) == before


def test_no_value_stands_in_the_log(ran):
    """The log names values by a keyed digest: no found value, and no plain digest of one, is in it."""
    for row in [row for row in listed(ran)["rows"] if row["undecided"]][:5]:
        ran("review", "alias", "DSR-17", f"value:{row['values'][0]['value']}")
    ran("review", "hold", "DSR-17", "zoom/recordings")
    log = (home_of(ran) / "cases/DSR-17/log.jsonl").read_text()
    assert not [value for value in shown_values(listed(ran)) if len(value) > 5 and value in log]
    names = "".join(files(home_of(ran) / "cases/DSR-17"))
    assert not [value for value in shown_values(listed(ran)) if len(value) > 5 and value in names]


def test_the_policy_in_force_is_kept_in_the_case(ran):
    """The packaged policy is copied, its digest stands in the log once; an operator's own copy is read instead, and its change is an act."""
    listed(ran)
    listed(ran)
    assert [one["did"] for one in state(ran)["acts"]].count("ruled") == 1
    path = home_of(ran) / "cases/DSR-17/policies/zoom.yaml"
    path.write_text(path.read_text().replace("others:", "leave_out:\n  - {what: meetings, because: out_of_scope}\n\nothers:", 1))
    before = listed(ran)["totals"]["findings"]
    assert [one["did"] for one in state(ran)["acts"]].count("ruled") == 2
    assert before == listed(ran)["totals"]["findings"]
    path.write_text("policy: 1\nvendor: zoom\nother: x\n")
    done = ran("review", "list", "DSR-17")
    assert done.returncode == 2
    assert "zoom.yaml:3" in done.stderr


MISTAKES = [
    (["mask", "value:"], "no value that was found has this digest"),
    (["mask", "value:zz"], "no value that was found has this digest"),
    (["mask", "slack/messages"], "name a value (value:3f9a) or VENDOR/ENDPOINT of a run: zoom; zoom/meetings,"),
    (["mask", "zoom"], "name a value (value:3f9a) or VENDOR/ENDPOINT of a run: zoom; zoom/meetings,"),
    (["mask", "zoom/meeting"], "has no records of `meeting`; it has"),
    (["drop", "zoom/meetings.topik"], "no record of `meetings` has this field"),
    (["drop", "zoom/meetings.a..b"], "is no path of a field"),
    (["mask", "zoom/meetings:9999"], "meetings.jsonl has no line 9999"),
    (["mask", "zoom/meetings:x#/topic"], "name a value"),
    (["give", "zoom/phone_call_logs#/caller_name"], "name a value"),
    (["hold", "zoom/meetings.topic:1"], "name a value"),
    (["drop", "zoom/meetings:1#topic"], "name a value"),
    (["drop", "zoom/meetings:1#/topc"], "this record has nothing at /topc"),
    (["drop", "zoom/settings:1#/feature"], "/feature holds further fields"),
    (["hold", "zoom/files/../meetings.jsonl"], "there is no such file"),
    (["alias", "zoom/meetings"], "an alias stands for one person"),
    (["alias", "zoom/meetings:1"], "an alias stands for one person"),
    (["hold", "zoom/files/recordings/000001-1.mp4"], "there is no such file"),
    (["hold", "zoom/files/../../../log.jsonl"], "there is no such file"),
    (["give", "zoom/meetings", "--because", "third_party"], "is no reason to give: known_to_them"),
    (["mask", "zoom/meetings", "--because", "known_to_them"], "is no reason to mask"),
    (["mask", "zoom/meetings", "--because", "third_part"], "did you mean `third_party`?"),
    (["undo", "1"], "act 1 is no decision that holds"),
]


@pytest.mark.parametrize(("words", "says"), MISTAKES, ids=[" ".join(words) for words, _ in MISTAKES])
def test_a_mistake_changes_nothing(ran, words, says):
    """Each mistake ends with 2 and a sentence, and no act is written."""
    listed(ran)
    before = len(state(ran)["acts"])
    done = ran("review", words[0], "DSR-17", *words[1:])
    assert (done.returncode, says in done.stderr) == (2, True), done.stderr
    assert len(state(ran)["acts"]) == before


def test_a_case_without_a_run_has_nothing_to_review(habeas):
    """There is nothing to look at before a run was taken in, and the command says which one to call."""
    habeas("case", "new", "DSR-17", "--simulated", stdin=PERSON)
    done = habeas("review", "list", "DSR-17")
    assert done.returncode == 2
    assert "habeas case run DSR-17" in done.stderr


def test_a_policy_that_was_changed_is_held_against_what_there_is(ran):
    """A name that nothing has, or another vendor's policy, is a mistake: rules that hold on nothing would give what they should not."""
    listed(ran)
    path = home_of(ran) / "cases/DSR-17/policies/zoom.yaml"
    whole, acts = path.read_text(), len(state(ran)["acts"])
    path.write_text(whole.replace("phone_call_logs", "phone_call_log"))
    done = ran("review", "list", "DSR-17")
    assert done.returncode == 2
    assert "did you mean `phone_call_logs`?" in done.stderr
    path.write_text(whole.replace("vendor: zoom", "vendor: slack"))
    assert ran("review", "list", "DSR-17").returncode == 2
    path.write_text(whole)
    assert ran("review", "list", "DSR-17").returncode == 3
    assert len(state(ran)["acts"]) == acts


def test_a_file_that_an_owner_gave_waits_for_a_decision(ran, tmp_path):
    """No policy knows what stands in it: it is asked about, also where a case has nothing else, and may be held or given, no more."""
    (tmp_path / "export.csv").write_text("Bob Other,bob@other.example\n")
    ran("case", "add", "DSR-17", str(tmp_path / "export.csv"), "--vendor", "hris")
    assert listed(ran)["files"] == ["hris/received/hris/1/file-1.csv"]
    assert ran("review", "mask", "DSR-17", "hris/received/hris/1/file-1.csv").returncode == 2
    assert ran("review", "hold", "DSR-17", "hris/received/hris/1/file-1.csv").returncode == 0
    assert listed(ran)["files"] == []
    ran("case", "new", "DSR-18", "--simulated", stdin=PERSON)
    ran("case", "add", "DSR-18", str(tmp_path / "export.csv"), "--vendor", "hris")
    assert "nobody has looked at what was found" in state(ran, "DSR-18")["blocks"]
    assert ran("review", "list", "DSR-18").returncode == 3
    assert "1 value or file waits for a decision" in state(ran, "DSR-18")["blocks"]


def test_what_stands_behind_a_secret_is_asked_about_too(ran):
    """Somebody named in a text that is masked for its passcode would be given once the passcode is: they wait as well."""
    secrets = [row for row in listed(ran)["rows"] for value in row["values"] if any(one["kind"] == "secret" for one in value["stands"])]
    assert secrets
    before = listed(ran)["totals"]["undecided"]
    told = ran("review", "give", "DSR-17", f"value:{secrets[0]['values'][0]['value']}")
    assert told.returncode == 0
    assert "What the law forbids to disclose stays withheld." in told.stdout
    assert listed(ran)["totals"]["undecided"] == before


def asked(habeas) -> dict[str, int]:
    """Count what is still asked, as whoever builds a package does: by applying policies and decisions to every record."""
    home = home_of(habeas)
    case, key = open_case(home, "DSR-17"), digest_key(home)
    runs, facts = in_review(case), [Fact(one.kind, one.value) for one in read_person(Vault(home).keys, case.folder).all()]
    with making(case) as work:
        prepare(bag := work / "DSR-17")
        data = GivenData(case, runs, Learned(runs, facts), values_digest(key, "DSR-17"), bag)
        data.services()
    return data.undecided


def test_what_is_still_asked_does_not_hang_on_the_cache(ran, tmp_path):
    """It is what the list says, place by place; nobody believes a cache that says that nothing waits; owners' files are among it."""
    told = [value for row in listed(ran)["rows"] for value in row["values"]]
    assert sum(asked(ran).values()) >= max(value["undecided"] for value in told) > 0
    cache = sqlite3.connect(home_of(ran) / "cases/DSR-17/findings.sqlite")
    with closing(cache), cache:
        cache.execute("UPDATE rows SET undecided = 0")
    assert listed(ran)["totals"]["undecided"] == 0
    first = asked(ran)
    assert sum(first.values()) > 0
    (tmp_path / "export.csv").write_text("x\n")
    ran("case", "add", "DSR-17", str(tmp_path / "export.csv"), "--vendor", "hris")
    assert asked(ran) == {**first, "hris/received/hris/1/file-1.csv": 1}
    for endpoint in first:
        assert ran("review", "give", "DSR-17", endpoint).returncode == 0
    assert asked(ran) == {"hris/received/hris/1/file-1.csv": 1}


def test_a_file_is_held_with_its_record(ran):
    """A record that is held takes its files along, with its reason; another record's file still waits; the file itself may be given."""
    run = home_of(ran) / "cases/DSR-17/runs/zoom"
    for line in (1, 2):
        raw = json.dumps({"record_line": line, "number": 1, "file": f"files/recordings/00000{line}-1.mp4"}) + "\n"
        with (run / "recordings.files.jsonl").open("a") as stream:
            stream.write(raw)
    names = [f"zoom/files/recordings/00000{line}-1.mp4" for line in (1, 2)]
    assert listed(ran)["files"] == names
    assert ran("review", "hold", "DSR-17", "zoom/recordings:1", "--because", "privilege").returncode == 0
    assert listed(ran)["files"] == names[1:]
    assert ran("review", "give", "DSR-17", names[0]).returncode == 0
    assert ran("review", "hold", "DSR-17", names[1]).returncode == 0
    assert listed(ran)["files"] == []


def test_a_decision_about_a_field_without_findings_is_not_called_gone(ran):
    """It holds on every record that has the field, flagged or not; the message for one that no record has says just that."""
    assert ran("review", "drop", "DSR-17", "zoom/meetings.created_at", "--because", "not_personal").returncode == 0
    assert listed(ran)["gone"] == {}


def test_several_things_are_decided_at_once_or_none(ran):
    """One command decides about two fields and takes both back; where one of them is not there, nothing is decided."""
    fields = ("zoom/meetings.agenda", "zoom/phone_call_logs.caller_name")
    before = listed(ran)["totals"]["undecided"]
    assert ran("review", "give", "DSR-17", fields[0], "zoom/meetings.nothing").returncode == 2
    assert not [one for one in state(ran)["acts"] if one["did"] == "decided"]
    done = ran("review", "give", "DSR-17", *fields, fields[0])
    first, _, undo, left = done.stdout.splitlines()
    numbers = [one["n"] for one in state(ran)["acts"] if one["did"] == "decided"]
    assert len(numbers) == 2
    assert first.startswith(f"Decided, act {numbers[0]}, {numbers[1]}: give {', '.join(fields)}, zoom/meetings.agenda, in ")
    assert left == f"{listed(ran)['totals']['undecided']} rows wait for a decision."
    assert ran(*undo.removeprefix("To take it back: habeas ").split()).stdout == f"Acts {numbers[0]}, {numbers[1]} are taken back.\n"
    assert listed(ran)["totals"]["undecided"] == before


def test_an_endpoint_is_not_said_to_be_a_number_of_places(ran):
    """A decision about an endpoint, a record or a file holds for all that stands in it: only values and fields are counted in places."""
    listed(ran)
    assert ran("review", "hold", "DSR-17", "zoom/recordings").stdout.startswith("Decided, act 5: hold zoom/recordings.\n")
    assert "hold zoom/meetings:1.\n" in ran("review", "hold", "DSR-17", "zoom/meetings:1").stdout
    assert "drop zoom/meetings.topic, in " in ran("review", "drop", "DSR-17", "zoom/meetings.topic").stdout
    shown = ran("case", "show", "DSR-17").stdout
    assert "decided hold zoom/recordings third_party" in shown
    assert "decided hold zoom/meetings record " in shown


def test_what_an_owner_gave_is_not_called_gone(ran, tmp_path):
    """A decision about a file that lies in the case holds: the list does not say that its file is not there; it ends with nothing to do."""
    (tmp_path / "export.csv").write_text("x\n")
    ran("case", "new", "DSR-19", "--simulated", stdin=PERSON)
    ran("case", "add", "DSR-19", str(tmp_path / "export.csv"), "--vendor", "hris")
    ran("case", "identified", "DSR-19", "--how", "called back")
    waits = ran("review", "list", "DSR-19").stdout
    assert waits.endswith(
        "1 file waits for a decision.\nDecide about a file:\n  habeas review give|hold DSR-19 hris/received/hris/1/file-1.csv\n"
    )
    done = ran("review", "give", "DSR-19", "hris/received/hris/1/file-1.csv")
    undo = "To take it back: habeas review undo DSR-19 4"
    assert done.stdout == f"Decided, act 4: give hris/received/hris/1/file-1.csv.\n{undo}\nNothing is undecided.\n"
    after = ran("review", "list", "DSR-19")
    assert (after.returncode, after.stdout) == (0, "0 values found; nothing is undecided.\n")
    assert "\nNothing blocks the release:\n  habeas package build DSR-19\n" in ran("case", "show", "DSR-19").stdout


def test_the_reasons_are_named_once(ran):
    """A reason that is none of the ten is answered with the nearest one, or with all of them, once."""
    said = ran("review", "mask", "DSR-17", "zoom/meetings", "--because", "bogus").stderr
    assert said.count("third_party") == 1


def test_a_value_that_is_decided_in_a_field_is_told_by_where_it_waits(ran):
    """The list, and the command at its end, name a field in which something is to be decided, not the most frequent one."""

    def values() -> list[dict]:
        return [one for row in listed(ran, "--most", "1000")["rows"] for one in row["values"]]

    before = next(one for one in values() if len(one["stands"]) > 1 and one["undecided"] and one["stands"][0]["kind"] == "who")
    stand = before["stands"][0]
    field = f"{stand['vendor']}/{stand['endpoint']}.{stand['field']}"
    assert ran("review", "mask", "DSR-17", field).returncode == 0
    after = next(one for one in values() if one["value"] == before["value"])
    assert 0 < after["undecided"] < before["undecided"]
    told = after["stands"][0]
    assert (told["endpoint"], told["field"]) != (stand["endpoint"], stand["field"])
    assert sorted(map(str, after["stands"])) == sorted(map(str, before["stands"]))
    where = ran("review", "list", "DSR-17").stdout
    assert f"\n  habeas review give|mask|drop DSR-17 {field}\n" not in where
