"""The other commands as people type them, and what is seen on a terminal."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys

import pytest

from engine.cli.app import command_line
from engine.reference.command_page import every
from tests.conftest import ROOT
from tests.core.specs import HEAD
from tests.whole.commands import FULL, SECRETS


def test_progress_is_drawn_on_a_terminal(zoom, tmp_path):
    """One row per endpoint and one for the run, redrawn: what it waits for, what it has read, how it ended."""
    ours, theirs = pty.openpty()
    words = ["run", "zoom", "--at", zoom.address, "--email", FULL, "--out", str(tmp_path), "--since", "60d", "--without", "webinars"]
    with subprocess.Popen(
        [sys.executable, "-m", "engine", *words],
        env={**os.environ, "HABEAS_ZOOM_TOKEN": zoom.token},
        cwd=ROOT,
        stderr=theirs,
        stdout=subprocess.PIPE,
    ) as process:
        os.close(theirs)
        drawn = b""
        try:
            while chunk := os.read(ours, 65536):
                drawn += chunk
        except OSError:
            pass
        process.communicate(timeout=60)
    os.close(ours)
    text = drawn.decode()
    assert "\x1b[17A" in text
    assert "complete    60 records" in text
    assert "webinars" not in text
    assert not any(secret in text for secret in SECRETS)


def test_help_shows_an_example_for_each_command(habeas):
    """And the list of commands fits on a screen."""
    listed = habeas("--help").stdout
    for command in ("run", "plan", "check", "simulate"):
        assert command in listed
        told = habeas(command, "--help").stdout
        assert f"Example: habeas {command}" in told
        assert max(len(line) for line in told.splitlines()) <= 80
    assert habeas("--version").stdout.startswith("habeas 0.")


def test_every_command_is_named_with_what_it_does(habeas):
    """In the list, whole; and each one called by its name gives its own help, groups and their commands too."""
    listed = " ".join(habeas("--help").stdout.split("Commands:")[1].split())
    command = command_line()
    for name, words in command.commands.told():
        assert words.endswith((".", "?"))
        assert f"{name} {words}" in listed
        assert command.commands[name].name == name
    for name, made in every():
        assert made.help
        assert habeas(*name.split()[1:], "--help").stdout.startswith(f"Usage: {name} ")


def test_the_end_of_a_command_looks_for_no_garbage():
    """What is left then is freed by the end of the process: looking through all that was imported costs as much as a tenth of a run."""
    left = "class Left:\n  def __del__(self): print('looked')\nleft = Left(); left.own = left"
    for first, told in (("", "looked\n"), ("from engine.cli import spare_start; spare_start()\n", "")):
        done = subprocess.run([sys.executable, "-c", first + left], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
        assert (done.stdout, done.stderr) == (told, "")


def test_a_command_that_is_none_is_answered_with_the_nearest(habeas):
    """Groups too, which are not imported for it."""
    told = habeas("polici", "check")
    assert told.returncode == 2
    assert "No such command 'polici'. Did you mean 'policy'?" in told.stderr


def test_a_plan_needs_neither_person_nor_token_nor_network(habeas):
    """What would be asked, how often, and how long that takes at the limit."""
    told = habeas("plan", "zoom")
    assert told.returncode == 0
    assert "GET /users/<USER_ID>/recordings" in told.stdout
    assert "at 75 % of the limit of `medium` on the plan `pro`" in told.stdout
    assert "75 % of the limits on the plan `pro` lets them leave at once" in habeas("plan", "zoom", "--only", "settings").stdout
    found = json.loads(habeas("plan", "zoom", "--json", "--plan", "free", "--only", "settings").stdout)
    assert [step["name"] for step in found["steps"]] == ["verify", "lookup", "settings"]
    assert found["plan"] == "free"


def test_a_plan_without_limits_says_so(habeas, tmp_path):
    """No bucket is called `None`, and nothing takes 0.0 seconds."""
    (tmp_path / "acme.yaml").write_text(HEAD + "    it: {get: /p/<USER_ID>}\n")
    told = habeas("plan", str(tmp_path / "acme.yaml")).stdout
    assert told.endswith(
        "At least 3 requests; the spec names no limit for them, so how long that takes depends on the vendor's answers alone.\n"
    )


def test_check_prints_every_mistake_in_three_forms(habeas, tmp_path):
    """For people, for programs, and for a pull request; notes alone leave the exit code 0."""
    broken = tmp_path / "zoom.yaml"
    source = (ROOT / "specs" / "zoom.yaml").read_text("utf-8")
    broken.write_text(source.replace("records: webinars", "record: webinars").replace("30/s", "30 a second"))
    told = habeas("check", str(broken))
    assert told.returncode == 2
    assert "did you mean `records`?" in told.stdout
    assert "2 mistakes" in told.stdout
    found = [one for one in json.loads(habeas("check", "--format", "json", str(broken)).stdout) if one["level"] == "error"]
    assert [(one["line"], one["message"].split("`")[1]) for one in found] == [
        (1 + source[: source.index("30/s")].count("\n"), "30 a second"),
        (1 + source[: source.index("records: webinars")].count("\n"), "record"),
    ]
    assert habeas("check", "--format", "github", str(broken)).stdout.count("::error file=") == 2
    assert habeas("check").returncode == 0
    run = habeas("run", str(broken), "--email", FULL, HABEAS_ZOOM_TOKEN="x")
    assert run.returncode == 2
    assert "did you mean `records`?" in run.stderr


def test_a_spec_of_a_hundred_megabytes_is_not_read(habeas, tmp_path):
    """It is refused by its size, at once."""
    large = tmp_path / "large.yaml"
    with large.open("wb") as file:
        file.truncate(100 << 20)
    told = habeas("check", str(large))
    assert told.returncode == 2
    assert "large.yaml" in told.stdout + told.stderr
    assert "Traceback" not in told.stderr


def test_the_faults_are_listed_with_a_sentence_each(habeas):
    """So that nobody has to read the code."""
    lines = habeas("simulate", "zoom", "--faults", "list").stdout.splitlines()
    assert len(lines) >= 30
    assert all(len(line.split(maxsplit=1)) == 2 for line in lines)


def test_a_defect_is_named_by_its_place_and_never_by_its_text(monkeypatch, capsys):
    """What an unforeseen error says could be somebody's data: it is not printed."""
    from engine.cli import app as module

    def broken(*_):
        message = f"canary {FULL}"
        raise ExceptionGroup(message, [KeyError(message)])

    monkeypatch.setattr(module, "command_line", lambda: broken)
    with pytest.raises(SystemExit) as ended:
        module.main()
    told = capsys.readouterr()
    assert ended.value.code == 1
    assert "a defect of ours (KeyError at" in told.err
    assert "canary" not in told.err + told.out


def test_check_passes_the_schema_over_and_names_what_is_a_folder(habeas, tmp_path):
    """`specs/*` names the schema too, which is no spec; a folder is not searched, and says what to write."""
    specs = ROOT / "specs"
    assert habeas("check", str(specs / "slack.yaml"), str(specs / "habeas.schema.json")).stdout.splitlines()[-1].startswith("1 spec,")
    alone = habeas("check", str(specs / "habeas.schema.json"))
    assert (alone.returncode, alone.stderr) == (
        2,
        f"error: {specs / 'habeas.schema.json'} is the JSON Schema of specs, and no spec: name a spec\n",
    )
    told = habeas("check", str(specs))
    assert (told.returncode, told.stderr) == (2, f"error: {specs} is a folder: name the files in it, {specs}/*.yaml\n")
    assert "is a folder" in habeas("check", "specs").stderr
    other = tmp_path / "other.json"
    other.write_text("{}")
    assert habeas("check", str(other)).returncode == 2
    assert "JSON Schema" not in habeas("check", str(tmp_path / "none.json")).stderr
