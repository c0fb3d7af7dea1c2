"""Who is in a batch stands nowhere in it but sealed: whatever kind of identifier it is, also where the batch was killed."""

from __future__ import annotations

import subprocess

from tests.batch.conftest import states_of
from tests.forked import Forked
from tests.process import HABEAS, environment

HEAD = "request,email,phone,username"
LINES = [f"R{number},augusta{number}@x.io,+1555010020{number},lovelace{number}" for number in range(9)]
NAMES = (b"augusta", b"1555010020", b"lovelace")


def beside_results(out) -> bytes:
    """Give all that lies in a batch's folder but what was fetched; names of files too."""
    files = [one for one in out.rglob("*") if not {"people", "work"} & set(one.relative_to(out).parts)]
    names = [str(one.relative_to(out)).encode() for one in out.rglob("*")]
    return b"\n".join([one.read_bytes() for one in files if one.is_file()] + names).lower()


def test_no_kind_of_identifier_stands_in_a_batch_that_was_killed_or_in_what_is_said_of_it(batch, vendor, habeas, tmp_path):
    """Neither in the database nor in what it had yet to write into it, in no name of a file, not in the status, on the screen or in the proof."""
    home = tmp_path / "state"
    given = environment(home, **vendor.given)
    path = tmp_path / "people.csv"
    path.write_text("\n".join([HEAD, *LINES]) + "\n")
    words = ["batch", str(path), "--vendor", str(vendor.spec), "--out", str(batch.out)]
    vendor.hold = "augusta7/files"
    first = Forked([*HABEAS, *words], env=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert vendor.arrived.wait(60)
    first.kill()
    said = b"".join(first.communicate(timeout=60))
    assert (batch.out / "batch.db-wal").stat().st_size
    vendor.release()
    for kind in ((), ("--json",), ("--csv",)):
        told = habeas("status", str(batch.out), *kind, HABEAS_HOME=str(home))
        said += (told.stdout + told.stderr).encode()
    killed = beside_results(batch.out)
    done = habeas(*words, HABEAS_HOME=str(home), **vendor.given)
    assert (done.returncode, set(states_of(batch.out).values())) == (0, {"done"})
    traced = habeas("trace", str(batch.out), "--out", str(tmp_path / "page.html"), HABEAS_HOME=str(home))
    assert traced.returncode == 0, traced.stderr
    said += (done.stdout + done.stderr + traced.stdout).encode() + (tmp_path / "page.html").read_bytes()
    for name in NAMES:
        assert name not in killed
        assert name not in beside_results(batch.out)
        assert name not in said.lower()
