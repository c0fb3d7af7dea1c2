"""A batch goes on at whom it was begun: the vendor itself, or a simulator of it."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest


@pytest.mark.parametrize("command", ["batch", "resume"])
def test_a_batch_that_was_begun_at_the_vendor_does_not_go_on_at_a_simulator(command, batch, vendor, tmp_path):
    """Else the proof would say of people whom a simulator answered that the vendor did."""
    assert batch("A,broken@x.io").code == 3
    batch.habeas("retry", str(batch.out))
    with contextlib.closing(sqlite3.connect(batch.out / "batch.db")) as database, database:
        database.execute("update connection set simulated=0, at=null")
    before = sum(vendor.asked.values())
    again = (str(tmp_path / "people.csv"), "--vendor", str(vendor.spec), "--out", str(batch.out))
    done = batch.habeas(command, *(again if command == "batch" else (str(batch.out),)))
    assert (done.returncode, sum(vendor.asked.values())) == (2, before)
    assert "begun at Acme itself, and a simulator would be asked: unset HABEAS_ACME_AT" in " ".join(done.stderr.split())


def test_a_batch_that_was_begun_at_a_simulator_goes_on_there(batch, vendor, habeas, tmp_path):
    """Also in a terminal that knows no simulator; practice never reaches the vendor."""
    assert batch("A,broken@x.io").code == 3
    batch.habeas("retry", str(batch.out))
    given = {name: value for name, value in vendor.given.items() if not name.endswith("_AT")}
    before = sum(vendor.asked.values())
    assert habeas("resume", str(batch.out), **given).returncode == 3
    assert sum(vendor.asked.values()) > before
    people = tmp_path / "people.csv"
    people.write_text("request,email\nA,broken@x.io\nB,bert@x.io\n")
    done = habeas("batch", str(people), "--vendor", str(vendor.spec), "--out", str(batch.out), "--check", **given)
    assert done.returncode == 2
    assert "begun at a simulator of Acme, and Acme itself would be asked: set HABEAS_ACME_AT again" in " ".join(done.stderr.split())
