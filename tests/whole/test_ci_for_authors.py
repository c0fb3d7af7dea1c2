"""The pre-commit hooks and the GitHub Action: what they name exists, and their own shell runs here, with hostile inputs too."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT

HOOKS = {one["id"]: one for one in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))}
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
INSTALL, CHECK = ACTION["runs"]["steps"]
SPEC = """spec: 1
vendor: acme
base_url: https://api.example.com/v1
auth: {headers: {Authorization: Bearer <SECRET>}}
verify: {get: /me}
access:
  lookup: {get: /people/<EMAIL>, match: email, capture: {ID: id}}
  endpoints:
    notes: {get: /people/<ID>/notes, records: notes}
"""
BROKEN = SPEC.replace("records: notes", "record: notes")
OPENAPI = '{"openapi": "3.0.0", "info": {"title": "x", "version": "1"}, "paths": {}}'


@pytest.fixture
def runner(tmp_path):
    """Be GitHub's runner: a workspace with two specs, and the environment in which an action's step is run by bash."""
    work = tmp_path / "work"
    (work / "specs").mkdir(parents=True)
    (work / "specs" / "acme.yaml").write_text(SPEC)
    (work / "specs" / "two words.yaml").write_text(SPEC.replace("acme", "two"))
    (work / "engine").mkdir()
    (work / "engine" / "__main__.py").write_text("raise SystemExit('the repository that is checked must not be imported')")
    python = tmp_path / "temp" / "habeas" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    python.chmod(0o755)

    def step(one: dict, **inputs: str) -> subprocess.CompletedProcess[str]:
        given = {name: str(word.get("default", "")) for name, word in ACTION["inputs"].items()} | inputs
        own = {name: given[re.fullmatch(r"\$\{\{ inputs\.(\w+) \}\}", value)[1]] for name, value in one["env"].items()}
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        github = {"GITHUB_ACTION_PATH": str(ROOT), "GITHUB_WORKSPACE": str(work), "RUNNER_TEMP": str(tmp_path / "temp"), "CI": "true"}
        script = tmp_path / "step.sh"
        script.write_text(one["run"])
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
        return subprocess.run(command, cwd=work, env={**kept, **github, **own}, capture_output=True, text=True, timeout=60, check=False)

    step.work = work  # type: ignore[attr-defined]
    return step


def test_the_action_is_composite_and_no_input_stands_in_a_script():
    """An expression inside `run` would be evaluated before bash quotes it: every input goes through `env`."""
    assert ACTION["runs"]["using"] == "composite"
    assert set(ACTION["inputs"]) == {"specs", "openapi", "strict", "python"}
    for step in ACTION["runs"]["steps"]:
        assert step["shell"] == "bash"
        assert "${{" not in step["run"]
        assert "eval" not in step["run"]
        assert all(re.fullmatch(r"\$\{\{ inputs\.\w+ \}\}", value) for value in step["env"].values())
    text = (ROOT / "action.yml").read_text("utf-8")
    assert not re.search(r"https?://|--(extra-)?index-url", text)
    used = {name for step in ACTION["runs"]["steps"] for value in step["env"].values() for name in re.findall(r"inputs\.(\w+)", value)}
    assert used == set(ACTION["inputs"])


def test_the_action_installs_what_is_pinned(runner, tmp_path):
    """A virtual environment of its own, filled with hashes alone; a Python that is too old is said."""
    log = tmp_path / "log"
    python = tmp_path / "python"
    python.write_text(
        f'#!/bin/sh\necho "$@" >> {log}\nif [ "$1" = -m ]; then mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; exit 0; fi\n'
        f'exec {shlex.quote(sys.executable)} "$@"\n'
    )
    python.chmod(0o755)
    (tmp_path / "temp" / "habeas" / "bin" / "python").unlink()
    done = runner(INSTALL, python=str(python))
    assert done.returncode == 0, done.stdout + done.stderr
    asked = log.read_text().splitlines()
    assert asked[1] == f"-m venv {tmp_path / 'temp' / 'habeas'}"
    assert asked[2].startswith("-m pip install ")
    assert "--require-hashes" in asked[2]
    assert asked[2].endswith(f"--requirement {ROOT / 'requirements.txt'}")
    python.write_text("#!/bin/sh\nexit 1\n")
    assert runner(INSTALL, python=str(python)).returncode == 1
    assert runner(INSTALL, python="$(touch pwned)").returncode != 0
    assert not (runner.work / "pwned").exists()


def test_the_action_checks_every_spec_and_shows_findings_where_they_are(runner):
    """By default all files in specs, one with a blank in its name too; notes alone are no failure."""
    done = runner(CHECK)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "::notice file=specs/acme.yaml,line=1,col=1::" in done.stdout
    assert "::notice file=specs/two words.yaml,line=1,col=1::" in done.stdout
    (runner.work / "specs" / "acme.yaml").write_text(BROKEN)
    done = runner(CHECK)
    assert done.returncode == 2
    assert "::error file=specs/acme.yaml,line=9,col=38::unknown key `record` in endpoint `notes`" in done.stdout
    assert runner(CHECK, specs="  specs/two*.yaml\n\n").returncode == 0
    assert runner(CHECK, specs="specs/two words.yaml", strict="true").returncode == 2


def test_the_action_holds_a_spec_against_documents(runner):
    """One spec, and the vendor's own document beside it."""
    (runner.work / "api.json").write_text(OPENAPI)
    done = runner(CHECK, specs="specs/acme.yaml", openapi="api.json")
    assert "the document has nothing under `/v1`" in done.stdout
    assert done.stdout.count("::") > runner(CHECK, specs="specs/acme.yaml").stdout.count("::")


