"""What a terminal shows breaks between words only, at every width; what goes to a file or a pipe is not broken."""

from __future__ import annotations

import re
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cli.formatting import columns, fitted, shell_line, table
from engine.cli.plan import _as_text
from engine.cli.run import summary
from engine.cli.verify import told
from engine.core.plan import plan
from engine.core.scopes import matrix
from engine.core.selection import Selection
from engine.runner.verify import Sight, Verified
from tests.process import environment
from tests.terminal import on_terminal
from tests.whole.commands import FULL
from tests.whole.runs import ZOOM
from tests.whole.scripted import NOW, fetched

WIDTHS = st.integers(40, 200)
WORD = st.text("abcdefgh:/.,@_-<>()", min_size=1, max_size=60)
SENTENCE = st.lists(WORD, max_size=30).map(" ".join)
LEAD = st.sampled_from(["", "  ", "  - ", "  12. "])
ADDRESS = f"https://acme.example/oauth/authorize?{'x' * 300}"


def too_wide(text: str, width: int) -> list[str]:
    """Give the lines that a terminal of this width would break in a word: those that are wider and hold more than one word."""
    return [line for line in text.splitlines() if len(line) > width and len(re.sub(r"^\s*(-|[0-9]+\.) ", "", line).split()) > 1]


@given(LEAD, SENTENCE, WIDTHS)
def test_a_sentence_breaks_between_words(lead, sentence, width):
    """No word is cut or lost, and one that is wider than the terminal stands alone."""
    text = fitted(lead + sentence, width)
    assert text.split() == (lead + sentence).split()
    assert too_wide(text, width) == []
    assert fitted(lead + sentence, None) == lead + sentence


def test_an_address_is_copied_whole():
    """It begins its line, however long it is, and stands where it fits without the indentation."""
    assert fitted(f"Go to {ADDRESS} now", 80) == f"Go to\n{ADDRESS}\nnow"
    assert fitted(f"  at {'x' * 79} now", 80) == f"  at\n{'x' * 79}\n    now"


@given(st.lists(st.tuples(WORD, WORD, st.integers(0, 10**9).map(str), SENTENCE), min_size=1, max_size=6), WIDTHS)
def test_a_table_fits(rows, width):
    """Its last column is broken, or its last columns stand below each row; every word of every cell is there."""
    text = table(("endpoint", "outcome", "records", "why"), rows, (2,), width)
    assert too_wide(text, width) == []
    words = text.split()
    for row in rows:
        assert all(word in words for cell in row for word in cell.split())


def test_signs_that_take_two_columns_keep_the_next_ones_in_line():
    """A Chinese, Japanese or Korean name is as many columns wide as a terminal shows it, an accent of its own none."""
    rows = [("\u4f50\u85e4\u82b1\u5b50", "7", "x"), ("Mara", "17", "y"), ("Ine\u0302s", "3", "z")]
    assert table(("name", "times", "why"), rows, (1,), 40).splitlines() == [
        "name      times  why",
        "--------  -----  ---",
        "\u4f50\u85e4\u82b1\u5b50      7  x",
        "Mara         17  y",
        "Ine\u0302s          3  z",
    ]


def test_columns_stand_below_where_there_is_no_room():
    """With their names; an empty cell says nothing."""
    rows = [("meetings", "denied", "0", "it needs the scope meeting:read:list_meetings:admin"), ("settings", "complete", "1", "")]
    head = ("endpoint", "outcome", "records", "why")
    assert table(head, rows, (2,), 40).splitlines() == [
        "endpoint  outcome   records",
        "--------  --------  -------",
        "meetings  denied          0",
        "    why: it needs the scope",
        "      meeting:read:list_meetings:admin",
        "settings  complete        1",
    ]
    assert table(head, rows, (2,), 64).splitlines()[2:] == [
        "meetings  denied          0  it needs the scope",
        "                             meeting:read:list_meetings:admin",
        "settings  complete        1",
    ]
    assert table(head, rows, (2,), 20).splitlines() == [
        "endpoint  outcome",
        "--------  --------",
        "meetings  denied",
        "    records: 0",
        "    why: it needs",
        "      the scope",
        "meeting:read:list_meetings:admin",
        "settings  complete",
        "    records: 1",
    ]


