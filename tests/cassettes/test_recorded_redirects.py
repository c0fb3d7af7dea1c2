"""What `record` keeps of a request that was redirected."""

from __future__ import annotations

from engine.core.http import HttpRequest, NoAnswer, Response
from engine.runner.recorder import Recorder

A, B, C = (f"https://api.acme.example/{name}" for name in "abc")


class Leading:
    """A leads to b, b to c, which answers."""

    simulated = True

    async def send(self, request: HttpRequest) -> Response | NoAnswer:
        leads = {A: B, B: "/c"}.get(request.url)
        return Response(301, {"location": leads}, b"") if leads else Response(200, {}, b"{}")


async def test_the_last_answer_is_kept_with_the_first_request():
    """So a replay, which asks for the first address, finds it; what is asked directly stays itself."""
    recorder = Recorder(Leading())
    for url in (A, B, C, C):
        await recorder.send(HttpRequest("GET", url))
    assert [(one.request.url, one.response.status) for one in recorder.exchanges] == [(A, 200), (C, 200)]
