"""Each thing that must stop a package, alone: what nobody approved, what was changed since, who may not, and what is not what it says."""

from __future__ import annotations

import json
import shutil

import msgspec
import pytest

from engine.case.acts import Decided, Excused, Identified, TakenIn, Target
from engine.case.review import decisions_of
from engine.case.take import take_run
from engine.case.taken_run import read_run
from engine.errors import Refused
from engine.package.bag import BagInfo, close_bag, sha256_of
from tests.case.acts_kit import NOW
from tests.case.package_kit import approve, approved, bag_of, built, give_all, open_here
from tests.case.test_commands import files, home_of, state

SEALED = ("DSR-17.html", "DSR-17.zip")


def sealed(habeas) -> list[str]:
    """Give what of a package could be handed over."""
    return [name for name in SEALED if bag_of(habeas).with_name(name).exists()]


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (Excused(vendor="zoom", say="We did not fetch these."), "who asks is not shown to be the person"),
        (Identified(how="passport seen at the desk"), "files of recordings were not downloaded"),
    ],
)
def test_what_blocks_a_case_blocks_its_approval_and_its_release(ran, act, says):
    """An identity that nobody checked, a gap that nobody excused: the package may be looked at, and does not leave."""
    assert ran("review", "list", "DSR-17").returncode == 3
    assert ran("review", "give", "DSR-17", "undecided").returncode == 0
    open_here(ran).act(act, NOW)
    built(ran)
    done = ran("package", "approve", "DSR-17")
    assert done.returncode == 3
    assert says in done.stdout
    assert done.stdout.endswith("Nothing was approved.\n")
    done = ran("package", "release", "DSR-17")
    assert (done.returncode, done.stdout) == (2, "")
    assert "habeas package approve DSR-17 comes first; nothing left" in done.stderr
    assert (state(ran)["state"], sealed(ran)) == ("reviewing", [])


def test_of_four_eyes_the_other_two_may_approve(ran, monkeypatch):
    """Who decided nothing approves; who decides afterwards makes it two again."""
    assert ran("review", "list", "DSR-17").returncode == 3
    policy = home_of(ran) / "cases/DSR-17/policies/zoom.yaml"
    policy.write_text(policy.read_text().replace("vendor: zoom\n", "vendor: zoom\nfour_eyes: true\n", 1))
    give_all(ran)
    built(ran)
    assert ran("package", "approve", "DSR-17").returncode == 3
    for module in ("engine.cli.package", "engine.case.folder"):
        monkeypatch.setattr(f"{module}.user", lambda: "boss")
    assert ran("package", "approve", "DSR-17").returncode == 0
    assert state(ran)["acts"][-1]["by"] == "boss"
    case = open_here(ran)
    case.act(Decided(operation="hold", target=Target(vendor="zoom", endpoint="meetings"), because="privilege"), NOW)
    built(ran)
    done = ran("package", "approve", "DSR-17")
    assert (done.returncode, "boss decided something in this case" in done.stdout) == (3, True)


def test_what_stands_at_two_places_is_confirmed_with_its_number(decided):
    """A value that is withheld here and given there by decision: approved in so many words only, and the log says of how many."""
    run = home_of(decided) / "cases/DSR-17/runs/zoom"
    told = [
        [json.loads(line)["topic"] for line in (run / f"{name}.jsonl").read_bytes().splitlines()] for name in ("meetings", "recordings")
    ]
    line = next(number for number, topic in enumerate(told[0], 1) if topic in told[1] and len(topic) > 8)
    assert decided("review", "give", "DSR-17", "zoom/recordings.topic").returncode == 0
    assert decided("review", "mask", "DSR-17", f"zoom/meetings:{line}#/topic", "--because", "privilege").returncode == 0
    places = json.loads(decided("package", "build", "DSR-17", "--json").stdout)["elsewhere"]
    assert places
    done = decided("package", "approve", "DSR-17")
    assert (done.returncode, "say so with --also-given" in done.stdout, state(decided)["state"]) == (3, True, "reviewing")
    assert decided("package", "approve", "DSR-17", "--also-given").returncode == 0
    assert open_here(decided).lines[-1].act.also_given == len(places)


