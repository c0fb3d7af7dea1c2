"""The requests of a year, as the shell counts them."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from html import unescape

from tests.case.package_kit import open_here
from tests.case.test_commands import PERSON, home_of

AT = "/year"


def test_a_year_is_counted_as_the_shell_does(serve, habeas):
    """Each law and right with its numbers and grounds; a case whose log does not hold hides no other."""
    home_of(habeas).mkdir(mode=0o700, exist_ok=True)
    desk = serve(home_of(habeas))
    desk.enter()
    assert "No request was received" in desk.see(AT)
    year = datetime.now(UTC).year
    (desk.home / "office.yaml").write_text("controller: Acme AB\ncontact: a@acme.example\n")
    for reference, law in (("DSR-1", "gdpr"), ("DSR-2", "gdpr"), ("DSR-3", "ccpa"), ("DSR-4", "gdpr")):
        assert habeas("case", "new", reference, "--received", f"{year}-01-01", "--regime", law, stdin=PERSON).returncode == 0
    assert habeas("case", "deny", "DSR-1", "--why", "no", "--ground", "exempt").returncode == 0
    log = open_here(habeas, "DSR-4").folder / "log.jsonl"
    log.write_bytes(log.read_bytes().replace(b"gdpr", b"ccpa"))
    page = unescape(desk.see(f"{AT}?year={year}"))
    rows = json.loads(habeas("stats", "--year", str(year), "--json").stdout)["rows"]
    assert [(row["regime"], row["received"], row["denied"]) for row in rows] == [("ccpa", 1, 0), ("gdpr", 2, 1)]
    cells = re.findall(r'data-l="Received">(.+?)</td>', page)
    assert sorted(cells) == ["1", "2"]
    assert "since the law exempts what was asked for" in page
    assert "DSR-4 cannot be read" in page


def test_what_is_no_year_is_this_one(empty):
    """Whatever stands behind the question mark."""
    empty.enter()
    for odd in ("x", "-1", "0", "9" * 40):
        assert str(empty.now.year) in empty.see(f"{AT}?year={odd}")
