"""docs/add-a-vendor.md is walked as a new user walks it: every file saved, every command run, every output compared.

After an output was changed on purpose: python -m tests.whole.test_add_a_vendor
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "add-a-vendor.md").read_text("utf-8")
SIMULATE = "habeas simulate specs/acme.yaml"
BLOCK = re.compile(r"(?P<before>[^\n]*)\n\n```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
SAVED = re.compile(r"[Ss]ave (?:it|Acme's) as `([^`]+)`:$")


@dataclass
class Walk:
    """A person at a terminal, in one folder after another, with what was exported before."""

    home: Path
    told: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.home / "bin").mkdir()
        habeas = self.home / "bin" / "habeas"
        habeas.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m engine "$@"\n')
        habeas.chmod(0o700)
        (self.home / "folder").write_text(str(self.home))
        (self.home / "exported").write_text("")

    @property
    def folder(self) -> Path:
        return Path((self.home / "folder").read_text().strip())

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HABEAS_")}
        path = f"{self.home / 'bin'}:{kept['PATH']}"
        return {**kept, "PATH": path, "PYTHONPATH": str(ROOT), "HABEAS_HOME": str(self.home / "state")}

    def type(self, text: str) -> subprocess.CompletedProcess[str]:
        for shown, real in self.told.items():
            text = text.replace(shown, real)
        script = f'set -e\n. "{self.home}/exported"\n{text}\nexport -p > "{self.home}/exported"\npwd > "{self.home}/folder"\n'
        command = ["bash", "--noprofile", "--norc", "-c", script]
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )

    def simulate(self) -> subprocess.Popen[str]:
        """Do in the second terminal what is shown, on a free port; what it prints stands for what is printed."""
        command = [sys.executable, "-m", "engine", *shlex.split(SIMULATE)[1:], "--port", "0", "--json"]
        process = subprocess.Popen(command, cwd=self.folder, env=self.environment(), stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        up = json.loads(process.stdout.readline())
        secret = up["token"]["HABEAS_ACME_SECRET"]
        self.told = {"http://127.0.0.1:8900": up["address"], "HABEAS_ACME_SECRET=...": f"HABEAS_ACME_SECRET={secret}"}
        return process


def blocks() -> Iterator[tuple[str, str, str]]:
    for found in BLOCK.finditer(PAGE):
        yield found["before"], found["kind"], found["text"]


def steps(walk: Walk, started: list[subprocess.Popen[str]]) -> Iterator[tuple[str, str, str]]:
    """Do one block after the other; give each command that is shown with its output, what is shown, and what came."""
    for before, kind, text in blocks():
        name = SAVED.search(before)
        if kind == "yaml" and name is not None:
            (walk.folder / name[1]).write_text(text, "utf-8")
        elif kind == "sh" and text.strip() == SIMULATE:
            started.append(walk.simulate())
        elif kind == "sh":
            done = walk.type(text)
            assert done.returncode == 0, (text, done.stdout)
        elif kind == "console":
            command, _, shown = text.partition("\n")
            done = walk.type(command.removeprefix("$ "))
            assert done.returncode == (2 if "error:" in done.stdout else 0), (command, done.stdout)
            yield command, shown.strip(), done.stdout.strip()


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[str]]]:
    """End what was begun in the second terminal, by its pid."""
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for one in processes:
        one.terminate()
        one.wait(60)
        assert one.stdout is not None
        one.stdout.close()


@pytest.mark.waits
def test_the_walk_adds_a_working_vendor(tmp_path, started):
    """From a document to a tested spec, a run, a recording and a page; each output is the page's, to the letter."""
    walk = Walk(tmp_path)
    for command, shown, came in steps(walk, started):
        assert came == shown, command
    assert started
    acme = tmp_path / "acme"
    manifest = json.loads((acme / "request-1" / "acme" / "manifest.json").read_text())
    assert manifest["subject"]["outcome"] == "matched"
    assert (acme / "request-1" / "timeline.html").stat().st_size > 1000
    assert (acme / "fixtures" / "acme" / "cassettes" / "recorded" / "expected" / "manifest.json").exists()
    assert (
        "grace"
        not in "".join(
            path.read_text() for path in (acme / "fixtures" / "acme" / "cassettes" / "recorded").rglob("*") if path.is_file()
        ).lower()
    )
    assert (acme / "acme.md").read_text("utf-8").startswith("# Acme\n")
    assert (acme / "request-0" / "acme" / "orders.jsonl").read_text().count("\n") == 2
    assert (acme / "fixtures" / "birch" / "cassettes" / "handle" / "expected" / "lookup.jsonl").exists()


def test_what_ci_is_told_to_use_exists():
    """The hook's id, and the action's inputs, are those of this repository."""
    snippets = [yaml.safe_load(text) for before, kind, text in blocks() if kind == "yaml" and not SAVED.search(before)]
    hooks = {one["id"] for one in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))}
    action = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    config, step = snippets
    assert {one["id"] for repo in config["repos"] for one in repo["hooks"]} <= hooks
    assert set(step[0]["with"]) <= set(action["inputs"])


def test_every_link_of_the_walk_leads_somewhere():
    """Links between the documents name files that exist."""
    for target in re.findall(r"\]\(([^)#:]+)\)", PAGE):
        assert (ROOT / "docs" / target).exists(), target


def rewritten(home: Path, started: list[subprocess.Popen[str]]) -> str:
    """Give the page with what its commands print now."""
    page, end = PAGE, 0
    for command, shown, came in steps(Walk(home), started):
        head = f"```console\n{command}\n"
        place = page.index(head + shown, end) + len(head)
        end = place + len(came)
        page = page[:place] + came + page[place + len(shown) :]
    return page


if __name__ == "__main__":  # python -m tests.whole.test_add_a_vendor: after an output was changed on purpose
    import tempfile

    begun: list[subprocess.Popen[str]] = []
    with tempfile.TemporaryDirectory() as folder:
        text = rewritten(Path(folder), begun)
        for process in begun:
            process.terminate()
            process.wait(60)
    (ROOT / "docs" / "add-a-vendor.md").write_text(text, "utf-8")
