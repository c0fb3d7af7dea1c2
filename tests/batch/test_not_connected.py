"""Connections that a batch lacks: all of them are named at once, beside what is wrong with the file, and nothing is sent or kept."""

from __future__ import annotations

import pytest

HEAD = "request,email,vendor,connection"
LACKING = ("A,ada@x.io,zoom slack,", "B,bert@x.io,github,github/emea", "C,carl@x.io,zoom,", "D,dora@x.io,,")


@pytest.mark.parametrize("trial", [("--check",), ()], ids=["check", "working"])
def test_every_missing_connection_is_named_at_once(trial, batch, vendor, tmp_path):
    """Each once, with the command that makes it, however many rows need it."""
    done = batch(*LACKING, words=trial, head=HEAD)
    assert done.code == 4
    said = done.err.strip().splitlines()
    assert len(said) == 3, done.err
    for vendor_name, words in zip(("zoom", "slack", "github"), said, strict=True):
        assert f"habeas connect {vendor_name}" in words
    assert "github/emea" in said[2]
    assert not batch.out.exists()
    assert not vendor.asked


def test_what_is_wrong_with_the_file_is_told_with_them(batch):
    """A file that must be mended goes first (exit 2), and its author learns of the connections in the same breath."""
    done = batch(*LACKING, "E,Eve <eve@x.io>,,", "F,f@,slack,", words=("--check",), head=HEAD)
    assert done.code == 2
    for words in ("line 6: the email is a name", "line 7: ", "habeas connect zoom", "habeas connect slack", "habeas connect github"):
        assert done.err.count(words) == 1, words
    assert "eve@x.io" not in done.err


def test_a_batch_that_goes_on_names_all_that_it_lacks(batch, vendor, habeas, tmp_path):
    """Also without its CSV: connections may have been removed meanwhile."""
    other = tmp_path / "acme2.yaml"
    other.write_text(vendor.spec.read_text().replace("acme", "acme2").replace("Acme", "Acme2"))
    more = {name.replace("ACME", "ACME2"): value for name, value in vendor.given.items()}
    assert batch("A,ada@x.io", words=("--vendor", str(other)), **more).code == 0
    done = habeas("resume", str(batch.out))
    assert done.returncode == 4
    assert [words for words in ("not connected to Acme: ", "not connected to Acme2: ") if words not in done.stderr] == []
