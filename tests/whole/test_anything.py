"""Whatever a vendor answers: the run ends, every endpoint has one outcome, and what is missing has a reason."""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from engine.connection.keeper import Fixed
from engine.core.http import HttpRequest, NoAnswer, Response
from engine.core.identity import identify
from engine.core.selection import choose
from engine.net.clock import clock_from
from engine.net.limiter import limiter_of
from engine.runner import Report, Run, RunOptions, Session
from tests.clock import passing, run
from tests.whole.runs import ZOOM

ME = b'{"id":"u-1","email":"a@x.io","feature":{"zoom_phone":true}}'
SCALARS = st.sampled_from([None, True, 0, -1, 2**70, 1.5, "", "x", "next", "2025-01-01", "u-1", "\ud800"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "uuid", "host_id", "feature"]), inner, max_size=3),
    max_leaves=6,
)
NAMES = [
    "meetings",
    "webinars",
    "call_logs",
    "call_elements",
    "voice_mails",
    "recordings",
    "next_page_token",
    "total_records",
    "from",
    "code",
    "message",
]
BODIES = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6).map(lambda body: json.dumps(body).encode()) | VALUES.map(
    lambda body: json.dumps(body).encode()
)
RAW = st.sampled_from(
    [
        b"",
        b"{",
        b"<html>",
        b"nul",
        b'{"a":1}{"a":2}',
        b'{"meetings":[{"uuid":"a"}',
        b"\xff\xfe",
        b"[" * 2000,
        b'{"meetings":[{"a":NaN}]}',
        b" \n{}\n ",
        b"\xef\xbb\xbf{}",
    ]
)
HEADERS = st.sampled_from(
    [{}, {"retry-after": "1"}, {"retry-after": "never"}, {"location": "https://evil.example/"}, {"retry-after": "2026-11-24T00:00:00Z"}]
)
ANSWERS = st.builds(
    Response, st.sampled_from([200, 200, 200, 200, 201, 204, 302, 304, 400, 401, 403, 404, 429, 500, 503]), HEADERS, BODIES | RAW
) | st.builds(
    NoAnswer, st.sampled_from(["dns", "tls", "untrusted", "reset", "timeout", "truncated", "too_large", "forbidden"]), st.just("words")
)


class Anything:
    """Answers with what was drawn, round and round; the look-up mostly as it should."""

    simulated = True

    def __init__(self, answers: list[Response | NoAnswer], first: Response | NoAnswer | None) -> None:
        self.answers, self.first, self.count = answers, first, 0

    async def send(self, request: HttpRequest) -> Response | NoAnswer:
        if request.url.endswith("/users/a%40x.io"):
            return self.first or Response(200, {}, ME)
        self.count += 1
        return self.answers[self.count % len(self.answers)]


def whole_run(vendor: Anything, out: Path) -> Report:
    async def scenario() -> Report:
        start = datetime(2026, 11, 24, 12, tzinfo=UTC)
        clock = clock_from(start, passing, lambda: 0.5)
        session = Session(vendor=ZOOM, network=vendor, credentials=Fixed(), limiter=limiter_of(ZOOM), clock=clock)
        options = RunOptions(selection=choose(ZOOM.endpoints, (), ()), narrow=start - timedelta(days=60))
        return await Run(session, {"EMAIL": identify("email", "a@x.io")}, options, out).run()

    return run(scenario())


@given(st.lists(ANSWERS, min_size=1, max_size=12), st.none() | st.none() | ANSWERS)
def test_every_run_ends_and_no_gap_is_silent(answers, first):
    """No exception, seventeen outcomes, a reason for each that is not whole, and files that agree with the manifest."""
    with tempfile.TemporaryDirectory() as folder:
        report = whole_run(Anything(answers, first), Path(folder))
        assert len(report.entries) == len(ZOOM.endpoints)
        for entry in report.entries:
            assert entry.outcome.whole or entry.reason
            path = Path(folder) / "zoom" / f"{entry.name}.jsonl"
            lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
            assert len(lines) == entry.tally.records
            for line in lines:
                json.loads(line)
            if entry.outcome == "complete":
                assert entry.tally.records + entry.tally.duplicates > 0
        bad = [entry for entry in report.entries if not entry.outcome.whole]
        assert (report.exit_code == 0) == (not bad and report.subject.subject in ("matched", "no_match"))
        assert json.loads((Path(folder) / "zoom" / "manifest.json").read_text("utf-8"))
