"""What a library call refuses because of its type or range, before anything is sent, and what it reads generously."""

from __future__ import annotations

import traceback
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

import engine
from engine.errors import UsageError


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ("email is text, not bytes", {"email": b"ada@x.io"}),
        ("email is text, not list", {"email": ["ada@x.io"]}),
        ("phone is text, not int", {"phone": 15550100200}),
        ("username is text, not int", {"username": 7}),
        ("token is text, not bytes", {"token": b"t0"}),
        ("connection is text, not int", {"token": None, "connection": 3}),
        ("at is text, not int", {"at": 8900}),
        ("plan is text, not list", {"plan": ["small"]}),
        ("since is text, not date", {"since": date(2025, 1, 31)}),
        ("reference is text, not int", {"reference": 17}),
        ("files is True or False, not str", {"files": "no"}),
        ("wait is True or False, not NoneType", {"wait": None}),
        ("out is a path, not int", {"out": 5}),
        ("out is a path, not bytes", {"out": b"new"}),
        ("'a\\x00b' cannot be made (no path holds such a character): name another folder with --out", {"out": "a\0b"}),
        ("'\\ud800' cannot be made (no path holds such a character): name another folder with --out", {"out": "\ud800"}),
        ("ended is a function, not NoneType", {"ended": None}),
        ("only is a list of names, not NoneType", {"only": None}),
        ("only is a list of names, and one of them is int", {"only": ["notes", 3]}),
        ("without is a list of names, and one of them is int", {"without": b"notes"}),
        ("--only n: no such endpoint; known here: files, notes", {"only": "n"}),
        ("a share is a number, more than 0 and at most 1 (100 %), not str", {"share": "0.5"}),
        ("a share is a number, more than 0 and at most 1 (100 %), not bool", {"share": True}),
        ("a share is a number, more than 0 and at most 1 (100 %), not Fraction", {"share": Fraction(1, 2)}),
        ("a share is a number, more than 0 and at most 1 (100 %), not Decimal", {"share": Decimal("0.5")}),
        ("no spec is called `(empty)`; known here: ", {"vendor": ""}),
        ("no spec is called `None`; known here: ", {"vendor": None}),
    ],
)
async def test_a_parameter_of_another_type_is_refused_before_anything_is_sent(served, acme, tmp_path, words, wrong):
    """By name and type; the value, which may be a person's or a secret, is not shown."""
    address, _, asked = served
    call = {"vendor": acme, "email": "ada@x.io", "token": "t0", "at": address, "out": "new", **wrong}
    with pytest.raises(UsageError) as caught:
        await engine.run(call.pop("vendor"), **call)
    assert str(caught.value).startswith(words)
    assert "ada@x.io" not in "".join(traceback.format_exception(caught.value))
    assert asked.empty()
    assert not (tmp_path / "new").exists()


async def test_one_text_names_endpoints_as_on_the_command_line(served, acme):
    """It is not read letter by letter."""
    address, go, _ = served
    go.set()
    report = await engine.run(acme, email="ada@x.io", token="t0", at=address, out="one", only="notes")
    assert [str(entry.outcome) for entry in report.entries] == ["complete", "excluded"]
    report = await engine.run(acme, email="ada@x.io", token="t0", at=address, out="two", without="files, notes.text")
    assert [str(entry.outcome) for entry in report.entries] == ["complete", "excluded"]
    assert report.manifest["fields"] == {"notes": {"only": [], "without": ["text"]}}
    assert [step.name for step in engine.plan(acme, only="notes").steps] == ["verify", "lookup", "notes"]


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ("a share of 0 is no share of a limit", {"share": 0}),
        ("a share of -1 is no share of a limit", {"share": -1}),
        ("a share of 2 is no share of a limit", {"share": 2}),
        ("a share of nan is no share of a limit", {"share": float("nan")}),
        ("a share is a number, more than 0 and at most 1 (100 %), not str", {"share": "0.5"}),
        ("since is text, not int", {"since": 5}),
        ("plan is text, not int", {"plan": 5}),
        ("only is a list of names, not int", {"only": 5}),
    ],
)
def test_a_plan_takes_what_a_run_takes(acme, words, wrong):
    """A plan of twice the vendor's limit would promise what no run does."""
    with pytest.raises(UsageError) as caught:
        engine.plan(acme, **wrong)
    assert str(caught.value).startswith(words)


@pytest.mark.parametrize("wrong", [{"token": b"t0"}, {"connection": 3}, {"at": 8900}])
async def test_verify_takes_what_a_run_takes(acme, wrong):
    """A parameter of another type is named."""
    with pytest.raises(UsageError, match=f"{next(iter(wrong))} is text, not"):
        await engine.verify(acme, **wrong)
