"""What `habeas verify` says of a scope that only its own call would need."""

from __future__ import annotations

import pytest

from engine.cli.verify import _held
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
