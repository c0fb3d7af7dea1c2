"""Packages of what is only called like something else, and of a request that no package answers."""

from __future__ import annotations

from unittest.mock import patch

import pytest

from engine.case.acts import Approved
from tests.case.acts_kit import NOW
from tests.case.invented import decided as decide
from tests.case.invented import opened_with, run_folder
from tests.case.package_kit import bag_of, built, give_all, open_here
from tests.case.test_commands import PERSON
from tests.case.test_invented import line, nothing_left

OURS = ["November 2026", "2026-11-30", "another person", "matched", "third_party", "style.css", "en", "General Data Protection Regulation"]


@pytest.mark.parametrize("topic", OURS)
def test_what_is_called_as_the_package_calls_something_does_not_stop_it_for_good(habeas, tmp_path, topic):
    """A day, a state, a word of a page: nobody can withhold those, so they are named, and somebody says that they may stand there."""
    body = {"finished": "2026-11-30T12:00:00Z"}
    opened_with(habeas, run_folder(tmp_path / "run", {"calls": line({"topic": topic}) + line({"n": "x"})}, **body))
    decide(habeas, "mask", "acme/calls:1#/topic")
    give_all(habeas)
    done = habeas("package", "build", "DSR-17")
    assert done.returncode == 0, done.stderr
    assert "data/acme/calls" not in done.stdout
    assert "or since the package, or a field, is called so:\n  withheld at acme/calls#/topic (third_party); stands in " in done.stdout
    assert topic.lower() not in (bag_of(habeas) / "data/acme/calls.json").read_text().lower().replace("[withheld: another person]", "")
    assert habeas("package", "approve", "DSR-17").returncode == 3
    assert habeas("package", "approve", "DSR-17", "--also-given").returncode == 0


@pytest.mark.parametrize(("second", "code"), [({"n": "x"}, 0), ({"n": "the operator"}, 5), ({"dear operator": "x"}, 5)])
def test_a_caller_who_is_called_like_a_field_is_confirmed_where_only_fields_are_called_so(habeas, tmp_path, second, code):
    """Zoom names a field `operator_name`, which cannot be withheld; the same word in a text is still refused."""
    records = line({"id": "1", "caller_name": "Operator", "operator_name": ""}) + line({"id": "2", **second})
    opened_with(habeas, run_folder(tmp_path / "run", {"phone_call_history": records}, vendor="zoom"))
    decide(habeas, "mask", "zoom/phone_call_history.caller_name")
    give_all(habeas)
    done = habeas("package", "build", "DSR-17")
    assert done.returncode == code, done.stdout + done.stderr
    assert "(third_party); stands in data/zoom/phone_call_history" in done.stdout + done.stderr


def test_a_call_of_the_persons_own_number_may_be_held(decided):
    """Their number stands in every other call too: the run tells that it is theirs, though nobody named it in the case."""
    done = decided("review", "hold", "DSR-17", "zoom/phone_call_history:1", "--because", "privilege")
    assert done.returncode == 0, done.stderr
    done = decided("package", "build", "DSR-17")
    assert done.returncode == 0, done.stderr
    assert "1 whole record" in done.stdout


def test_a_package_of_before_does_not_answer_a_request_for_deletion(habeas, tmp_path):
    """One that was made when that was not refused yet is neither approved nor released: the letter answers."""
    assert habeas("case", "new", "DSR-17", "--right", "deletion", "--simulated", stdin=PERSON).returncode == 0
    opened_with(habeas, run_folder(tmp_path / "run", {"calls": line({"n": 1})}))
    give_all(habeas)
    with patch("engine.case.build._check_begun"):
        package = built(habeas)
    done = habeas("package", "approve", "DSR-17")
    assert (done.returncode, done.stdout) == (2, "")
    assert "which no package answers: habeas case conclude DSR-17" in done.stderr
    with patch("engine.case.folder.refusal", return_value=None):
        open_here(habeas).act(Approved(package=package), NOW)
    done = habeas("package", "release", "DSR-17", "--seal", "none")
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert nothing_left(habeas)
