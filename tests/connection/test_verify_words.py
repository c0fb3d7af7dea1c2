"""What `habeas verify` says of a scope that only its own call would need."""

from __future__ import annotations

import pytest

from engine.cli.verify import NOT_NEEDED, TO_ADD, _held, told
from engine.core.scopes import matrix
from engine.runner.verify import Sight, Verified
from tests.core.specs import HEAD, vendor

PROBED = Sight("probe", ("email",), "the probe was found")
SCOPED = HEAD.replace("verify: {get: /me}", "verify: {get: /me, records: people, granted_by: [people:list]}")


@pytest.mark.parametrize(("sight", "said"), [(PROBED, "no, not needed"), (Sight(None, (), "nothing", "take a probe"), "NO")])
def test_a_scope_that_nothing_needs_is_no_alarm(sight, said):
    """Where something else shows that the connection sees people, nothing is lost; else a run would end unproven."""
    spec = vendor("it: {get: /list, records: items, granted_by: [lists:read]}", SCOPED)
    found = Verified(alive=True, words="", matrix=matrix(spec, frozenset()), sight=sight)
    rows = {row.name: _held(spec, found, row) for row in found.matrix.lines}
    assert rows["verify"] == said
    assert rows["it"] == "NO"


ALIVE = HEAD.replace("verify: {get: /me}", "verify: {get: /me, granted_by: [me:read]}")


@pytest.mark.parametrize(
    ("head", "scope", "sight", "heading"),
    [
        (SCOPED, "people:list", PROBED, NOT_NEEDED),
        (SCOPED, "people:list", Sight(None, (), "nothing", "take a probe"), TO_ADD),
        (ALIVE, "me:read", None, NOT_NEEDED),
    ],
)
def test_nothing_is_to_be_added_that_nothing_needs(head, scope, sight, heading):
    """The scope of `verify` alone stands apart, unless a run that finds nobody would end unproven without it."""
    spec = vendor("it: {get: /list, records: items, granted_by: [lists:read]}", head)
    lines = list(told(spec, "acme", Verified(alive=True, words="", matrix=matrix(spec, frozenset()), sight=sight)))
    under = next(
        line for line in reversed(lines[: next(at for at, line in enumerate(lines) if line.startswith(f"  {scope}:"))]) if line[0] != " "
    )
    assert under == heading
    assert lines[lines.index(TO_ADD) + 1].startswith(("  lists:read: without it it cannot", "  people:list: without it a person"))


def test_a_scope_of_an_optional_endpoint_is_never_to_be_added():
    """It could also be asked for; where all else is granted, nothing is to be added at all."""
    spec = vendor("it: {get: /list, records: items, granted_by: [lists:read], optional: true}")
    lines = list(told(spec, "acme", Verified(alive=True, words="", matrix=matrix(spec, frozenset({"other"})), sight=None)))
    assert TO_ADD not in lines
    assert NOT_NEEDED not in lines
    assert lines[lines.index("Could also be asked for (optional: a run without the scope leaves it out):") + 1] == "  lists:read: it"
