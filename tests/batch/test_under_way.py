"""Whoever was under way when a batch was stopped or killed: their run goes on, or is asked from the start where it cannot."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import threading
from collections import Counter

import pytest
from aiohttp import web

from engine.batch import states
from tests.batch.conftest import SPEC, Vendor, proof_of, states_of
from tests.chaos.killed import counts
from tests.command_line import run_here
from tests.forked import Forked
from tests.process import HABEAS, environment
from tests.whole.resumed import ends, multisets, told

LONG = """    long:
      get: /people/<USER_ID>/long
      params: {kind: <KIND>}
      for: {KIND: [first, second]}
      records: items
      pagination: {cursor: next, param: after}
"""
PAGES = 6
FIRST, SECOND = (Counter({f"{kind} {page}": 1 for page in range(1, PAGES + 1)}) for kind in ("first", "second"))
ENDED = {"notes": 1, "files": 1, "long": 1}


class Long(Vendor):
    """The vendor with two long lists; the fourth page of the second waits while it is `held`."""

    def __init__(self, folder, name: str = "acme") -> None:
        super().__init__(folder, name)
        self.spec.write_text(SPEC.format(vendor=name, title=name.title()) + LONG)
        self.lists, self.held, self.refusals = Counter[str](), False, 0

    async def _answer(self, request: web.Request) -> web.Response:
        if self.refusals and request.path.endswith("/people/ada@x.io"):
            self.refusals -= 1
            return web.Response(status=418)
        if not request.path.endswith("/long"):
            return await super()._answer(request)
        kind, page = request.query["kind"], int(request.query.get("after", "1"))
        self.lists[f"{kind} {page}"] += 1
        if self.held and (kind, page) == ("second", 4):
            self.arrived.set()
            await asyncio.to_thread(self._held.wait)
        items = [{"id": f"{kind}-{page}-{number}"} for number in range(3)]
        return web.json_response({"items": items, "next": str(page + 1) if page < PAGES else None})


@pytest.fixture
def vendor(tmp_path):
    """Serve one."""
    up = Long(tmp_path)
    yield up
    up.end()


class LongBatch:
    """A batch of one person at that vendor: stopped in the middle of the second list, and gone on with."""

    def __init__(self, vendor, folder) -> None:
        self.vendor, self.out = vendor, folder / "out"
        self.left = self.out / "work" / "1" / "acme"
        self.environ = environment(folder / "state", **vendor.given)
        self.people = folder / "people.csv"
        self.people.write_text("request,email\nA,ada@x.io\n")

    def words(self, *more: str, out=None) -> tuple[str, ...]:
        return ("batch", str(self.people), "--vendor", str(self.vendor.spec), "--out", str(out or self.out), *more)

    def stop(self, number: signal.Signals = signal.SIGKILL, *more: str) -> None:
        """Stop it once every list but the second long one has ended."""
        self.vendor.held = True
        process = Forked([*HABEAS, *self.words(*more)], env=self.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        assert self.vendor.arrived.wait(60)
        while {name: len(found) for name, found in ends(self.left).items() if found} != ENDED:
            threading.Event().wait(0.01)
        process.send_signal(number)
        process.wait(60)
        self.vendor.held = False
        self.vendor.release()

    def go_on(self, *more: str):
        return run_here(self.words(*more), self.environ, None)

    def undisturbed(self, *more: str):
        """Ask for the same in another folder, and give the result's; what that asked is not counted."""
        before = self.vendor.lists.copy(), self.vendor.asked.copy()
        out = self.out.with_name("whole")
        assert run_here(self.words(*more, out=out), self.environ, None).returncode == 0
        self.vendor.lists, self.vendor.asked = before
        return out / "people" / "A" / "acme"

    @property
    def result(self):
        return self.out / "people" / "A" / "acme"


@pytest.fixture
def long_batch(vendor, tmp_path):
    """Give it."""
    return LongBatch(vendor, tmp_path)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_batch_that_broke_off_in_a_list_asks_nothing_again_that_was_whole(number, long_batch, vendor):
    """The first list is asked once, the second from its start; the result is the one of a batch that nothing disturbed."""
    long_batch.stop(number)
    assert vendor.lists == FIRST + Counter({f"second {page}": 1 for page in range(1, 5)})
    done = long_batch.go_on()
    assert done.returncode == 0, done.stderr
    assert vendor.lists - FIRST == SECOND + Counter({f"second {page}": 1 for page in range(1, 5)})
    assert [vendor.asked[f"/people/{one}"] for one in ("ada@x.io", "ada/notes", "ada/files")] == [2, 1, 1]
    whole = long_batch.undisturbed()
    assert multisets(long_batch.result) == multisets(whole)
    assert counts(told(long_batch.result)) == counts(told(whole))
    proof = proof_of(long_batch.out)["people"][0]
    manifest = (long_batch.result / "manifest.json").read_bytes()
    assert (proof["state"], proof["exit_code"], proof["manifest_sha256"]) == ("done", 0, hashlib.sha256(manifest).hexdigest())
    assert len(json.loads(manifest)["resumed"]) == 1
    assert not (long_batch.out / "work").exists()


def test_chosen_fields_and_a_beginning_hold_over_a_break(long_batch, vendor):
    """They are compared with what the row asks now, and are the same."""
    words = ("--only", "notes,files,long.id", "--since", "30d", "--files")
    long_batch.stop(signal.SIGKILL, *words)
    assert long_batch.go_on(*words).returncode == 0
    assert vendor.lists - FIRST == SECOND + Counter({f"second {page}": 1 for page in range(1, 5)})
    assert len(json.loads((long_batch.result / "manifest.json").read_bytes())["resumed"]) == 1


