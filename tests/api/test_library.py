"""Habeas as a Python program uses it: three lines, the command line's own errors, nothing lost by a cancellation."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from aiohttp import web

import engine
from engine import assembly
from engine.connection.file_store import FileStore
from engine.connection.private_files import locked
from engine.connection.state_folder import home
from engine.connection.stored import Bound, Name, StoredConnection
from engine.connection.vault import Vault
from engine.core.oauth import Tokens
from engine.errors import Exit, InUse, NotConnected, OutputError, Refused, UsageError
from engine.language.text.mistakes import SpecError
from engine.net.limiter import limiter_of
from tests.api.conftest import SPEC
from tests.conftest import ROOT


async def test_a_program_runs_a_request_in_three_lines(served, acme, tmp_path):
    """The report tells outcomes by name, and its manifest is the one on the disk."""
    address, go, _ = served
    go.set()
    heard = []
    vendor = engine.load(acme)
    report = await engine.run(
        vendor, email="ada@x.io", token="t0", at=address, out="request-17", reference="DSR-17", ended=lambda entry: heard.append(entry.name)
    )
    assert (report.outcome, report.exit_code) == (engine.Subject.MATCHED, engine.Exit.COMPLETE)
    assert report.endpoints["notes"].outcome is engine.Outcome.COMPLETE
    assert [entry.tally.records for entry in report.entries] == [2, 2]
    assert sorted(heard) == ["files", "notes"]
    assert json.loads((tmp_path / "request-17" / "acme" / "manifest.json").read_text()) == json.loads(json.dumps(report.manifest))


async def test_the_manifest_says_what_the_acting_objects_know(served, acme):
    """A run against a simulator is marked as one, whoever started it; share, plan and connection are the ones that acted."""
    address, go, _ = served
    go.set()
    manifest = (await engine.run(acme, email="ada@x.io", token="t0", at=address, out="one", share=0.5, plan="big")).manifest
    assert manifest["simulated"] is True
    asked = manifest["connection"].pop("verified_at")
    assert manifest["started"] <= asked <= manifest["finished"]
    assert {manifest["connection"].pop(name) for name in ("probed_at", "discovered_at")} == {None}
    assert manifest["connection"] == {"name": "environment", "plan": "big", "share": 0.5, "verified": "verify was answered"}
    first = (await engine.run(acme, email="ada@x.io", token="t0", at=address, out="two")).manifest
    assert (first["connection"]["plan"], first["connection"]["share"]) == ("small", 0.75)


@pytest.mark.parametrize(
    ("error", "words", "wrong"),
    [
        (UsageError, "no spec is called `zom`: did you mean `zoom`?", {"vendor": "zom"}),
        (UsageError, "nowhere.yaml: there is no such spec file", {"vendor": "./nowhere.yaml"}),
        (UsageError, "Acme finds people by email: add --email ADDRESS", {"email": None}),
        (Refused, "the e-mail address does not have exactly one @; nothing was sent", {"email": "ada"}),
        (UsageError, "both a token and the name of a connection are given", {"connection": "emea"}),
        (NotConnected, "there is no connection acme/emea: habeas connect", {"token": None, "connection": "emea"}),
        (NotConnected, "not connected to Acme: habeas connect", {"token": None}),
        (NotConnected, "the token is empty, or holds characters that no header can carry", {"token": "a\nb"}),
        (OutputError, "exists already", {"out": "taken"}),
        (UsageError, "a share of 0 is no share of a limit", {"share": 0.0}),
        (UsageError, "a share of 1.5 is no share of a limit", {"share": 1.5}),
        (UsageError, "a share of nan is no share of a limit", {"share": float("nan")}),
        (UsageError, "--plan huge: Acme has the plans small, big", {"plan": "huge"}),
        (UsageError, "--only nots: no such endpoint; did you mean `notes`?", {"only": ["nots"]}),
        (UsageError, "--since tomorrow: write a day such as 2025-01-01", {"since": "tomorrow"}),
        (UsageError, "--at takes an address of this machine only", {"at": "https://api.acme.example"}),
    ],
)
async def test_a_mistake_in_a_call_is_the_command_lines_error(served, acme, tmp_path, error, words, wrong):
    """The same sentence, an exception of Habeas, never SystemExit; nothing was sent, and nothing written."""
    address, _, asked = served
    (tmp_path / "taken" / "acme").mkdir(parents=True)
    before = sorted(tmp_path.iterdir())
    call = {"vendor": acme, "email": "ada@x.io", "token": "t0", "at": address, "out": "new", **wrong}
    with pytest.raises(error) as caught:
        await engine.run(call.pop("vendor"), **call)
    assert isinstance(caught.value, engine.HabeasError)
    assert words in str(caught.value)
    assert "ada@x.io" not in str(caught.value)
    assert asked.empty()
    assert [path.name for path in sorted(tmp_path.iterdir()) if path not in before] in ([], ["state"])


async def test_who_listens_costs_nothing(served, acme, tmp_path):
    """What `ended` raises comes out when the run is over: every endpoint was read, and the manifest says so."""
    address, go, _ = served
    heard = []

    def broken(entry: engine.Entry) -> None:
        heard.append(entry.name)
        go.set()
        message = f"no room for {entry.name}"
        raise LookupError(message)

    with pytest.raises(LookupError, match="no room for notes"):
        await engine.run(acme, email="ada@x.io", token="t0", at=address, out="new", ended=broken)
    assert heard == ["notes", "files"]
    manifest = json.loads((tmp_path / "new" / "acme" / "manifest.json").read_text())
    assert {name: entry["outcome"] for name, entry in manifest["endpoints"].items()} == {"notes": "complete", "files": "complete"}
    assert (manifest["interrupted"], manifest["stopped"]) == (False, None)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, asyncio.CancelledError, GeneratorExit])
async def test_a_listener_that_wants_out_ends_the_run_as_an_interrupt(served, acme, tmp_path, error):
    """The loop goes on to the manifest, then the same exception comes out: `sys.exit` in a callback loses nothing."""
    address, _, _ = served

    def out(_: engine.Entry) -> None:
        raise error

    with pytest.raises(error):
        await engine.run(acme, email="ada@x.io", token="t0", at=address, out="new", ended=out)
    manifest = json.loads((tmp_path / "new" / "acme" / "manifest.json").read_text())
    assert {name: entry["outcome"] for name, entry in manifest["endpoints"].items()} == {"notes": "complete", "files": "failed"}
    assert (manifest["interrupted"], manifest["stopped"]) == (True, None)
    assert len((tmp_path / "new" / "acme" / "notes.jsonl").read_bytes().splitlines()) == 2


async def test_a_cancellation_keeps_what_was_received(served, acme, tmp_path):
    """The task ends cancelled, after the manifest was written: one list whole, the other interrupted."""
    address, _, asked = served
    done = asyncio.Event()
    call = engine.run(acme, email="ada@x.io", token="t0", at=address, out="cut", ended=lambda _: done.set())
    task = asyncio.create_task(call)
    while await asked.get() != "/v1/people/u1/files":
        pass
    await done.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    manifest = json.loads((tmp_path / "cut" / "acme" / "manifest.json").read_text())
    outcomes = {name: (entry["outcome"], entry["reason"]) for name, entry in manifest["endpoints"].items()}
    assert manifest["interrupted"] is True
    assert outcomes == {"notes": ("complete", None), "files": ("failed", "interrupted")}
    assert len((tmp_path / "cut" / "acme" / "notes.jsonl").read_bytes().splitlines()) == 2


def test_a_closed_loop_starts_nothing(acme, tmp_path):
    """asyncio's own error comes out, and no folder is left."""
    loop = asyncio.new_event_loop()
    loop.close()
    call = engine.run(acme, email="ada@x.io", token="t0", at="http://127.0.0.1:1", out="never")
    with pytest.raises(RuntimeError, match="closed"):
        loop.run_until_complete(call)
    call.close()
    assert not (tmp_path / "never").exists()


