"""The package of a case: built, approved and released by the command line, and each thing that must stop it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from engine.case.acts import Decided, Target
from tests.case.acts_kit import NOW
from tests.case.package_kit import approve, approved, bag_of, built, give_all, names_of_others, open_here, withhold_value
from tests.case.test_commands import files, home_of, state
from tests.conftest import ROOT


def test_nothing_is_built_while_something_waits(ran):
    """What nobody decided about stops the build, which says where it is; nothing is left behind."""
    assert ran("review", "list", "DSR-17").returncode == 3
    done = ran("package", "build", "DSR-17")
    assert (done.returncode, done.stdout) == (2, "")
    assert "zoom/phone_call_history" in done.stderr
    assert "habeas review list DSR-17" in done.stderr
    assert not [*(home_of(ran) / "cases" / "DSR-17" / "releases").glob("[0-9.]*[0-9g]")]


def test_a_package_goes_from_decisions_to_the_person(decided):
    """It is built, approved by its sha256, signed and sealed; judges from outside agree, and the letter names key and package."""
    withheld = names_of_others(decided)[0]
    withhold_value(decided, withheld)
    sha256 = approved(decided)
    done = decided("package", "release", "DSR-17")
    assert done.returncode == 0, done.stderr
    bag = bag_of(decided)
    for words in (
        ["sha256sum", "--check", "--quiet", "manifest-sha256.txt", "tagmanifest-sha256.txt"],
        [
            "bash",
            "-c",
            "ssh-keygen -Y verify -f signers.txt -I habeas -n habeas-package -s tagmanifest-sha256.txt.sig < tagmanifest-sha256.txt",
        ],
    ):
        assert subprocess.run(words, cwd=bag, check=False, capture_output=True).returncode == 0
    assert decided("package", "verify", str(bag)).returncode == 0
    kinds = json.loads((bag / "data" / "completeness.json").read_text())["services"][0]["kinds"]
    assert {one["found"] - one["expected"] for one in kinds if one["outcome"] == "complete" and one["expected"] is not None} == {0}
    assert bag.with_name("DSR-17.html").is_file()
    assert state(decided)["state"] == "released"
    name = withheld.encode()
    assert not [one for one, content in files(bag).items() if name in content or withheld in one]
    assert any(b"person 1" in content for content in files(bag).values())
    (home_of(decided) / "office.yaml").write_text("controller: Acme GmbH\ncontact: privacy@acme.example\n")
    assert decided("case", "delivered", "DSR-17", "--how", "by the company's file share").returncode == 0
    letter = next((home_of(decided) / "cases" / "DSR-17" / "letters").glob("*-deliver.txt")).read_text()
    assert sha256 in letter
    assert json.loads(decided("package", "key", "--json").stdout)["fingerprint"] in letter


def test_the_same_decisions_make_the_same_bytes(decided):
    """Built twice, each file is the same, and so is what stands for the package; a decision makes another one."""
    first, before = built(decided), files(bag_of(decided))
    assert built(decided) == first
    assert files(bag_of(decided)) == before
    withhold_value(decided, names_of_others(decided)[0], "mask")
    assert built(decided) != first
    assert len([*bag_of(decided).parent.parent.glob("[0-9]*")]) == 1


def test_what_was_identified_or_acknowledged_meanwhile_changes_no_byte(decided):
    """Only acts that change what is given make another package."""
    first = built(decided)
    (home_of(decided) / "office.yaml").write_text("controller: Acme GmbH\ncontact: privacy@acme.example\n")
    assert decided("case", "acknowledge", "DSR-17").returncode == 0
    (home_of(decided) / "office.yaml").unlink()
    assert built(decided) == first
    assert decided("package", "approve", "DSR-17").returncode == 0


def test_a_decision_after_the_approval_wants_another_build(packed):
    """What was approved is not what the case says any more: release and approval are refused until it is built and looked at again."""
    approve(packed)
    case = open_here(packed)
    hold = Decided(operation="hold", target=Target(vendor="zoom", endpoint="meetings"), because="privilege")
    case.act(hold, NOW)
    for command in ("release", "approve"):
        done = packed("package", command, "DSR-17")
        assert done.returncode == 2
        assert f"act {case.case.n} changed what it holds: habeas package build DSR-17" in done.stderr
    assert state(packed)["state"] == "reviewing"


def test_other_bytes_than_the_approved_ones_never_leave(packed):
    """A byte of the approved package that was changed is found, named, and nothing is sealed."""
    approve(packed)
    page = bag_of(packed) / "data" / "zoom" / "meetings.json"
    page.write_bytes(page.read_bytes().replace(b"a", b"b", 1))
    done = packed("package", "release", "DSR-17")
    assert (done.returncode, done.stdout) == (5, "")
    assert "data/zoom/meetings.json" in done.stderr
    assert not bag_of(packed).with_name("DSR-17.html").exists()
    assert state(packed)["state"] == "approved"


@pytest.mark.parametrize(
    "changed",
    ["meetings.jsonl", "manifest.json"],
)
def test_a_run_that_was_changed_after_it_was_taken_in_is_not_packed(decided, changed):
    """The package stands on the bytes that the log names."""
    path = home_of(decided) / "cases" / "DSR-17" / "runs" / "zoom" / changed
    path.write_bytes(path.read_bytes().replace(b"0", b"1", 1))
    done = decided("package", "build", "DSR-17")
    assert (done.returncode, done.stdout) == (5, "")
    assert changed in done.stderr
    assert "nothing was built" in done.stderr


def test_a_policy_that_changed_since_the_review_wants_another_look(decided):
    """A policy is in force when somebody looked through the runs by it."""
    policy = home_of(decided) / "cases" / "DSR-17" / "policies" / "zoom.yaml"
    policy.write_bytes(policy.read_bytes() + b"\n# changed\n")
    done = decided("package", "build", "DSR-17")
    assert done.returncode == 2
    assert "habeas review list DSR-17" in done.stderr


def test_who_asks_must_be_known_before_anything_is_approved(decided):
    """What blocks a case blocks its approval, with what to do."""
    assert decided("case", "add", "DSR-17", "README.md", "--vendor", "hris").returncode == 0
    done = decided("package", "build", "DSR-17")
    assert done.returncode == 2
    assert "hris/received/hris/1/file-1.md" in done.stderr
    assert decided("review", "hold", "DSR-17", "hris/received/hris/1/file-1.md", "--because", "trade_secret").returncode == 0
    built(decided)
    told = (bag_of(decided) / "data" / "withheld.json").read_text()
    assert '"vendor": "hris"' in told
    assert not [name for name, content in files(bag_of(decided)).items() if b"README.md" in content]


def test_four_eyes_are_two_people(ran):
    """Where a policy wants four eyes, who decided does not approve."""
    assert ran("review", "list", "DSR-17").returncode == 3
    policy = home_of(ran) / "cases" / "DSR-17" / "policies" / "zoom.yaml"
    policy.write_text(policy.read_text().replace("vendor: zoom\n", "vendor: zoom\nfour_eyes: true\n", 1))
    give_all(ran)
    built(ran)
    done = ran("package", "approve", "DSR-17")
    assert done.returncode == 3
    assert "four eyes" in done.stdout
    assert state(ran)["state"] == "reviewing"


def test_building_imports_no_network():
    """It sends nothing; the HTTP client alone would take ten megabytes."""
    code = "import sys, engine.cli.package; print([name for name in ('aiohttp', 'engine.net') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"
