"""The list of files: each says where it is, or why it is not here, in words that are text and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.package.content import RECEIVED
from engine.package.file_list import file_list
from engine.pages.texts import texts
from tests.package.answers import file, service


def row(endpoint: str = "meetings", **changed: object) -> list[str]:
    """Give what stands in the row of one file."""
    told = file_list(service(), endpoint, "Meetings", [file(**changed)], texts("engine.package", "en"), "DSR-17")
    return [str(cell) for cell in told["rows"][0]]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"source": Path("a.mp4"), "why": "Cut <b>."}, "</a> Cut &lt;b&gt;."),
        ({"because": "third_party", "why": "Another <b> speaks."}, "</span> Another &lt;b&gt; speaks."),
        ({"why": "Not <b> had."}, "Not &lt;b&gt; had."),
    ],
)
def test_what_is_said_of_a_file_stands_behind_it(changed, words):
    """Of one that is here too, and of one that is withheld in place of the usual sentence."""
    assert words in row(**changed)[4]


@pytest.mark.parametrize(
    ("here", "language", "words"),
    [
        ([True], "en", "1 file, in this package."),
        ([False], "en", "1 file; it is not in this package."),
        ([True, False, False], "en", "3 files; in this package: 1."),
        ([False, False], "en", "2 files; none of them is in this package."),
        ([False, False], "de", "2 Dateien; keine davon ist in diesem Paket."),
    ],
)
def test_the_list_says_how_many_files_are_here(here, language, words):
    """In words, also where none is, and where there is one."""
    files = [file(source=Path("a.mp4") if one else None) for one in here]
    assert file_list(service(), "meetings", "Meetings", files, texts("engine.package", language), "DSR-17")["count"] == words


def test_an_empty_file_has_a_size():
    """It is zero bytes; what nobody told is said to be unknown."""
    assert "0" in row(size=0)[3]
    assert row(size=0)[3] != row()[3] == row()[2]


@pytest.mark.parametrize(("record", "page"), [(1, "meetings-1"), (1000, ""), (None, None)])
def test_a_file_leads_to_its_record(record, page):
    """To the record's own place; what an owner sent belongs to none."""
    told = row(record=record)[1]
    assert (f'#r{record}">{record}</a>' in told) is (page is not None)
    assert "<a" not in row(RECEIVED, record=record)[1]


def test_names_and_types_are_text():
    """Whatever a vendor calls a file."""
    assert row(name="<b>", media_type="a/<b>")[0] == '<bdi class="long">&lt;b&gt;</bdi>'
    assert row(name="<b>", media_type="a/<b>")[2] == "a/&lt;b&gt;"
