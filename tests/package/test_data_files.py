"""What is withheld in the records of a kind is written beside them by numbers, and read back as it was."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.package import data_files
from engine.package.data_files import KindFile
from engine.release.given_record import GivenRecord, WithheldPlace

PLACES = st.builds(
    WithheldPlace, st.sampled_from(["/a", "/b=c", "/d/0"]), st.just("mask"), st.just("third_party"), st.sampled_from(["", "x\t=1"])
)
TOGETHER = st.lists(PLACES, min_size=1, max_size=3).map(tuple)


@given(st.lists(st.lists(TOGETHER, max_size=3).map(tuple), max_size=12), st.integers(1, 5))
def test_what_is_withheld_is_read_back_however_few_are_remembered(tmp_path_factory, records, most):
    """Numbers are given anew when too many are known, in the middle of a record too; the counts by fields are those of all records."""
    folder = tmp_path_factory.mktemp("kind")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data_files, "MOST_PLACES", most)
        with KindFile(folder / "calls.json", folder / "places") as file:
            for together in records:
                file.add(GivenRecord(b'{"a":"x"}', together))
        counted = Counter({tuple(one.path.split(".")): one.count for one in file.withheld})
    assert [one.together for one in file.records()] == records
    assert sum(counted.values()) == sum(len(places) for together in records for places in together)
    assert counted["a",] == sum(place.pointer == "/a" for together in records for places in together for place in places)