def test_a_vendor_serves_several_loops(acme, tmp_path, hurried):
    """What `load` gives belongs to no loop; each run brings its own limiter. Nobody listens, so the person is unproven."""
    vendor = engine.load(acme)
    for name in ("one", "two"):
        report = asyncio.run(
            engine.run(vendor, username=None, email="ada@x.io", token="t0", at="http://127.0.0.1:1", out=name, only=["notes"])
        )
        assert (report.outcome, report.exit_code) == (engine.Subject.UNPROVEN, engine.Exit.INCOMPLETE)


async def test_a_stored_connection_takes_one_run_at_a_time(served, acme):
    """Who would not wait is told; who comes afterwards runs, and the manifest names the connection."""
    address, go, asked = served
    go.set()
    vault, name = Vault(home()), Name("acme", "default")
    vault.prepare()
    await FileStore(vault).ready()
    vault.write(name, StoredConnection("acme", "headers", Bound(("api.acme.example",), at=address), time.time(), plan="big", secret="t0"))
    async with locked(vault.turn(name)):
        with pytest.raises(InUse, match="another run uses this connection"):
            await engine.run(acme, email="ada@x.io", at=address, out="new", wait=False)
    assert asked.empty()
    report = await engine.run(acme, email="ada@x.io", connection="acme", at=address, out="new", wait=False)
    assert report.manifest["connection"]["name"] == "acme/default"
    assert report.manifest["connection"]["plan"] == "big"
    other = await engine.run(acme, email="ada@x.io", at=address, out="other", plan="small")
    assert other.manifest["connection"]["plan"] == "small"


