"""docs/cassettes.md, docs/record.md and the vendors' pages: what they show can be read, what they name exists."""

from __future__ import annotations

import re

import pytest

from engine.cassettes.cassette import MOST_CASSETTE, MOST_FILE, Setup, setup_of
from engine.cassettes.recording import parse
from engine.runner.recorder import MOST_BYTES, MOST_EXCHANGES
from tests.conftest import ROOT

DOCS = ROOT / "docs"
CASSETTES = (DOCS / "cassettes.md").read_text("utf-8")
RECORD = (DOCS / "record.md").read_text("utf-8")
PAGES = ["cassettes.md", "record.md", "openapi.md", *(f"vendors/{path.name}" for path in sorted((DOCS / "vendors").iterdir()))]


def test_the_setup_that_is_shown_has_every_word():
    """It is accepted as it stands; `without` is named beside `only`."""
    (text,) = re.findall(r"^```yaml\n(.*?)^```$", CASSETTES, re.DOTALL | re.MULTILINE)
    setup, document = setup_of(text.encode(), "cassette.yaml")
    assert {*document.value, "without"} == set(Setup.model_fields)
    assert "`without`" in text
    assert (setup.exit, [name for name, one in Setup.model_fields.items() if one.is_required()]) == (0, ["about", "person", "now"])


def test_the_recording_that_is_shown_is_one():
    """A search with a header that is compared, and an answer with a header of its own."""
    (text,) = [block for block in re.findall(r"^```\w*\n(.*?)^```$", CASSETTES, re.DOTALL | re.MULTILINE) if block.startswith("POST ")]
    recording = parse(text, "shown.http")
    assert (recording.request.headers, recording.response.status) == ((("Accept-Version", "2"),), 200)


def test_the_limits_are_those_of_the_code():
    """Of a file and a cassette, and of what is recorded."""
    assert f"A file has at most {MOST_FILE // 2**20} MiB, a cassette {MOST_CASSETTE // 2**20} MiB." in CASSETTES
    assert f"A recording holds at most {MOST_BYTES // 2**20} MiB of answers and {MOST_EXCHANGES:,} requests" in RECORD


@pytest.mark.parametrize("name", PAGES)
def test_what_a_page_leads_to_exists(name):
    """Links between the documents, and files of the repository that are named."""
    text = (DOCS / name).read_text("utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert ((DOCS / name).parent / target).exists(), target
    for path in re.findall(r"`((?:engine|fixtures/[a-z]+|specs|docs)/[\w./]+)`", text):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("name", PAGES)
def test_no_page_uses_a_word_that_was_renamed(name):
    """`bucket`, `refusals`, cassettes and recordings, as the language and the commands call them."""
    text = (DOCS / name).read_text("utf-8")
    assert not re.findall(r"`rate_limit`|`answers`|--case\b|\bcase\.yaml|/cases/|\btapes?\b", text)
