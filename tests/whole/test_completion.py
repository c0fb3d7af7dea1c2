"""Shell completion: what can stand in each place, by the real command line, and in real shells."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from engine.catalogue import load
from tests.conftest import ROOT

SEVEN = "github hubspot mailchimp salesforce shopify slack zoom"
SPEC = """
spec: 1
vendor: acme
base_url: https://api.example.com/v1
auth: {headers: {X-Key: <SECRET>}}
verify: {get: /me}
rate_limits: {plans: {small: {all: 1/s}, large: {all: 9/s}}}
access:
  lookup: {get: /people, params: {q: <EMAIL>}, match: email, capture: {ID: id}}
  endpoints:
    orders: {get: /people/<ID>/orders, records: orders}
    order_lines: {get: "/orders/<orders.id>/lines", records: lines}
    "$(touch broken)": {get: /x}
"""
RECORDS = '{"id": 1, "ship_to": {"city": "x", "lines": [{"no": 1}]}, "$(reboot)": 1, "a b": 2}\n{"id": 2, "note": null}\n'

# What is typed behind `habeas`, word by word as a shell gives it; what the last word can become.
PLACES = {
    "ru": "run",
    "connections re": "connections: rename remove rekey",
    "connections chec": "check",
    "ca": "cancel case",
    "case ne": "new",
    "policy ''": "check",
    "review ma": "mask",
    "run ''": SEVEN,
    "run s": "salesforce shopify slack",
    "check zoom s": "salesforce shopify slack",
    "simulate zo": "zoom",
    "record zo": "zoom",
    "new z": "",
    "run zoom z": "",
    "run zoom --only web": "webinars",
    "run zoom --only=web": "--only=webinars",
    "run zoom --only = web": "webinars",
    "run zoom --only =": "=",
    "run --at http : //127.0.0.1 : 8900 zoom --only web": "webinars",
    "plan zoom --without meetings,web": "meetings,webinars",
    "plan zoom --without webinars,web": "",
    "run zoom --only meetings.to": "meetings.topic",
    "run zoom --only webinars,meetings.to": "webinars,meetings.topic",
    "run zoom --only nothing.to": "",
    "run --only web": "",
    "run nobody --only web": "",
    "run acme.yaml --only o": "orders order_lines",
    "run ./acme.yaml --only ''": "orders order_lines",
    "run ./acme.yaml --only orders.": "orders.id orders.ship_to orders.note",
    "run ./acme.yaml --only orders.ship_to.": "orders.ship_to.city orders.ship_to.lines",
    "run ./acme.yaml --only orders.ship_to.lines.": "orders.ship_to.lines.no",
    "run ./acme.yaml --plan ''": "small large",
    "run ./broken.yaml --only ''": "",
    "run ./none.yaml --only ''": "",
    "plan zoom --plan b": "business",
    "run zoom --sub": "--subject",
    "run zoom --files --fil": "",
    "run zoom --only a --onl": "--only",
    "run zoom --subject ''": "email= phone= username=",
    "run zoom --subject em": "email=",
    "connect zoom --probe ph": "phone=",
    "connect zoom --way ''": "oauth2 headers basic",
    "check --format = ''": "text json github",
    "docs zoom --format h": "html",
    "trace --format c": "chrome",
    "completion ''": "bash zsh fish",
    "run zoom --connection ''": "default emea",
    "run ./acme.yaml --connection ''": "work",
    "connections show ''": "acme/work zoom/default zoom/emea",
    "connections show zoom/e": "zoom/emea",
    "connections rename zoom/emea ''": "",
    "connections check zoom/emea zoom": "zoom/default",
    "connections export zoom/emea --out ''": "",
    "connections import --as ''": "",
    "run zoom --email ''": "",
    "run zoom --out ''": "",
    "run -- --": "",
    "nonsense ''": "",
    "nonsense run": "",
    "--ver": "--version",
    "run --he": "--help",
}


@pytest.fixture
def typed(habeas, tmp_path, monkeypatch):
    """Give what the last of some words can become, in a folder with a spec and its cassette, and with three connections stored."""
    monkeypatch.chdir(tmp_path)
    Path("acme.yaml").write_text(SPEC, "utf-8")
    Path("broken.yaml").write_text("access: {endpoints: {a: [}}", "utf-8")
    expected = Path("fixtures/acme/cassettes/whole/expected")
    expected.mkdir(parents=True)
    (expected / "orders.jsonl").write_text(RECORDS, "utf-8")
    store = tmp_path / "state" / "connections"
    store.mkdir(parents=True)
    for name in ("zoom.emea.json", "zoom.default.json", "acme.work.json", "zoom.old.new", "$(x).y.json", "key"):
        (store / name).touch()

    def ask(line: str) -> list[str]:
        words = ["" if word == "''" else word for word in line.split(" ")]
        told = habeas("complete", "--", *words, HABEAS_HOME=str(tmp_path / "state"))
        assert (told.returncode, told.stderr) == (0, "")
        return told.stdout.split("\n")[:-1]

    return ask


@pytest.mark.parametrize("line", PLACES)
def test_a_place_offers_what_can_stand_there(line, typed):
    """Commands, options, vendors, connections, plans, endpoints, fields and choices; nothing where nothing is known."""
    if line == "run zoom --only =":
        assert typed(line) == list(load("zoom").endpoints)
    else:
        assert typed(line) == PLACES[line].removeprefix("connections: ").split()


def test_every_endpoint_of_every_vendor_is_offered(typed):
    """As the loader knows them."""
    for vendor in SEVEN.split():
        assert typed(f"run {vendor} --only ''") == list(load(vendor).endpoints)


def test_what_stands_in_a_folder_of_ones_own_is_offered(habeas, tmp_path):
    """A vendor of HABEAS_SPECS, and a name that a shell would take for a command never."""
    (tmp_path / "acme.yaml").write_text(SPEC, "utf-8")
    (tmp_path / "$(reboot).yaml").write_text("spec: 1", "utf-8")
    told = habeas("complete", "--", "run", "", HABEAS_SPECS=str(tmp_path))
    assert told.stdout.split() == [*SEVEN.split(), "acme"]


def test_nothing_is_made_and_nothing_is_said(habeas, tmp_path):
    """Without a store, with a folder that is a file, with words that are none: exit 0, and no file."""
    home = tmp_path / "state"
    for words in (["connections", "show", ""], ["run", "zoom", "--connection", ""], [], ["run", "\udcff", ""], ["run", "\0", "--only", ""]):
        told = habeas("complete", "--", *words, HABEAS_HOME=str(home))
        assert (told.returncode, told.stderr) == (0, "")
        assert not home.exists()
    home.touch()
    told = habeas("complete", "--", "connections", "show", "", HABEAS_HOME=str(home))
    assert (told.returncode, told.stdout, told.stderr) == (0, "", "")


def test_it_imports_nothing_heavy():
    """Nothing of pydantic, aiohttp, cryptography or the network: a user waits for it at each key."""
    code = (
        "import sys; sys.argv = ['habeas', 'complete', '--', 'run', 'zoom', '--only', 'meetings.'];\n"
        "from engine.cli.app import main; main(); print(sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120).stdout
    assert "meetings.topic" in told
    loaded = told.splitlines()[-1]
    assert not [name for name in ("pydantic", "aiohttp", "cryptography", "authlib", "jmespath", "rich", "asyncio") if f"'{name}'" in loaded]


def test_a_shell_that_is_none_is_refused(habeas):
    """In a sentence that names those there are."""
    told = habeas("completion", "tcsh")
    assert (told.returncode, told.stderr) == (2, "error: tcsh: one of bash, zsh, fish\n")


@pytest.fixture
def shell_environment(tmp_path):
    """Give an environment in which `habeas` is this checkout's."""
    program = tmp_path / "bin" / "habeas"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\nexec '{sys.executable}' -m engine \"$@\"\n", "utf-8")
    program.chmod(0o755)
    given = {"PATH": f"{program.parent}:{os.environ['PATH']}", "HOME": str(tmp_path), "TERM": "dumb", "LC_ALL": "C.UTF-8"}
    return {**given, "HABEAS_HOME": str(tmp_path / "state"), "PYTHONPATH": str(ROOT)}


