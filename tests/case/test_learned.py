"""What the runs of a case tell before they are judged is learned from every record, of which most are read as rows."""

from __future__ import annotations

from pathlib import Path

from engine.case import in_force
from engine.case.in_force import InReview, Learned
from engine.language.expressions.lossless_json import dumps, loads
from engine.release.policy import Policy

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