@pytest.mark.parametrize(
    "words",
    [
        "$(touch pwned)",
        "`touch pwned`",
        '"; touch pwned; "',
        "'; touch pwned; '",
        "specs/acme.yaml; touch pwned",
        "specs/acme.yaml\n$(touch pwned)",
        "{specs/acme.yaml,$(touch pwned)}",
        "--accept",
        "-x",
        "$HOME",
        "nothing/*.yaml",
        "%0A::set-output name=x::y",
        "",
    ],
)
@pytest.mark.parametrize("place", ["specs", "openapi", "strict"])
def test_no_input_is_more_than_a_name(runner, words, place):
    """Commands, quotes, options and patterns that match nothing: a sentence and exit 2, and nothing was run or written."""
    before = sorted(runner.work.rglob("*"))
    done = runner(CHECK, **{place: words})
    assert done.returncode == (0 if (place, words) == ("openapi", "") else 2), done.stdout + done.stderr
    assert sorted(runner.work.rglob("*")) == before
    assert "::set-output" not in re.sub(r"(?m)^::error [^\n]*", "", done.stdout)


def test_the_hooks_say_what_pre_commit_needs():
    """An entry that is our command, a language that installs this repository, and patterns that compile."""
    for hook in HOOKS.values():
        assert hook["entry"] == "habeas check"
        assert hook["language"] == "python"
        assert re.compile(hook["files"])
    own, cassettes = (re.compile(HOOKS[name]["files"]) for name in ("habeas-check", "habeas-check-cassettes"))
    changed = ["specs/acme.yaml", "vendors/specs/x.yml", "fixtures/acme/cassettes/whole/010.http", "specs/habeas.schema.json", "README.md"]
    assert [name for name in changed if own.search(name)] == changed[:2]
    assert [name for name in changed if cassettes.search(name)] == changed[:3]


def test_the_hook_checks_the_files_that_changed(habeas, tmp_path, monkeypatch):
    """What pre-commit runs: the entry, and behind it the changed files that its pattern lets through."""
    monkeypatch.chdir(tmp_path)
    Path("specs").mkdir()
    Path("specs/acme.yaml").write_text(SPEC)
    Path("specs/two words.yaml").write_text(BROKEN)
    hook = HOOKS["habeas-check"]
    changed = ["README.md", "specs/acme.yaml", "specs/two words.yaml"]
    files = [name for name in changed if re.search(hook["files"], name)]
    command = [*shlex.split(hook["entry"])[1:], *hook.get("args", [])]
    assert habeas(*command, files[0]).returncode == 0
    done = habeas(*command, *files)
    assert done.returncode == 2
    assert "specs/two words.yaml:9:38" in done.stdout
