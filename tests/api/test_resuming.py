"""A run that broke off, gone on with by a program: what stays, and the command line's own errors."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
from pathlib import Path

import pytest

import engine
from engine.errors import InUse, NotConnected, Refused, UsageError


@pytest.fixture
async def cut(served, acme):
    """Begin a run whose second list is never answered, and cancel it; gives its folder."""
    address, go, asked = served
    done = asyncio.Event()
    task = asyncio.create_task(engine.run(acme, email="ada@x.io", token="t0", at=address, out="cut", ended=lambda _: done.set()))
    await done.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    while not asked.empty():
        asked.get_nowait()
    go.set()
    return Path("cut/acme").absolute()


async def test_a_program_goes_on_with_a_run(cut, served, acme):
    """The list that was whole stays and is not asked again; spec, options and start are those of then, the proof tells of the break."""
    address, _, asked = served
    heard = []
    report = await engine.resume("cut", spec=acme, email="ada@x.io", token="t0", at=address, ended=lambda entry: heard.append(entry.name))
    assert (report.outcome, report.exit_code, report.folder.absolute()) == (engine.Subject.MATCHED, engine.Exit.COMPLETE, cut)
    assert (report.kept, sorted(heard)) == ({"notes": (1, 1)}, ["files", "notes"])
    paths = [asked.get_nowait() for _ in range(asked.qsize())]
    assert sorted(paths) == ["/v1/me", "/v1/people/ada@x.io", "/v1/people/u1/files"]
    assert len(report.manifest["resumed"]) == 1
    assert json.loads((cut / "manifest.json").read_text()) == json.loads(json.dumps(report.manifest))


@pytest.mark.parametrize(
    ("error", "words", "wrong"),
    [
        (UsageError, "nowhere: there is no such folder; name the one that `habeas run` wrote", {"folder": "nowhere"}),
        (UsageError, "holds no run: nothing there can go on", {"folder": "."}),
        (UsageError, "folder is a path, not int", {"folder": 5}),
        (UsageError, "email is text, not int", {"email": 5}),
        (UsageError, "anyway is True or False, not str", {"anyway": "yes"}),
        (UsageError, "ended is a function, not NoneType", {"ended": None}),
        (UsageError, "the run asks by email: give the same again", {"email": None}),
        (UsageError, "the run asks by email: give the same again", {"phone": "+15550100200"}),
        (UsageError, "holds a run at acme, and the spec is of slack", {"spec": "slack"}),
        (UsageError, "no spec is called `acmee`", {"spec": "acmee"}),
        (UsageError, "no spec is called `acme`", {"spec": None}),
        (UsageError, "was begun at a simulator: name its address with --at", {"at": None}),
        (NotConnected, "not connected to Acme: habeas connect", {"token": None}),
        (Refused, "is not the person whom the run in", {"email": "bert@x.io"}),
        (Refused, "the e-mail address does not have exactly one @", {"email": "ada"}),
        (UsageError, "a share of 7 is no share of a limit", {"share": 7}),
        (UsageError, "--probe: the e-mail address does not have exactly one @", {"probe": "shoe=7"}),
    ],
)
async def test_what_cannot_go_on_is_the_command_lines_error(cut, served, acme, tmp_path, error, words, wrong):
    """An exception of Habeas before anything is sent or changed, never with the identifier in it."""
    address, _, asked = served
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    call = {"folder": "cut", "spec": acme, "email": "ada@x.io", "token": "t0", "at": address, **wrong}
    with pytest.raises(error) as caught:
        await engine.resume(call.pop("folder"), **call)
    assert isinstance(caught.value, engine.HabeasError)
    assert words in str(caught.value)
    assert "ada@x.io" not in str(caught.value)
    assert asked.empty()
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


async def test_a_run_that_another_process_writes_or_that_lacks_nothing_is_left_alone(cut, served, acme):
    """The lock of the folder says the one, its manifest the other."""
    address, _, _ = served
    call = {"spec": acme, "email": "ada@x.io", "token": "t0", "at": address}
    writing = os.open(cut, os.O_RDONLY)
    fcntl.flock(writing, fcntl.LOCK_EX)
    with pytest.raises(InUse, match="another process still writes"):
        await engine.resume(cut, **call)
    os.close(writing)
    assert (await engine.resume(cut, **call)).exit_code is engine.Exit.COMPLETE
    with pytest.raises(UsageError, match="nothing is left to ask"):
        await engine.resume(cut, **call)


async def test_a_spec_that_changed_is_refused_and_read_anew_where_that_is_wanted(cut, served, acme):
    """What the spec says as before stays; the list that it says otherwise is asked again."""
    address, _, asked = served
    acme.write_text(acme.read_text().replace("notes: {get", "notes: {title: Notes, get"))
    call = {"spec": acme, "email": "ada@x.io", "token": "t0", "at": address}
    with pytest.raises(UsageError, match="is not the one that"):
        await engine.resume(cut, **call)
    assert asked.empty()
    report = await engine.resume(cut, **call, anyway=True)
    assert (report.exit_code, report.kept) == (engine.Exit.COMPLETE, {})
