"""The README cannot lie: its commands run, and what it shows is what is printed, numbers aside."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from email import message_from_string
from email.policy import default
from pathlib import Path

import pytest

import engine
from engine.catalogue import load_file
from tests.conftest import ROOT
from tests.connection.commands import BROWSER, redirect
from tests.process import environment

README = (ROOT / "README.md").read_text("utf-8")


def alike(text: str) -> list[str]:
    """Leave out what differs from run to run: numbers, widths, and where the result lies."""
    text = re.sub(r"[0-9][0-9.,]*( (k|M)B| bytes)?", "N", text)
    return [re.sub(r"[ -]+", " ", line).strip() for line in text.splitlines() if line.strip()]


def blocks(kind: str) -> list[str]:
    return [text for name, text in re.findall(r"^```(\w*)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE) if name == kind]


@pytest.mark.waits
def test_the_demo_prints_what_the_readme_shows(tmp_path):
    """The table of outcomes, what the vendor cannot give, and where the result lies; then the same person's case, to a released package."""
    shown = next(block for block in blocks("console") if "the person was found" in block)
    command = [sys.executable, "-m", "engine.demo"]
    done = subprocess.run(command, cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    printed, *of_case = re.split(
        r"^\$ habeas (?=case|review|package|contact)", done.stdout[done.stdout.index("Zoom: the person was found") :], flags=re.MULTILINE
    )
    assert alike(printed) == alike(shown)
    steps = ["case new", "case run", "case identified", "review list", "review alias", "review give"]
    steps += ["package build", "package approve", "package release", "case new", "case identified", "contact send"]
    assert [re.split("DEMO-[12]", text)[0].strip() for text in of_case] == steps
    decides = [r"Decide about a row:", r"  habeas review give\|mask\|alias DEMO-1 value:[0-9a-f]{8}"]
    decides += [r"About a field, whoever stands in it:", r"  habeas review give\|mask\|drop DEMO-1 zoom/\S+"]
    decides += [r"Decide about a file:", r"  habeas review give\|hold DEMO-1 zoom/files/\S+"]
    ends = "\n".join([r"[0-9]+ values found; [0-9]+ rows and [0-9]+ files wait for a decision\.", *decides])
    assert re.search(ends + r"\n\n$", of_case[3])
    check_the_released(tmp_path, of_case[-4], of_case[-1])
    check_the_mail(tmp_path, of_case[-1])


def check_the_mail(folder: Path, printed: str) -> None:
    """The mail that is printed is the `.eml` in the case, to Zoom's owner, and goes on as the README shows; days aside."""
    (file,) = (folder / ".demo/state/cases/DEMO-2/mails").glob("*-zoom-deletion.eml")
    text = file.read_text("utf-8")
    assert text.strip() in printed
    mail = message_from_string(text, policy=default)
    assert (mail["To"], mail["X-Unsent"]) == ("it@kvarnholm.example", "1")
    assert re.fullmatch(r"Please delete a person's data by .+ \(HABEAS-[0-9A-Z]{4}-[0-9A-Z]{4}\)", mail["Subject"])
    (shown,) = blocks("text")
    days = r"[0-9]+ [A-Z][a-z]+ [0-9]{4}"
    assert re.sub(days, "DAY", mail.get_content().replace("\r\n", "\n")).startswith(re.sub(days, "DAY", shown))
    words = re.search(r"habeas (contact answer \S+ \S+ \S+), then habeas (case conclude \S+) writes the letter\.", printed)
    assert words is not None
    for command in words.groups():
        run = [sys.executable, "-m", "engine", *command.split()]
        done = subprocess.run(run, cwd=folder, env=environment(folder / ".demo/state"), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def check_the_released(folder: Path, printed: str, end: str) -> None:
    """The lines that the demo ends with are so: the package opens by its name, and is checked with Habeas and without."""
    told = re.search(r"To open it: (\S+), or (\S+) with the passphrase", printed)
    assert told is not None
    page, sealed = (folder / one for one in told.groups())
    assert "Your data" in page.read_text("utf-8")
    assert sealed.is_file()
    verify = re.search(r"To check it: habeas (package verify \S+), or without Habeas as its README.txt says\.", printed)
    state = re.search(r"To go on with these cases: export HABEAS_HOME=(\S+) PATH=\S+:\$PATH\n$", end)
    assert verify is not None
    assert state is not None
    words = [sys.executable, "-m", "engine", *verify[1].split()]
    done = subprocess.run(words, cwd=folder, env=environment(folder / state[1]), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "It is as it was packed" in done.stdout
    sums = ["sha256sum", "--check", "--quiet", "manifest-sha256.txt", "tagmanifest-sha256.txt"]
    assert subprocess.run(sums, cwd=page.parent, capture_output=True, check=False).returncode == 0


def commands() -> Iterator[list[str]]:
    """Give the words of every command that is shown, in order; the simulator runs beside them anyway."""
    for block in (*blocks("sh"), *blocks("console")):
        for line in block.splitlines():
            if line.removeprefix("$ ").startswith("habeas ") and " simulate " not in line:
                yield shlex.split(line.removeprefix("$ "), comments=True)[1:]


def test_every_command_of_the_readme_is_one(habeas, zoom, tmp_path, monkeypatch):
    """Run as they stand, in their order, against the simulator where they would ask Zoom."""
    monkeypatch.chdir(ROOT)
    told: dict[str, str] = {}
    there = {
        "http://127.0.0.1:8900": zoom.address,
        "request-17": str(tmp_path / "request"),
        "zoom.md": str(tmp_path / "zoom.md"),
        "timeline.html": str(tmp_path / "timeline.html"),
        "someone@example.com": "mara.lindqvist@example.com",
    }
    environ = {
        "HABEAS_ZOOM_AT": zoom.address,
        "HABEAS_ZOOM_CLIENT_ID": zoom.ready.client_id,
        "HABEAS_ZOOM_CLIENT_SECRET": zoom.ready.client_secret,
        "BROWSER": BROWSER,
    }
    for command in commands():
        words = [there.get(one, one) for one in command]
        if words[0] == "connect":
            words += ["--redirect-uri", redirect()]
        if words[0] == "run":
            words += ["--since", "30d"] + ([] if "--out" in words else ["--out", str(tmp_path / "other")])
        done = habeas(*words, **environ)
        told[words[0]] = done.stdout
        assert done.returncode == 0, (words, done.stdout, done.stderr)
    assert list(told) == ["connect", "verify", "run", "connections", "check", "plan", "docs", "trace"]
    assert "it protects only copies of the store" in told["connections"]
    for name in re.findall(r"^request-17/zoom/(\S+)", README, re.MULTILINE):
        assert (tmp_path / "request" / "zoom" / name.rstrip(".").rstrip("/")).exists(), name
    assert json.loads((tmp_path / "request" / "zoom" / "manifest.json").read_text())["reference"] == "DSR-17"


def test_connect_prints_what_the_readme_leaves_to_it(habeas):
    """The redirect address, every granular scope of the spec, and the one that is recommended."""
    auth = load_file(ROOT / "specs" / "zoom.yaml").auth.oauth2
    printed = habeas("connect", "zoom", "--no-browser", stdin="").stderr
    for word in (auth.redirect_uri, *auth.scopes["granular"], "user:read:list_users:admin"):
        assert word in printed, word


@pytest.mark.waits
def test_the_program_of_the_readme_runs(zoom, tmp_path, monkeypatch, capsys):
    """As it stands, against the simulator; what it prints is what a report is."""
    (program,) = blocks("python")
    monkeypatch.setenv("HABEAS_ZOOM_TOKEN", zoom.token)
    monkeypatch.setenv("HABEAS_ZOOM_AT", zoom.address)
    monkeypatch.setitem(sys.modules, "habeas", engine)
    monkeypatch.chdir(tmp_path)
    exec(program.replace("someone@example.com", "mara.lindqvist@example.com"), {})
    assert capsys.readouterr().out == "matched complete 0\n"
    assert (tmp_path / "request-18" / "zoom" / "manifest.json").exists()


def test_the_mistake_of_the_readme_is_told_to_the_letter(habeas, tmp_path, monkeypatch):
    """Place, line, caret, and what was meant."""
    shown = next(block for block in blocks("") if block.startswith("error:"))
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "zoom.yaml").write_text(
        (ROOT / "specs" / "zoom.yaml").read_text("utf-8").replace("records: webinars", "record: webinars"), "utf-8"
    )
    monkeypatch.chdir(tmp_path)
    assert shown.strip() in habeas("check", "specs/zoom.yaml").stdout


def test_every_place_that_the_architecture_names_is_there():
    """A path of the engine, with or without `.py`, names a module or a package."""
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    parts = "|".join(path.name.removesuffix(".py") for path in (ROOT / "engine").iterdir() if path.name != "habeas")
    named = re.findall(rf"`(?:engine/)?((?:{parts})(?:/[a-z_]+)*)(?:\.py|/)?`", text)
    assert len(named) > 50
    for name in named:
        assert (ROOT / "engine" / f"{name}.py").exists() or (ROOT / "engine" / name).is_dir() or name == "api", name


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "docs/language.md",
        "docs/cases.md",
        "docs/policy.md",
        "docs/labels.md",
        "docs/package.md",
        "docs/vendors/zoom.md",
        *(f"docs/decisions/{path.name}" for path in (ROOT / "docs" / "decisions").iterdir()),
    ],
)
def test_every_link_leads_somewhere(name):
    """Links between the documents name files that exist."""
    text = (ROOT / name).read_text("utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert ((ROOT / name).parent / target).exists(), target
