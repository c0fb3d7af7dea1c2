"""Workers in processes of their own: people whom somebody put into the tables are asked for, whatever happens to a worker."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from tests.cluster.lent import some_people


def results_of(team, folder: Path) -> dict[str, tuple[str, int | None]]:
    """Give each request's state and exit code; its result is in the only place that is named, and nothing else lies beside it."""
    found = {}
    for request, state, code, place, sha256 in team.sql("select request, state, exit_code, folder, sha256 from person order by request"):
        found[request] = (state, code)
        manifest = (folder / place / "manifest.json").read_bytes()
        assert hashlib.sha256(manifest).hexdigest() == sha256
        assert json.loads(manifest)["reference"] == request
        assert [str(one.relative_to(folder)) for one in (folder / "people" / request).iterdir()] == [place]
    return found


def test_two_workers_drain_what_somebody_put_into_the_tables(team, tmp_path):
    """Each connection is taken and given back, everybody has one result, and both workers end when they are told to."""
    team.connect("one", "two", "three")
    folder = tmp_path / "batch"
    team.lend(folder, some_people(30, "one", "two", "three"))
    workers = [team.work(lease=30.0), team.work(lease=30.0)]
    team.until_done()
    ended = [team.end(worker) for worker in workers]
    assert [code for code, _ in ended] == [143, 143], ended
    assert results_of(team, folder) == dict.fromkeys((f"R{number:03}" for number in range(30)), ("done", 0))
    assert sum(team.vendor.asked[f"/people/p{number}@x.io"] for number in range(30)) == 30
    said = "".join(words for _, words in ended)
    assert sorted(line for line in said.splitlines() if "taken" in line) == [f"acme/{name}: taken." for name in ("one", "three", "two")]
    assert "acme/one: given back: 10 done." in said
    assert "x.io" not in said
    assert team.sql("select count(*) from worker") == [(0,)]
    assert team.sql("select distinct owner, lease_until, open from connection") == [(None, None, 0)]
    assert team.sql("select count(*) from procrastinate_jobs") == [(0,)]
