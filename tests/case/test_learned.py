"""What the runs of a case tell before they are judged is learned from every record, of which most are read as rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.case import in_force
from engine.case.in_force import InReview, Learned
from engine.language.expressions.lossless_json import dumps, loads
from engine.release.aliases import Aliases
from engine.release.given import Giving
from engine.release.given_lines import given_lines
from engine.release.given_record import GivenRecord
from engine.release.policy import Policy
from engine.release.withheld import WithheldTexts

HEAD = {"policy": "1", "vendor": "acme"}


def learned(folder: Path, records: list[dict[str, object]], **words: object) -> Learned:
    """Learn from the records of one endpoint."""
    (folder / "earlier.jsonl").write_bytes(b"".join(dumps(record) + b"\n" for record in records))
    return Learned([InReview("acme", folder, "", Policy.model_validate({**HEAD, **words}), "")], [])


def test_what_may_be_told_again_is_noted_of_every_record(tmp_path):
    """Though they are all alike, and name nobody."""
    found = learned(tmp_path, [{"id": f"k{number}"} for number in range(200)], once=[{"in": ["earlier", "calls"], "by": "id"}])
    assert len(found._of["acme"][2]) == 200


def test_most_records_that_name_the_same_people_are_not_read(tmp_path, monkeypatch):
    """Everybody is met all the same: who is named first stands in a record that is read."""
    read: list[bytes] = []
    monkeypatch.setattr(in_force, "read_record", lambda line, *of: read.append(line) or loads(line))
    names = ["Bea Stone", "Cem Aydin", "Dee Moss"]
    records = [{"caller_name": names[min(number // 100, 2)], "caller_email": "", "n": number} for number in range(400)]
    found = learned(tmp_path, records, others=[{"in": "earlier", "who": "caller_*"}])
    assert found._people == set(names)
    assert len(read) < 60


CALLERS = {"in": "earlier", "who": "caller_*", "do": "alias"}
PEOPLE = [("Bea Stone", ""), ("Cem Aydin", "cem@example.com"), ("Bea Stone", "bea@example.com"), ("", "cem@example.com"), ("Bea Stone", "")]


@pytest.mark.parametrize("turned", [False, True])
def test_people_have_the_numbers_that_all_records_tell(tmp_path, turned):
    """Most records are passed over when they are met: who is who follows from the others, in whichever order the fields of a record stand."""
    records: list[dict[str, object]] = [
        {"caller_name": name, "caller_email": mail, "n": number} for number in range(300) for name, mail in [PEOPLE[number // 60]]
    ]
    if turned:
        records = [dict(reversed(record.items())) if number % 7 == 3 else record for number, record in enumerate(records)]
    told = learned(tmp_path, records, others=[CALLERS])
    lines = [*enumerate(map(dumps, records))]
    left = []
    for passed_over in (True, False):
        rules, aliases = told.in_force("acme", parts=True), Aliases()
        naming = told.naming("acme", rules.rules_by_sides) if passed_over else (("earlier", record) for record in records)
        for endpoint, record in naming:
            aliases.meet(rules.rulings(endpoint, record, only_people=True))
        aliases.all_met()
        giving = Giving("acme", "en", aliases, told.find, WithheldTexts())
        given = given_lines("earlier", lines, rules, giving, lambda _, line: loads(line), bytes.hex)
        left.append([one.line for _, one, _ in given if isinstance(one, GivenRecord)])
    assert left[0] == left[1]
    assert [line.count(b"person 1") > 0 for line in left[0][::60]] == [True, False, True, False, True]