def typed_into(command: list[str], environ: dict[str, str], keys: list[tuple[str, str]]) -> str:
    """Type into a shell on a terminal, each part when what is to come before it stands there; gives all that stood there."""
    terminal, theirs = pty.openpty()
    process = subprocess.Popen(command, env=environ, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    seen, begun = "", 0
    try:
        for awaited, part in keys:
            while not (found := re.search(awaited, seen[begun:])):
                assert select.select([terminal], [], [], 60)[0], f"{awaited} never stood in {seen!r}"
                seen += os.read(terminal, 65536).decode("utf-8", "replace")
            begun += found.end()
            os.write(terminal, part.encode())
        return seen
    finally:
        process.kill()
        process.wait()
        os.close(terminal)


SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], 'PS1="rea""dy>"; eval "$(habeas completion bash)"\n'),
    "zsh": (["zsh", "-f", "-i"], 'PS1="rea""dy>"; autoload -Uz compinit; compinit -u -D; eval "$(habeas completion zsh)"\n'),
}
TYPED = {
    "habeas verify sl": "habeas verify slack ",
    "habeas run zoom --only meetings,webi": "habeas run zoom --only meetings,webinars ",
    "habeas run zoom --only=webi": "habeas run zoom --only=webinars ",
    "habeas run zoom --only meetings.top": "habeas run zoom --only meetings.topic ",
    "habeas run zoom --subject em": "habeas run zoom --subject email=",
    "habeas run ./sp": "habeas run ./specs.d/",
}


def on_a_terminal(shell: str, environ: dict[str, str], folder: Path) -> None:
    """Type each line with the tabulator, have the shell print what it became, and read that back."""
    command, begin = SHELLS[shell]
    keys = [("[$%#>] ", f"cd '{folder}'; {begin}"), ("ready>", "")]
    for before, after in TYPED.items():
        keys += [("", f"{before}\t\x01echo +\x05+\n"), (re.escape(f"\n+{after.rstrip(' /')}") + r"[ /]?\+", "")]
    typed_into(command, environ, keys)


def asked_of_fish(shell: str, environ: dict[str, str], folder: Path) -> None:
    """Ask fish for each line what it offers."""
    for before, after in TYPED.items():
        code = f"cd '{folder}'; habeas completion fish | source; complete -C '{before}'"
        told = subprocess.run(["fish", "--no-config", "-c", code], env=environ, capture_output=True, text=True, timeout=120, check=True)
        assert told.stdout.split("\t")[0].strip() == after.split()[-1]
        assert told.stderr == ""


WAYS = {"bash": on_a_terminal, "zsh": on_a_terminal, "fish": asked_of_fish}


@pytest.mark.parametrize("shell", [shell for shell in WAYS if shutil.which(shell)])
def test_a_shell_completes_what_is_typed(shell, shell_environment, tmp_path):
    """As the shell itself does it, of those that are installed here; where nothing is known, files are completed as ever."""
    (tmp_path / "specs.d").mkdir()
    WAYS[shell](shell, shell_environment, tmp_path)
