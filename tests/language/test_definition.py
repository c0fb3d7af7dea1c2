"""What a spec says of an endpoint has one digest, in every process, and another one for each other word."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from engine.catalogue import load
from tests.core.specs import HEAD, vendor

IT = """
it:
  get: /u/<USER_ID>/calls
  params: {from: <FROM.date>, to: <TO.date>, kind: [a, b], type: <KIND>}
  for: {KIND: [x, y]}
  records: items
  key: uuid
  window: {step: 5d, since: 2026-01-01}
  granted_by: [a b, c]
  pagination: {cursor: next, param: after, size: {n: 5}, total: total}
  files: url
  echo: {from: <FROM.date>}
"""
OTHER = [
    ("calls", "mails"),
    ("kind: [a, b]", "kind: [b, a]"),
    ("[x, y]", "[x, z]"),
    ("records: items", "records: data.items"),
    ("key: uuid", "key: id"),
    ("step: 5d", "step: 6d"),
    ("since: 2026-01-01", "since: 2026-01-02"),
    ("[a b, c]", "[a, c]"),
    ("total: total", "total: count"),
    ("files: url", "files: link"),
    ("echo: {from", "echo: {since"),
]


@pytest.mark.parametrize(("old", "new"), OTHER)
def test_every_word_counts(old, new):
    """One other word of the endpoint is another digest."""
    assert old in IT
    assert vendor(IT).endpoints["it"].definition != vendor(IT.replace(old, new)).endpoints["it"].definition


def test_words_of_the_top_count_where_they_hold():
    """A default that changes is a change of each endpoint that has it; a comment, or another endpoint, is none."""
    mine = vendor(IT).definitions
    assert mine == vendor(IT + "# a comment\n").definitions
    assert mine["it"] == vendor(IT + "other: {get: /x}\n").definitions["it"]
    refusing = HEAD.replace("message: message}", "message: text}")
    assert mine["it"] != vendor(IT, refusing).definitions["it"]


def test_every_process_gives_the_same():
    """No digest hangs on the order of a set, or on an address in memory."""
    code = "from engine.catalogue import load; print(sorted(load('zoom').definitions.items()))"
    environ = {**os.environ, "PYTHONHASHSEED": "7"}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == str(sorted(load("zoom").definitions.items()))
