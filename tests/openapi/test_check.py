"""`habeas check SPEC --openapi FILE` as it is typed: exit codes, formats, several documents."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.cli.check import CheckArguments, check_command
from engine.errors import UsageError
from engine.openapi.document.read import DocumentError

HERE = Path(__file__).parent
ACME, LEGACY, BROKEN = (HERE / "documents" / name for name in ("acme.yaml", "legacy.json", "broken.yaml"))


def checked(case: str, *documents: Path, form: str = "text") -> int:
    return check_command((str(HERE / "against" / f"{case}.yaml"),), CheckArguments(form=form, openapi=documents))


def test_a_mistake_ends_with_2_and_a_note_with_0(capsys):
    """What surely fails is a mistake, a doubt is a note."""
    assert checked("nothing", ACME) == 0
    assert checked("parameter_unknown", ACME) == 0
    assert checked("path_misspelt", ACME) == 2
    text = capsys.readouterr().out
    assert "note: the document has no parameter `colour`" in text
    assert "did you mean `/users/{user_id}/meetings`?" in text
    assert text.splitlines()[-1].startswith("1 spec, 0 cassettes: 1 mistake,")


def test_json_and_github_say_the_same(capsys):
    """Each finding has its file, its line and its column."""
    assert checked("enum_of_for", ACME, form="json") == 2
    found = [one for one in json.loads(capsys.readouterr().out) if one["level"] == "error"]
    assert [(one["line"], one["column"], one["message"], one["hint"]) for one in found] == [
        (26, 26, "`upcoming` is no value of `type`", "the document has past, planned")
    ]
    assert checked("enum_of_for", ACME, form="github") == 2
    assert "line=26,col=26::`upcoming` is no value of `type` - the document has past, planned" in capsys.readouterr().out


def test_of_several_documents_the_one_that_knows_the_host_counts(capsys):
    """A vendor with a document per area: each request is held against the one that has it."""
    assert checked("nothing", LEGACY, ACME) == 0
    assert "the document" not in capsys.readouterr().out
    assert checked("path_misspelt", LEGACY, ACME) == 2


def test_what_could_not_be_looked_into_is_told_of_the_document(capsys):
    """Remote and broken `$ref`s are notes at the document, without a line of the spec."""
    assert checked("nothing", BROKEN, ACME) == 0
    text = capsys.readouterr().out
    assert f"note: 2 `$ref`s to other documents: they are never fetched, and were not looked into\n --> {BROKEN}:1:1" in text
    assert "1| " not in text


def test_a_spec_with_mistakes_of_its_own_is_not_compared(tmp_path, capsys):
    """First its own mistakes are mended."""
    spec = tmp_path / "x.yaml"
    spec.write_text("spec: 1\n", "utf-8")
    assert check_command((str(spec),), CheckArguments(openapi=(ACME,))) == 2
    assert "the document" not in capsys.readouterr().out


def test_one_spec_is_named_and_documents_are_ones():
    """Neither every spec nor several are held against one vendor's document."""
    with pytest.raises(UsageError, match="--openapi compares one spec"):
        check_command((), CheckArguments(openapi=(ACME,)))
    with pytest.raises(DocumentError, match="no OpenAPI document"):
        checked("nothing", HERE / "against" / "nothing.txt")


def test_the_command_line_takes_it(habeas):
    """The whole command, once."""
    done = habeas("check", str(HERE / "against" / "method.yaml"), "--openapi", str(ACME))
    assert done.returncode == 2
    assert "error: the document has `/users`, and not POST there" in done.stdout
    assert habeas("check", str(HERE / "against" / "method.yaml"), "--openapi", "nowhere.json").stderr.startswith(
        "error: nowhere.json: the file cannot be read"
    )