async def test_an_address_that_is_given_comes_before_the_environments(served, acme, monkeypatch):
    """The environment's stands where none is given, and an empty one is none."""
    address, go, _ = served
    go.set()
    monkeypatch.setenv("HABEAS_ACME_AT", "http://127.0.0.1:1")
    report = await engine.run(acme, email="ada@x.io", token="t0", at=address, out="given")
    assert report.exit_code is engine.Exit.COMPLETE
    monkeypatch.setenv("HABEAS_ACME_AT", address)
    report = await engine.run(acme, email="ada@x.io", token="t0", out="environ")
    assert (report.exit_code, report.manifest["simulated"]) == (engine.Exit.COMPLETE, True)


async def test_verify_tells_whether_the_connection_is_alive(served, acme):
    """With the exit code of the command."""
    address, _, _ = served
    found = await engine.verify(acme, token="t0", at=address)
    assert (found.alive, found.exit_code) == (True, engine.Exit.COMPLETE)


async def test_a_run_says_where_its_use_of_the_limits_cannot_be_handed_on(served, acme, monkeypatch, tmp_path):
    """The state folder is a file: the report of a program's run has the sentence that the command line prints."""
    address, go, _ = served
    go.set()
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HABEAS_HOME", str(tmp_path / "file"))
    report = await engine.run(acme, email="ada@x.io", token="t0", at=address, out="noted")
    assert [note.partition(",")[0] for note in report.notes] == ["what runs use of the vendor's limits cannot be handed on"]
    monkeypatch.setenv("HABEAS_HOME", str(tmp_path / "state"))
    assert (await engine.run(acme, email="ada@x.io", token="t0", at=address, out="silent")).notes == ()


async def test_verify_keeps_to_the_limits_of_the_connections_own_plan(served, acme, monkeypatch):
    """As a run does, and not to those of the spec's first plan."""
    address, _, _ = served
    vault, name, plans = Vault(home()), Name("acme", "default"), []
    vault.prepare()
    await FileStore(vault).ready()
    vault.write(name, StoredConnection("acme", "headers", Bound(("api.acme.example",), at=address), time.time(), plan="big", secret="t0"))

    def noting(vendor, plan, *rest):
        plans.append(plan)
        return limiter_of(vendor, plan, *rest)

    monkeypatch.setattr(assembly, "limiter_of", noting)
    found = await engine.verify(acme, at=address)
    assert (found.alive, found.renewable, found.lives_until, found.exit_code) == (True, None, None, engine.Exit.COMPLETE)
    assert plans == ["big"]


