"""What of an answer the words of a spec read."""

from __future__ import annotations

import pytest

from tests.core.specs import vendor

SPEC = """
it:
  get: /p
  records: a.data
  refusals: {code: fault.code}
  pagination: {link: "links[?rel=='next'].href | [0]"}
  echo: {'users[].id': <USER_ID>}
twin: {get: /p, records: included}
other: {get: /q, records: rows}
"""


@pytest.mark.parametrize(
    ("path", "yes"),
    [
        ("a.data", True),
        ("a", True),
        ("a.more", False),
        ("links", True),
        ("users", True),
        ("user", False),
        ("fault", True),
        ("included", True),
        ("rows", False),
    ],
)
def test_what_stands_at_a_path_is_read_or_not(path, yes):
    """By a word of the request, whole or in part, or by another endpoint that asks the same."""
    spec = vendor(SPEC)
    assert spec.reads(spec.endpoints["it"], tuple(path.split("."))) is yes
