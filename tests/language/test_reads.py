"""What an expression reads is told from its form: never less than it does, where that can be told at all."""

from __future__ import annotations

import sys

import pytest

from engine.language.expressions.select import left_out, parse_select, reads, stands


def paths(found) -> set[str]:
    return {".".join(one) for one in found}


@pytest.mark.parametrize(
    ("expressions", "read"),
    [
        (["url"], {"url"}),
        (["a.b"], {"a.b"}),
        (["files[].url"], {"files", "files.url"}),
        (["files[]", "url"], {"files", "files.url"}),
        (["files", "urls[]"], {"files", "files.urls"}),
        (["urls[]", "@"], {"urls"}),
        (["files[?kind == 'mp4' && !old].url | [0]"], {"files", "files.kind", "files.old", "files.url"}),
        (["files[0:2].url"], {"files", "files.url"}),
        (["download_url || play_url"], {"download_url", "play_url"}),
        (["[a, b].c"], {"a", "b", "a.c", "b.c"}),
        (["{u: files[0].url, v: w}"], {"files", "files.url", "w"}),
        (["sort_by(files, &size)[0]"], {"files", "files.size"}),
        (["map(&url, files)"], {"files", "files.url"}),
        (["parts.*.url"], {"parts"}),
        (["`1`"], set()),
        (["to_string(a.b)"], {"a", "a.b"}),
    ],
)
def test_an_expression_reads_these_paths(expressions, read):
    """One after the other, each within what the one before it found."""
    assert paths(reads(*map(parse_select, expressions))) == read


def test_an_expression_without_end_reads_what_it_reads():
    """Its form is not followed for ever, and nothing is claimed of it."""
    deep = parse_select("a[0]" + ".a[0]" * 40)
    for _ in range(5000):
        deep.compiled.parsed = {"type": "pipe", "children": [deep.compiled.parsed]}
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1000)  # who opens a case raises it for the whole process
    try:
        assert reads(deep, parse_select("b")) == frozenset()
    finally:
        sys.setrecursionlimit(before)


def test_chosen_fields_stand_where_a_record_keeps_them():
    """A dotted path in its place, a map under its names, anything else under its own text."""
    fields = map(parse_select, ["a.b", "{u: files[0].url, v: w}", "files[0].url"])
    assert stands(fields) == {("a", "b"), ("u",), ("v",), ("files[0].url",)}


def test_one_gap_is_told_once():
    """What lies below a path that is left out is not told again; what is kept above or below is no gap."""
    read = [("files",), ("files", "url"), ("a", "b"), ("c",)]
    assert left_out(read, [("a",), ("c", "d")]) == [("files",)]
    assert left_out(read, [("files", "size"), ("a", "b", "x"), ("c",)]) == [("files", "url")]