def test_another_package_in_the_place_of_the_one_that_was_built_is_noticed(packed):
    """Changed, and closed again as a bag: every sum in it holds, and it is another package all the same."""

    def change(word: bytes) -> None:
        page = bag_of(packed) / "index.html"
        page.write_bytes(page.read_bytes() + word)
        close_bag(bag_of(packed), BagInfo("DSR-17", NOW.date(), "another program"))

    kept = files(bag_of(packed))
    change(b"<!-- built -->")
    done = packed("package", "approve", "DSR-17")
    assert (done.returncode, done.stdout) == (5, "")
    assert "is not the package that was built: another one was built" in done.stderr
    for name, content in kept.items():
        (bag_of(packed) / name).write_bytes(content)
    assert packed("package", "approve", "DSR-17").returncode == 0
    change(b"<!-- approved -->")
    done = packed("package", "release", "DSR-17")
    assert (done.returncode, done.stdout, sealed(packed)) == (5, "", [])
    assert "is not the package that was approved" in done.stderr


def test_a_package_that_was_deleted_is_to_be_built_again(packed):
    """What is noted beside it is no package."""
    shutil.rmtree(bag_of(packed))
    for command in ("approve", "release"):
        done = packed("package", command, "DSR-17")
        assert done.returncode == 2
        assert "no package of DSR-17 was built: habeas package build DSR-17" in done.stderr
    built(packed)
    assert bag_of(packed).is_dir()


def test_released_again_it_is_sealed_anew_and_one_passphrase_opens_what_is_there(packed):
    """The same package, another passphrase and form; the sealed file of before is gone, and the log says once that it left."""
    approve(packed)
    words = [packed("package", "release", "DSR-17", "--seal", form) for form in ("page", "none", "page")]
    assert [one.returncode for one in words] == [0, 0, 0]
    assert sealed(packed) == ["DSR-17.html"]
    assert [one["did"] for one in state(packed)["acts"]].count("released") == 1
    assert words[0].stdout != words[2].stdout
    assert open_here(packed).case.releases[0].folder == "releases/1/DSR-17"


def test_what_the_log_cannot_take_is_not_handed_over(packed, monkeypatch):
    """A release that was not recorded left nothing that could be handed over."""
    approve(packed)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("engine.case.log.os.write", full)
    done = packed("package", "release", "DSR-17")
    monkeypatch.undo()
    assert (done.returncode, sealed(packed)) == (3, [])
    assert "the disk is full" in done.stderr
    assert state(packed)["state"] == "approved"
    assert packed("package", "release", "DSR-17").returncode == 0


def test_a_note_that_is_damaged_does_not_stop_the_next_build(decided):
    """`built.json` is said to be damaged, and building again mends it."""
    first = built(decided)
    note = bag_of(decided).with_name("built.json")
    note.write_bytes(b"{half")
    note.chmod(0o600)
    done = decided("package", "approve", "DSR-17")
    assert (done.returncode, "is damaged: habeas package build DSR-17 makes the package anew" in done.stderr) == (2, True)
    assert built(decided) == first
    assert decided("package", "approve", "DSR-17").returncode == 0


def retold(habeas, told: dict) -> None:
    """Let the log name another manifest for the run: one that was taken in before anybody looked at what it says."""
    case = open_here(habeas)
    path = case.folder / "runs/zoom/manifest.json"
    path.write_text(json.dumps(told))
    case.act(msgspec.structs.replace(case.case.vendors["zoom"].run, proof=sha256_of(path)), NOW)
    give_all(habeas)


def manifest_of(habeas) -> dict:
    """Read the manifest of the run."""
    return json.loads((home_of(habeas) / "cases/DSR-17/runs/zoom/manifest.json").read_bytes())


