"""A batch at the simulated Zoom over a stored connection, its limits twenty times as high: the vendor's own log is the judge."""

from __future__ import annotations

import json
import re
import subprocess
import time

import pytest

from engine.simulate.serve import module
from tests.batch.conftest import proof_of, states_of
from tests.connection.commands import redirect
from tests.forked import Forked, run
from tests.process import BROWSER, HABEAS, ROOT, environment

RATE = re.compile(r"\b(\d+)/s\b")
TIMES = 20


@pytest.fixture
def fast(tmp_path):
    """Write Zoom's spec with raised limits."""
    head, limits, rest = re.split(r"(?ms)(^rate_limits:.*?)(?=^\S)", (ROOT / "specs" / "zoom.yaml").read_text("utf-8"), maxsplit=1)[0:3]
    path = tmp_path / "zoom.yaml"
    path.write_text(head + RATE.sub(lambda found: f"{int(found[1]) * TIMES}/s", limits) + rest)
    return path


@pytest.fixture
def connected(simulate, fast, tmp_path, monkeypatch):
    """Connect to it; gives the simulator, which refuses what is above its raised limits, and what a process is started with."""
    server = module("zoom")
    raised = {
        plan: {name: tuple((count * TIMES, span) for count, span in limits) for name, limits in buckets.items()}
        for plan, buckets in server.PLANS.items()
    }
    monkeypatch.setattr(server, "PLANS", raised)
    up = simulate(people=12, meetings=2, scopes="all", limits=True)
    more = {
        "HABEAS_ZOOM_AT": up.address,
        "HABEAS_ZOOM_CLIENT_ID": up.ready.client_id,
        "HABEAS_ZOOM_CLIENT_SECRET": up.ready.client_secret,
        "BROWSER": BROWSER,
    }
    home = tmp_path / "zoom-state"
    given = environment(home, **more)
    words = ("connect", str(fast), "--redirect-uri", redirect())
    done = run([*HABEAS, *words], env=given, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return up, given


def people(folder, names) -> str:
    path = folder / "zoom-people.csv"
    path.write_text("request,email\n" + "".join(f"Z{number},{name}\n" for number, name in enumerate(names)))
    return str(path)


def test_a_killed_batch_keeps_its_refresh_token_and_the_limit(connected, fast, tmp_path):
    """Killed on the way: nobody lost, nobody twice, the refresh token alive, and the limit never exceeded by Zoom's own log."""
    up, given = connected
    out, before = tmp_path / "out", len(up.log())
    names = [*up.ready.people, "stranger@example.com"]
    words = [*HABEAS, "batch", people(tmp_path, names), "--vendor", str(fast), "--out", str(out), "--since", "60d"]
    words += ["--only", "settings,meetings,phone_profile,phone_call_logs"]
    process = Forked(words, env=given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while len(up.log()) < before + 25 and time.monotonic() < until and process.poll() is None:
        pass
    process.kill()
    process.wait(60)
    done = run(words, env=given, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(states_of(out).values()) == {"done"}
    assert len(states_of(out)) == len(names)
    assert sorted(one.name for one in (out / "people").iterdir()) == sorted(states_of(out))
    stranger = proof_of(out)["people"][-1]
    manifest = json.loads((out / stranger["folder"] / "manifest.json").read_text())
    assert (manifest["subject"]["outcome"], manifest["subject"]["proof"]) == ("no_match", "verify")
    asked = up.log()[before:]
    assert sum(one["path"].endswith("/users") for one in asked) == 2  # once a process
    assert 429 not in {one["status"] for one in asked}
    alive = run([*HABEAS, "verify", str(fast)], env=given, capture_output=True, text=True, timeout=120, check=False)
    assert alive.returncode in (0, 3), alive.stderr
