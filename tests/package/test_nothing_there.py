"""What pages offer to be opened of kinds of records of which there is nothing."""

from __future__ import annotations

from tests.package.answers import answer, kind, meeting, service
from tests.package.reading import pages_of


def test_nothing_is_opened_where_nothing_is(tmp_path):
    """A kind of which there is nothing leads nowhere; one that was not obtained, or is withheld whole, leads to why, and names no file."""
    kinds = (
        kind([meeting(1)]),
        kind(endpoint="webinars", outcome="empty"),
        kind(endpoint="recordings", outcome="denied"),
        kind(endpoint="calls", held={"privilege": 2}),
    )
    pages = pages_of(answer(service(*kinds)), tmp_path)
    index = pages["index.html"]
    assert [f'href="read/zoom-{name}-1.html"' in index for name in ("meetings", "webinars", "recordings", "calls")] == [
        True,
        False,
        True,
        True,
    ]
    assert [f"{name}.json, .csv" in index for name in ("meetings", "webinars", "recordings", "calls")] == [True, False, False, False]
    assert "data/zoom/meetings.json" in pages["read/zoom-meetings-1.html"]
    assert not [name for name in ("webinars", "recordings", "calls") if ".json" in pages[f"read/zoom-{name}-1.html"]]
    assert "0 files" not in index


def test_nothing_leads_to_no_reading_of_it(tmp_path):
    """The first page links from what was found and what is withheld only where there is some."""
    none, some = (
        pages_of(made, tmp_path / name)["index.html"] for name, made in (("a", answer()), ("b", answer(service(kind([meeting(1)])))))
    )
    assert ">Read it</a>" in some
    assert ">Read it</a>" not in none
    assert 'href="#withheld">Why</a>' not in none
