"""A value that is decided on the page of a record: it alone, though it shares a row with others at Values."""

from __future__ import annotations

import re

from engine.case.acts import Target
from tests.case.package_kit import open_here
from tests.portal.test_record import acts, decided
from tests.portal.test_values import listed, looked

NUMBER = re.compile(r'id="f(\d+)"')


def of_a_row_of_several(desk, ran) -> tuple[list, str]:
    """Give the values of a row, and a record in which they stand side by side."""
    page = looked(desk)
    shared = next(one["values"] for one in listed(ran) if len(one["values"]) > 1 and f'name="r-{one["values"][0]["value"]}"' in page)
    before = page.partition(f'name="d-{shared[0]["value"]}"')[0]
    return shared, re.findall(r'href="([^"]+)" aria-label="Look at one place', before)[-1]


def field_of(page: str, text: str) -> str:
    """Name the field of the form in which a text stands alone."""
    found = next(
        one for one in re.findall(r'<tr role="row" id="f\d+">.*?</tr>', page, re.DOTALL) if re.search(rf">{re.escape(text)}<", one)
    )
    return f"d-{NUMBER.search(found)[1]}"


def test_to_give_a_value_gives_nothing_that_shares_its_row(desk, ran):
    """What always stands beside a colleague's name is their address and number: to give the one is not to give the others."""
    (first, *others), record = of_a_row_of_several(desk, ran)
    page, before = desk.see(record), open_here(ran).case.n
    assert decided(desk, page, record, **{field_of(page, first["shown"]): "give", "where": "value"}).status == 303
    assert acts(ran, before) == [("give", "known_to_them", Target(value=first["value"]))]
    page = desk.see("/case/DSR-17/values")
    assert f"{first['shown']}: give (act {before + 1}); {others[0]['shown']}: " in page
    after = next(one["values"] for one in listed(ran) if one["values"][0]["value"] == first["value"])
    assert [one["decision"] for one in after] == [before + 1, *[None for _ in others]]


def test_what_a_policy_withholds_is_said_to_be_withheld(desk):
    """Whoever looks at a secret in the list need not guess what becomes of it."""
    looked(desk)
    page = desk.see("/case/DSR-17/values?kind=secret")
    assert "withheld by policy, but where its place was decided" in page
    assert "by policy or place" not in page