def test_records_of_which_a_manifest_says_nothing_are_not_left_out_unsaid(decided):
    """A file of records lies there, and no endpoint: the package would not tell of it."""
    told = manifest_of(decided)
    del told["endpoints"]["webinars"]
    retold(decided, told)
    done = decided("package", "build", "DSR-17")
    assert (done.returncode, done.stdout) == (5, "")
    assert "webinars.jsonl holds records of which the manifest beside it says nothing: fetch it anew; nothing was built" in done.stderr


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"expected": 70}, "it calls `meetings` complete, where 60 of the 70 records came that the vendor announced"),
        ({"records": 61}, "holds 60 records of `meetings`, and its manifest counts 61: fetch it anew"),
    ],
)
def test_a_manifest_that_cannot_be_so_is_not_packed(decided, change, says):
    """Though its digest stands in the log."""
    told = manifest_of(decided)
    told["endpoints"]["meetings"] |= change
    retold(decided, told)
    done = decided("package", "build", "DSR-17")
    assert (done.returncode, done.stdout) == (5, "")
    assert says in done.stderr
    assert "nothing was built" in done.stderr


def test_an_ended_case_makes_no_package(decided):
    """Taken back, nothing is built of it."""
    assert decided("case", "withdraw", "DSR-17").returncode == 0
    done = decided("package", "build", "DSR-17")
    assert (done.returncode, done.stdout) == (2, "")
    assert "DSR-17 is withdrawn: nothing can be built of it" in done.stderr


def test_a_package_names_the_key_that_signs_it(packed):
    """A key that was replaced since the build signs nothing: the first page would tell to check with another one."""
    approve(packed)
    for name in ("signing.sealed", "signing.pub"):
        (home_of(packed) / name).unlink()
    done = packed("package", "release", "DSR-17")
    assert (done.returncode, sealed(packed)) == (5, [])
    assert "build it again, and approve it; nothing left" in done.stderr


def test_a_package_that_was_built_anew_since_its_approval_wants_another_one(decided):
    """Who answers changed, and no decision: other bytes on the same act, which nobody looked at."""
    first = approved(decided)
    (home_of(decided) / "office.yaml").write_text("controller: Acme GmbH\ncontact: privacy@acme.example\n")
    assert built(decided) != first
    done = decided("package", "release", "DSR-17")
    assert (done.returncode, sealed(decided)) == (5, [])
    assert "is not the package that was approved: another one was approved" in done.stderr
    assert decided("package", "approve", "DSR-17").returncode == 0
    assert decided("package", "release", "DSR-17").returncode == 0


def test_what_is_withheld_here_and_stands_there_is_not_built(decided):
    """A topic of a meeting and its recording, withheld here and not decided about there: the places are named, and what to type."""
    run = home_of(decided) / "cases/DSR-17/runs/zoom"
    told = [
        [json.loads(line)["topic"] for line in (run / f"{name}.jsonl").read_bytes().splitlines()] for name in ("meetings", "recordings")
    ]
    line, topic = next((number, one) for number, one in enumerate(told[0], 1) if one in told[1] and len(one) > 8)
    assert decided("review", "mask", "DSR-17", f"zoom/meetings:{line}#/topic", "--because", "privilege").returncode == 0
    done = decided("package", "build", "DSR-17")
    assert (done.returncode, done.stdout) == (5, "")
    assert (
        "1 withheld value would leave, so nothing was built: withheld at zoom/meetings#/topic (privilege); stands in data/zoom/"
        in done.stderr
    )
    assert "habeas review mask DSR-17 TARGET" in done.stderr
    assert "habeas review hold DSR-17 zoom/meetings --because privilege" in done.stderr
    assert topic not in done.stderr
    assert not bag_of(decided).exists()


def test_a_way_that_was_not_read_whole_is_told_as_a_gap(decided):
    """An endpoint that only leads to others is no kind of record; read in part it is one, of which nothing could be found."""
    told = manifest_of(decided)
    way = {**told["endpoints"]["meetings"], "records": 3, "expected": None, "file": None}
    told["endpoints"] |= {"whole_way": way, "part_way": {**way, "outcome": "partial"}}
    retold(decided, told)
    built(decided)
    counts = json.loads((bag_of(decided) / "data/completeness.json").read_bytes())["services"][0]["kinds"]
    found = {one["endpoint"]: (one["outcome"], one["found"]) for one in counts}
    assert (found.get("whole_way"), found.get("part_way")) == (None, ("partial", 0))


