"""The README cannot lie: its commands run, and what it shows is what is printed, numbers aside."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys

import pytest

from tests.conftest import ROOT

README = (ROOT / "README.md").read_text("utf-8")


def alike(text: str) -> list[str]:
    """Leave out what differs from run to run: numbers, widths, and where the result lies."""
    text = re.sub(r"[0-9][0-9.,]*( (k|M)B| bytes)?", "N", text)
    return [re.sub(r"[ -]+", " ", line).strip() for line in text.splitlines() if line.strip()]


def blocks(kind: str) -> list[str]:
    return [text for name, text in re.findall(r"^```(\w*)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE) if name == kind]


def test_the_demo_prints_what_the_readme_shows(tmp_path):
    """The table of outcomes, what the vendor cannot give, and where the result lies."""
    shown = next(block for block in blocks("console") if "the person was found" in block)
    done = subprocess.run([sys.executable, "-m", "engine.demo"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    printed = done.stdout[done.stdout.index("Zoom: the person was found") :]
    assert alike(printed) == alike(shown)
    shutil.rmtree(ROOT / ".demo")


def test_every_command_of_the_readme_is_one(habeas, zoom, tmp_path, monkeypatch):
    """Run as they stand, against the simulator where they would ask Zoom."""
    monkeypatch.chdir(ROOT)
    told = {}
    for block in (*blocks("console"), *blocks("sh")):
        for line in block.splitlines():
            if not line.removeprefix("$ ").startswith("habeas ") or " simulate " in line:
                continue
            words = shlex.split(line.removeprefix("$ "), comments=True)
            if words[1] == "run":
                words = [zoom.address if one.startswith("http:") else one for one in words]
                words = [
                    {"request-17": str(tmp_path / "request"), "someone@example.com": "mara.lindqvist@example.com"}.get(one, one)
                    for one in words
                ]
                words += ["--since", "30d"] + ([] if "--at" in words else ["--at", zoom.address])
                words += [] if "--out" in words else ["--out", str(tmp_path / "other")]
            done = habeas(*words[1:], HABEAS_ZOOM_TOKEN=zoom.token)
            told[words[1]] = done.stdout
            assert done.returncode == 0, (words, done.stderr)
    assert set(told) == {"run", "check", "plan"}
    for name in re.findall(r"^request-17/zoom/(\S+)", README, re.MULTILINE):
        assert (tmp_path / "request" / "zoom" / name.rstrip(".").rstrip("/")).exists(), name
    assert json.loads((tmp_path / "request" / "zoom" / "manifest.json").read_text())["reference"] == "DSR-17"


def test_the_mistake_of_the_readme_is_told_to_the_letter(habeas, tmp_path, monkeypatch):
    """Place, line, caret, and what was meant."""
    shown = next(block for block in blocks("") if block.startswith("error:"))
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "zoom.yaml").write_text(
        (ROOT / "specs" / "zoom.yaml").read_text("utf-8").replace("records: webinars", "record: webinars"), "utf-8"
    )
    monkeypatch.chdir(tmp_path)
    assert shown.strip() in habeas("check", "specs/zoom.yaml").stdout


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "docs/language.md",
        "docs/vendors/zoom.md",
        *(f"docs/decisions/{path.name}" for path in (ROOT / "docs" / "decisions").iterdir()),
    ],
)
def test_every_link_leads_somewhere(name):
    """Links between the documents name files that exist."""
    text = (ROOT / name).read_text("utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert ((ROOT / name).parent / target).exists(), target
