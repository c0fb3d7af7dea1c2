"""The pages that show records and files in a real browser: everybody can use them, and what a vendor sent runs nothing."""

from __future__ import annotations

from tests.browser.test_portal import AT, come_in, faults, judged
from tests.case.conftest import fetched_once, ran
from tests.portal.conftest import desk, empty, serve
from tests.portal.test_values import looked

__all__ = ["desk", "empty", "fetched_once", "judged", "ran", "serve"]


def test_everybody_can_use_the_pages_of_records(judged, desk):
    """Kinds, records, one record and a part of them that wait, by axe-core's rules; none scrolls sideways."""
    looked(desk)
    desk.guard._link = "again"
    at, found = come_in(judged, desk), []
    for name, path in {
        "records": "/records",
        "service": "/zoom",
        "kind": "/zoom/phone_call_history",
        "kind-few": "/zoom/settings",
        "kind-waiting": "/zoom/phone_call_logs?show=undecided",
        "record": "/zoom/phone_call_history/17",
        "record-settings": "/zoom/settings/1",
        "record-recording": "/zoom/recordings/3",
        "no-record": "/zoom/recordings/3000",
        "no-kind": "/zoom/nothing",
    }.items():
        judged.get(at + AT + path)
        found += faults(judged, name)
    assert found == []