def test_a_name_that_was_added_since_the_build_wants_another_one(packed):
    """Who asks stands on the first page, and what is theirs is not taken for somebody else's."""
    assert packed("case", "name", "DSR-17", stdin="email: mara.second@example.com\n").returncode == 0
    done = packed("package", "approve", "DSR-17")
    assert (done.returncode, "changed what it holds: habeas package build DSR-17" in done.stderr) == (2, True)


def test_a_run_that_does_not_count_leaves_a_package_and_its_approval_as_they_are(packed):
    """It found nobody before the one that counts found the person: the answer is the same, and to build and approve it anew would change nothing."""
    outdated = TakenIn(vendor="zoom", folder="runs/zoom-2", proof="0", subject="no_match", later="runs/zoom")
    for words in (("approve", "DSR-17"), ("release", "DSR-17", "--seal", "none")):
        open_here(packed).act(outdated, NOW)
        done = packed("package", *words)
        assert done.returncode == 0, done.stderr
    open_here(packed).act(outdated, NOW)
    assert state(packed)["state"] == "released"


def test_a_policy_that_was_changed_is_looked_through_again_before_anything_is_counted(decided):
    """What waits is not said by a policy that nobody looked by."""
    policy = home_of(decided) / "cases/DSR-17/policies/zoom.yaml"
    policy.write_bytes(policy.read_bytes() + b"\n# changed\n")
    assert "nobody has looked at what was found" in state(decided)["blocks"]


def test_a_manifest_that_changes_while_it_is_read_is_not_taken(ran, tmp_path):
    """What was judged and what is copied are the same bytes."""
    case, source = open_here(ran), tmp_path / "zoom"
    shutil.copytree(case.folder / "runs/zoom", source)
    run = read_run(source)
    (source / "manifest.json").write_bytes((source / "manifest.json").read_bytes() + b"\n")
    with pytest.raises(Refused, match="changed while it was read; nothing was taken"):
        take_run(case, source, run, NOW, same=True)
    assert sorted(one.name for one in (case.folder / "runs").iterdir() if one.is_dir()) == ["zoom"]


def test_a_decision_at_one_vendor_holds_at_no_other():
    """Kinds of records are called alike at several."""
    hold = Decided(operation="hold", target=Target(vendor="slack", endpoint="meetings"), because="privilege")
    assert decisions_of({7: hold}, "zoom", str).on_endpoint("meetings") is None
    assert decisions_of({7: hold}, "slack", str).on_endpoint("meetings") is not None


def test_what_is_asked_after_the_approval_is_outstanding_when_it_is_released(packed):
    """The package does not name the owner who was asked since: as long as there is no answer and no excuse, it does not leave."""
    home = home_of(packed)
    (home / "office.yaml").write_text("controller: Acme GmbH\ncontact: privacy@office.example\nsignature: Pat\n")
    (home / "contacts.yaml").write_text("owners:\n  hris: {title: the HR system, to: hr@acme.example}\n")
    approve(packed)
    assert packed("contact", "send", "DSR-17", "hris", "access").returncode == 0
    done = packed("package", "release", "DSR-17", "--seal", "none")
    assert (done.returncode, done.stdout, sealed(packed)) == (2, "", [])
    assert "since the approval something is outstanding: hris: a mail to be sent by hand was written" in done.stderr
    assert packed("contact", "stop", "DSR-17", "hris").returncode == 0
    assert packed("package", "release", "DSR-17", "--seal", "none").returncode == 2
    assert packed("case", "excuse", "DSR-17", "hris", "--say", "They did not answer.").returncode == 0
    approved(packed)
    assert packed("package", "release", "DSR-17", "--seal", "none").returncode == 0
    assert "They did not answer." in (bag_of(packed) / "index.html").read_text()