@pytest.mark.parametrize(
    ("refresh", "end", "told"),
    [("R", 4102444800.0, (True, None, 0)), (None, 4102444800.0, (False, "2100-01-01T00:00:00Z", 3)), (None, None, (False, None, 0))],
)
async def test_verify_tells_a_program_until_when_a_connection_lives(refresh, end, told, served, acme):
    """As `habeas verify --json` does, by the same definition, the exit code included."""
    address, _, _ = served
    oauth2 = "{oauth2: {authorization_url: https://api.acme.example/a, token_url: https://api.acme.example/t}}"
    acme.write_text(SPEC.replace('{headers: {Authorization: "Bearer <SECRET>"}}', oauth2))
    vault, name = Vault(home()), Name("acme", "default")
    vault.prepare()
    await FileStore(vault).ready()
    bound = Bound(("api.acme.example",), "https://api.acme.example/t", "https://api.acme.example/a", at=address)
    tokens = Tokens("t0", time.time(), refresh, end)
    vault.write(name, StoredConnection("acme", "oauth2", bound, time.time(), grant="authorization_code", tokens=tokens))
    found = await engine.verify(acme, at=address)
    assert (found.alive, (found.renewable, found.lives_until, int(found.exit_code))) == (True, told)


async def test_a_verify_that_lacks_its_own_scope_is_told_so(aiohttp_server, acme):
    """The connection lives, and the scope that would help stands beside the request."""

    async def denied(request: web.Request) -> web.Response:
        return web.json_response({}, status=403)

    app = web.Application()
    app.router.add_get("/v1/me", denied)
    server = await aiohttp_server(app)
    acme.write_text(
        SPEC.replace("verify: {get: /me}", "verify: {get: /me, granted_by: me.read}\nrefusals: {rules: [{status: 403, means: denied}]}")
    )
    found = await engine.verify(acme, token="t0", at=str(server.make_url("")).rstrip("/"))
    assert (found.alive, [(row.name, row.held, row.needs) for row in found.matrix.lines if row.name == "verify"]) == (
        True,
        [("verify", "no", ("me.read",))],
    )


def test_check_finds_mistakes_and_notes(acme, tmp_path):
    """A mistake has its file and line; a shipped spec has none."""
    acme.write_text(SPEC.replace("match: email", "mach: email"))
    (first, *_) = engine.check(acme)
    assert (first.level, first.file, first.hint) == ("error", str(acme), "did you mean `match`?")
    assert [mistake for mistake in engine.check("mailchimp") if mistake.level == "error"] == []
    with pytest.raises(SpecError):
        engine.load(acme)


async def test_check_can_be_called_where_a_loop_runs():
    """A program that awaits its runs checks a spec with its cassettes in the same function."""
    assert [mistake for mistake in engine.check("mailchimp") if mistake.level == "error"] == []


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, capture_output=True, timeout=300, check=True)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_is_typed_under_both_names(wheel):
    """A type checker believes a package only with a `py.typed` of its own (PEP 561), and `habeas` hands on what `engine` holds."""
    assert {"engine/py.typed", "engine/__init__.py", "habeas/py.typed", "habeas/__init__.py"} <= set(zipfile.ZipFile(wheel).namelist())