@given(st.lists(st.tuples(WORD, SENTENCE), min_size=1, max_size=6), WIDTHS)
def test_two_columns_fit(rows, width):
    """A name and what it means."""
    assert too_wide(columns(rows, width), width) == []
    assert [word for line in columns(rows, None).splitlines() for word in line.split()] == [
        word for name, text in rows for word in (name, *text.split())
    ]


@given(st.lists(st.text("abc '@=", min_size=1, max_size=20), min_size=1, max_size=8), WIDTHS)
def test_a_command_that_is_copied_means_the_same(words, width):
    """A backslash joins its lines, and nothing in quotes is broken."""
    command = f"  habeas run {' '.join(map(shlex.quote, words))}"
    shown = shell_line(command, width)
    assert shlex.split(shown.replace("\\\n", "")) == shlex.split(command)
    assert shell_line(command, None) == command


PROBED = Sight("probe", ("email",), "the probe was found")
BLIND = Sight(None, (), "verify was refused: HTTP 400, code 4711", "take a probe: --probe EMAIL")


@pytest.mark.parametrize("sight", [PROBED, BLIND])
@given(width=WIDTHS)
def test_what_verify_says_fits(sight, width):
    """Table, scopes and sentences."""
    granted = frozenset(ZOOM.families["granular"][:4])
    found = Verified(alive=True, words="", matrix=matrix(ZOOM, granted), sight=sight)
    assert too_wide(fitted("\n".join(told(ZOOM, "zoom/default", found, width)), width), width) == []


@given(width=WIDTHS)
def test_a_plan_fits(width):
    """Of a vendor with long request lines."""
    assert too_wide(fitted(_as_text(ZOOM, plan(ZOOM, Selection(), NOW, None, (None, 0.75)), (75, None), width), width), width) == []


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A run of which something is missing, with reasons."""
    names = [f"endpoint_{number}" for number in range(6)]
    endpoints = "\n".join(f"{name}: {{get: /{name}, records: items, granted_by: ['{name}:read:admin']}}" for name in names)
    answers = {f"/{name}": [{"items": [{"id": name}]} if at % 2 else (403, {"code": 4711})] for at, name in enumerate(names)}
    return fetched(endpoints, answers, tmp_path_factory.mktemp("run") / "out").report


@given(width=WIDTHS)
def test_the_end_of_a_run_fits(report, width):
    """Table, gaps, verdict; as one line each where there is no terminal."""
    text = summary(ZOOM, report, width)
    assert too_wide(text, width) == []
    assert summary(ZOOM, report).count("\n") < text.count("\n") + 1


COMMANDS = {
    "plan": (("plan", "zoom"), 0),
    "faults": (("simulate", "zoom", "--faults", "list"), 0),
    "check": (("check", "zoom"), 0),
    "no connection": (("run", "zoom", "--email", FULL), 4),
    "no such spec": (("check", "./no/such/folder/that/is/rather/long/and/holds/a/spec/of/some/vendor.yaml"), 2),
    "no identifier": (("run", "zoom"), 2),
    "list": (("connections", "list"), 0),
    "wrong": (("plan", "zoom", "--since", "yesterday"), 2),
}


@pytest.mark.parametrize("width", [60, 80])
@pytest.mark.parametrize("case", COMMANDS)
def test_a_command_fits_on_a_terminal(case, width, tmp_path):
    """Sentences, tables, errors."""
    words, code = COMMANDS[case]
    ended, text = on_terminal(words, environment(tmp_path), width)
    assert ended == code
    assert text
    assert too_wide(text, width) == []


def test_a_run_and_a_verify_fit_on_a_terminal(zoom, tmp_path):
    """Live rows too: none of them is wider than the terminal."""
    environ = environment(tmp_path / "home", HABEAS_ZOOM_TOKEN=zoom.token, HABEAS_ZOOM_AT=zoom.address)
    for words in (("verify", "zoom"), ("run", "zoom", "--email", FULL, "--since", "30d", "--out", str(tmp_path / "out"))):
        _, text = on_terminal(words, environ, 80)
        shown = re.sub(r"\x1b\[[0-9]*[AJK]", "", text).replace(str(tmp_path), "")
        assert too_wide(shown, 80) == []
        assert len([line for line in shown.splitlines() if len(line) > 80]) == 0