def rewrite(folder, **changes) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), **changes}))


def other_person(folder) -> None:
    rewrite(folder, subject={"identified_by": ["EMAIL"], "digest": {"email": "0" * 32}, "key_id": "0" * 16})


@pytest.mark.parametrize(
    "change",
    [
        other_person,
        lambda folder: rewrite(folder, reference="B"),
        lambda folder: rewrite(folder, excluded=["notes"]),
        lambda folder: rewrite(folder, fields={"long": {"only": ["id"], "without": []}}),
        lambda folder: rewrite(folder, narrowed={"since": "2026-01-01T00:00:00Z"}),
        lambda folder: rewrite(folder, options={"files": True, "largest_file": 10_000_000_000}),
        lambda folder: rewrite(folder, simulated=False),
        lambda folder: rewrite(folder, connection={"name": "default", "share": 0.75}),
        lambda folder: rewrite(folder, spec={"file": "acme.yaml", "sha256": "0" * 64}),
        lambda folder: (folder / "manifest.json").write_bytes(b"{"),
        lambda folder: (folder / "manifest.json").unlink(),
        lambda folder: (shutil.rmtree(folder), folder.write_text("")),
    ],
    ids=["person", "request", "excluded", "fields", "since", "files", "simulated", "connection", "spec", "damaged", "no head", "no folder"],
)
def test_what_is_not_the_run_that_the_row_asks_for_is_asked_from_the_start(change, long_batch, vendor):
    """Nothing of it comes into the result."""
    long_batch.stop()
    change(long_batch.left)
    assert long_batch.go_on().returncode == 0
    assert (vendor.lists["first 1"], vendor.lists["second 1"], vendor.asked["/people/ada/notes"]) == (2, 2, 2)
    manifest = json.loads((long_batch.result / "manifest.json").read_bytes())
    assert (manifest["resumed"], manifest["reference"], manifest["endpoints"]["long"]["records"]) == ([], "A", 36)


@pytest.mark.parametrize("place", ["in its place", "beside it"])
def test_a_run_that_had_ended_and_was_not_told_of_is_looked_up_and_nothing_else(place, long_batch, vendor):
    """Its lists are believed by their digests: one whose records were changed is asked again."""
    assert long_batch.go_on().returncode == 0
    with sqlite3.connect(long_batch.out / "batch.db") as database:
        database.execute("update person set state='running', sha256=null, folder=null")
    database.close()
    if place == "beside it":
        long_batch.left.parent.mkdir(parents=True)
        long_batch.result.rename(long_batch.left)
        (long_batch.left / "notes.jsonl").write_bytes((long_batch.left / "notes.jsonl").read_bytes()[:-1])
    assert long_batch.go_on().returncode == 0
    assert vendor.lists == FIRST + SECOND
    assert vendor.asked["/people/ada/notes"] == (2 if place == "beside it" else 1)
    assert states_of(long_batch.out) == {"A": "done"}
    assert sorted(one.name for one in long_batch.result.parent.iterdir()) == ["acme"]
    assert counts(told(long_batch.result)) == counts(told(long_batch.undisturbed()))


@pytest.mark.parametrize("refusals", [3, 4])
def test_a_run_that_cannot_go_on_now_is_never_done_and_keeps_what_it_had(refusals, long_batch, vendor, monkeypatch):
    """The look-up is refused now: it is tried three times more, then the row has failed, and a retry asks from the start."""
    monkeypatch.setattr(states, "AGAIN", (0.05, 0.05, 0.05))
    long_batch.stop()
    vendor.lists.clear()
    vendor.refusals = refusals
    code = long_batch.go_on().returncode
    row = proof_of(long_batch.out)["people"][0]
    if refusals == 3:
        assert (code, row["state"], vendor.lists) == (0, "done", SECOND)
        return
    assert (code, row["state"], row["folder"], +vendor.lists) == (3, "failed", None, Counter())
    assert row["reason"].endswith("; what was fetched before a break is given up: habeas retry asks from the start")
    assert not (long_batch.out / "work").exists()
    assert run_here(("retry", str(long_batch.out)), long_batch.environ, None).returncode == 0
    assert (long_batch.go_on().returncode, vendor.lists) == (0, FIRST + SECOND)


def test_what_was_begun_for_somebody_who_was_taken_out_goes(long_batch):
    """Nobody asks for it any more."""
    long_batch.stop(signal.SIGINT)
    assert run_here(("cancel", str(long_batch.out), "--request", "A"), long_batch.environ, None).returncode == 0
    long_batch.go_on()
    assert states_of(long_batch.out) == {"A": "cancelled"}
    assert not (long_batch.out / "work").exists()


def test_a_run_that_another_process_writes_is_left_alone(long_batch, vendor):
    """Somebody went on with it by hand: exit 3, and the row stays queued."""
    long_batch.stop()
    file = os.open(long_batch.left, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(file, fcntl.LOCK_EX)
    done = long_batch.go_on()
    os.close(file)
    assert (done.returncode, "another process still writes" in done.stderr) == (3, True), done.stderr
    assert vendor.asked["/people/ada@x.io"] == 1
    assert (long_batch.go_on().returncode, states_of(long_batch.out)) == (0, {"A": "done"})
    assert vendor.lists["first 1"] == 1