def test_labels_and_policies_travel_in_the_wheel_and_are_no_specs(wheel, tmp_path):
    """From the unpacked wheel: each vendor has both beside its spec, `check` reads the labels, and no command takes either for a spec."""
    zipfile.ZipFile(wheel).extractall(tmp_path)
    specs = tmp_path / "engine" / "_data" / "specs"
    vendors = sorted(path.stem for path in specs.glob("*.yaml"))
    assert len(vendors) >= 7
    assert sorted(path.stem for path in (specs / "labels").glob("*")) == sorted([*vendors, *(f"{vendor}.de" for vendor in vendors)])
    assert sorted(path.stem for path in (specs / "policies").glob("*")) == vendors
    asked = (
        "import sys; from engine.cli.app import main; from engine.spec_files import packaged, vendor_line;"
        "print(*sorted(vendor_line(path)[0] for path in packaged())); sys.argv[1:] = ['check', 'slack']; main()"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-P", "-c", asked], check=False, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.splitlines()[0].split() == vendors
    assert "slack: 187 of 187 recorded fields have a label" in done.stdout


def test_plan_says_what_would_be_asked(acme):
    """It sends nothing, and needs no person."""
    found = engine.plan(acme, without=["files"])
    assert [step.name for step in found.steps] == ["verify", "lookup", "notes"]


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ("a share of 0 is no share of a limit", {"share": 0}),
        ("a share of 5 is no share of a limit", {"share": 5}),
        ("--plan huge: Acme has the plans small, big", {"plan": "huge"}),
        ("--only nots: no such endpoint; did you mean `notes`?", {"only": ["nots"]}),
        ("--since tomorrow: write a day such as 2025-01-01", {"since": "tomorrow"}),
    ],
)
def test_a_mistake_in_a_plan_is_the_command_lines_error(acme, words, wrong):
    """What a run would refuse cannot be planned either."""
    with pytest.raises(UsageError, match=re.escape(words)):
        engine.plan(acme, **wrong)


def test_importing_habeas_imports_nothing_heavy():
    """A program that only looks at exit codes pays for no HTTP client."""
    code = (
        "import sys, engine; print(engine.Exit.COMPLETE.name, [name for name in ('aiohttp', 'pydantic', 'typer') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "COMPLETE []\n"


def test_the_wheels_module_gives_the_same_names():
    """`import habeas` is `import engine`."""
    spec = importlib.util.spec_from_file_location("habeas_of_the_wheel", ROOT / "engine" / "habeas" / "__init__.py")
    habeas = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(habeas)
    assert habeas.__all__ == engine.__all__
    assert all(getattr(habeas, name) is getattr(engine, name) for name in engine.__all__)
    assert set(engine.__all__) <= set(dir(engine)) == set(dir(habeas))
    for module in (habeas, engine):
        with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
            _ = module.nothing


async def test_many_people_are_asked_over_one_account(served, acme):
    """The account is asked once, before the first of them; each has a folder and a manifest of their own, which says when that was."""
    address, go, asked = served
    go.set()
    async with engine.account(acme, token="t0", at=address, plan="big") as account:
        reports = await asyncio.gather(*(account.run(email="ada@x.io", out=f"p{number}", reference=f"R-{number}") for number in range(9)))
    assert {one.exit_code for one in reports} == {Exit.COMPLETE}
    assert len({one.folder for one in reports}) == 9
    paths = [asked.get_nowait() for _ in range(asked.qsize())]
    assert paths[0] == "/v1/me"
    assert paths.count("/v1/me") == 1
    assert paths.count("/v1/people/ada@x.io") == 9
    assert len({one.manifest["connection"]["verified_at"] for one in reports}) == 1


async def test_who_cannot_be_asked_about_costs_the_others_nothing(served, acme):
    """An unsafe identifier and a folder that is taken are that call's errors; nothing was sent for them."""
    address, go, asked = served
    go.set()
    Path("taken/acme").mkdir(parents=True)
    async with engine.account(acme, token="t0", at=address) as account:
        calls = [account.run(email=one, out=out) for one, out in (("me", "a"), ("ada@x.io", "taken"), ("ada@x.io", "b"))]
        bad, taken, good = await asyncio.gather(*calls, return_exceptions=True)
    assert (type(bad), type(taken), good.exit_code) == (Refused, OutputError, Exit.COMPLETE)
    assert [asked.get_nowait() for _ in range(asked.qsize())].count("/v1/people/ada@x.io") == 1
