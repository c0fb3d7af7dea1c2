"""What can be wrong with a CSV of people, and what is taken as it was meant. Nothing is sent for any line before all are checked."""

from __future__ import annotations

import io
import resource
import tracemalloc
from pathlib import Path

import pytest
import yaml

from engine.batch.people_csv import SHOWN, LineFault, PersonLine, read_lines

CASES = yaml.safe_load((Path(__file__).parent / "data_csv.yaml").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_line_that_cannot_be_used_is_told_by_its_number_and_nothing_is_sent(case, habeas, vendor, tmp_path):
    """By line and kind, all at once, without what stands in it; no batch is left behind."""
    people, out = tmp_path / "people.csv", tmp_path / "out"
    people.write_bytes(bytes.fromhex(case["hex"]) if "hex" in case else case["text"].encode())
    done = habeas("batch", str(people), "--vendor", str(vendor.spec), "--out", str(out), **vendor.given)
    assert done.returncode == case["code"], done.stderr
    said = " ".join((done.stdout + done.stderr).split())
    for words in case["says"]:
        assert words in said
    for words in case.get("never", ()):
        assert words not in said
    assert not vendor.asked
    assert not out.exists()


@pytest.mark.parametrize(
    ("raw", "requests"),
    [
        (b"\xef\xbb\xbfrequest,email\r\nA,ada@x.io\r\n", ["A"]),
        (b"request;email;only\nA;ada@x.io;notes\nB;b@x.io;\n", ["A", "B"]),
        (b"email , request\n\n ada@x.io ,A\n\n", ["A"]),
        (b'request,email,only\nA,ada@x.io,"notes,files"\n', ["A"]),
        (b'request,email\nA,"ada@x.io"', ["A"]),
        (b"request\temail\nA\tada@x.io\n", ["A"]),
        (b"Request,EMAIL\nA,ada@x.io\n", ["A"]),
        (b"request,email\nA,ada@x.io\n,\n , \n  \n", ["A"]),
    ],
    ids=[
        "a BOM and CRLF",
        "semicolons",
        "blank lines and blanks",
        "commas in quotes",
        "no line break at the end",
        "tabs",
        "capitals in the header",
        "rows of empty cells",
    ],
)
def test_what_spreadsheets_write_is_read(raw, requests):
    """As it was meant."""
    found = list(read_lines(io.BytesIO(raw)))
    assert [one.request for one in found if isinstance(one, PersonLine)] == requests
    assert not [one for one in found if isinstance(one, LineFault)]


def test_lines_are_counted_as_an_editor_does():
    """Blank lines and cells of several lines included."""
    raw = b'request,email\n\nA,"a\nb@x.io"\nB,b@x.io\nC,\n'
    found = list(read_lines(io.BytesIO(raw)))
    assert [(one.line, type(one)) for one in found] == [(3, PersonLine), (5, PersonLine), (6, LineFault)]


def test_a_great_many_lines_are_read_in_flat_memory():
    """A hundred thousand of them take no more than a few."""

    class Endless(io.RawIOBase):
        def __init__(self) -> None:
            self.count = 0

        def readline(self, _limit: int = -1) -> bytes:  # type: ignore[override]
            self.count += 1
            return b"request,email\n" if self.count == 1 else b"" if self.count > 100_000 else b"R-%d,p%d@x.io\n" % (self.count, self.count)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert sum(isinstance(one, PersonLine) for one in read_lines(Endless())) == 99_999  # type: ignore[arg-type]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 8_000


def test_of_people_who_are_taken_in_nothing_stays_in_memory(habeas, vendor, tmp_path):
    """Two thousand more take no more than the first: each is checked, sealed, written and forgotten."""
    people = tmp_path / "people.csv"

    def peak(count: int) -> int:
        people.write_text("request,email,phone\n" + "".join(f"R{number},p{number}@x.io,+1555{number:07}\n" for number in range(count)))
        tracemalloc.start()
        done = habeas("batch", str(people), "--vendor", str(vendor.spec), "--check", **vendor.given)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert (done.returncode, f"{count:,} people" in done.stdout) == (0, True)
        return most

    peak(10)  # what is imported and kept by whoever comes first
    assert peak(2400) - peak(400) < 200_000


def test_what_is_no_table_ends_at_once():
    """A file of one endless line, or one endless cell, is not read to its end."""
    for raw in (b"x" * (3 << 20), b'request,email\nA,"' + b"x\n" * (3 << 20)):
        stream = io.BytesIO(raw)
        found = list(read_lines(stream))
        assert isinstance(found[-1], LineFault)
        assert stream.tell() < len(raw)


def test_very_many_faults_are_counted_and_not_all_shown(batch):
    """The first forty, and how many more there are."""
    done = batch(*(f"R{number},ada@" for number in range(100)))
    assert done.code == 5
    assert done.err.count("line ") == SHOWN
    assert "and 60 more" in done.err
