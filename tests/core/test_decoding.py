"""Types are decoded first by one thread."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ENGINE = Path(__file__).parents[2] / "engine"
UNGUARDED = re.compile(r"msgspec\.convert\(|msgspec\.json\.decode\([^\n]*type=(?!dict\[str, Any\]|msgspec\.Raw)")
AT_ONCE = """
import sys, threading, msgspec
from engine.decoding import decoder
sys.setswitchinterval(1e-6)

def first_use():
    inner = lambda number: msgspec.defstruct(f"Inner{number}", [("a", int | None, None), ("b", str, "")], module="__main__")
    kind = msgspec.defstruct("Outer", [(f"f{number}", list[inner(number)] | None, None) for number in range(60)], module="__main__")
    begin = threading.Barrier(4)

    def use():
        begin.wait()
        decoder(kind).decode(b'{"f59":[{"a":1}]}')

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

for _ in range(20):
    first_use()
"""


def test_threads_that_decode_a_type_first_at_the_same_moment_all_get_it():
    """Four threads decode a type that none has decoded before, twenty times: the process lives."""
    done = subprocess.run([sys.executable, "-c", AT_ONCE], cwd=ENGINE.parent, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_no_type_is_decoded_past_the_guard():
    """Whatever is decoded as a type goes through engine/decoding.py."""
    paths = (path for path in ENGINE.rglob("*.py") if path.name != "decoding.py")
    assert [path.name for path in paths if UNGUARDED.search(path.read_text("utf-8"))] == []
