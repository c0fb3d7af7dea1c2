"""The simulated Zoom behaves as its documentation says, and knows nothing of any spec."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from engine.simulate.faults import Meter
from engine.simulate.serve import SimulatorOptions, module
from tests.conftest import ROOT
from tests.simulate.shapes import documented
from tests.whole.runs import data

FULL = data().FULL
ME = data().Account().people[FULL].id
OTHER = data().Account().people["ines.varga@example.org"].id
SERVER = module("zoom")


@pytest.fixture
def zoom_client(aiohttp_client):
    async def start(**options: Any):
        app = SERVER.application(SimulatorOptions(**{"limits": False, **options}))
        client = await aiohttp_client(app)
        state = app[SERVER.STATE]
        token = state.provider.issue()["access_token"]

        async def get(path: str, **params: str) -> tuple[int, Any, Any]:
            answer = await client.get(path, params=params, headers={"Authorization": f"Bearer {token}"}, allow_redirects=False)
            return answer.status, (await answer.json() if answer.content_type == "application/json" else None), answer.headers

        return get, state

    return start


async def test_a_scope_that_lacks_is_a_400_that_names_it(zoom_client):
    """Code 4711 and the alternatives in brackets; the page's own scopes do not open /users."""
    get, _ = await zoom_client()
    assert (await get("/v2/users"))[:2] == (
        400,
        {"code": 4711, "message": "Invalid access token, does not contain scopes:[user:read:list_users:admin, user:read:admin]."},
    )
    get, _ = await zoom_client(scopes="user:read:user:admin")
    assert (await get(f"/v2/users/{FULL}"))[0] == 200
    assert (await get(f"/v2/users/{ME}/settings"))[1]["code"] == 4711
    get, _ = await zoom_client(scopes="classic")
    assert (await get("/v2/users"))[0] == 200
    get, state = await zoom_client(scopes="all")
    assert len((await get("/v2/users", page_size="2"))[1]["users"]) == 2
    state.provider.access.clear()
    assert (await get("/v2/users"))[:2] == (401, {"code": 124, "message": "Access token is expired."})


async def test_pages_are_opaque_and_die(zoom_client):
    """A token leads on in its own list only, for fifteen minutes; "" ends; total_records stays."""
    get, state = await zoom_client(meetings=70)
    now = [0.0]
    state.pages.clock = lambda: now[0]
    path, seen, token = f"/v2/users/{ME}/meetings", [], ""
    tokens = []
    while True:
        _, page, _ = await get(path, **({"next_page_token": token} if token else {}))
        seen += [one["uuid"] for one in page["meetings"]]
        assert page["total_records"] == 70
        token = page["next_page_token"]
        if not token:
            break
        tokens.append(token)
    assert len(seen) == len(set(seen)) == 70
    assert len(tokens) == 2
    assert (await get(path, next_page_token=tokens[0], type="previous_meetings"))[1]["code"] == 300
    assert (await get(path, next_page_token="made up"))[1]["code"] == 300
    now[0] = 15 * 60
    assert (await get(path, next_page_token=tokens[0]))[1] == {"code": 300, "message": "The next page token is invalid or expired."}
    phone = f"/v2/phone/users/{ME}/recordings"
    assert (await get(phone, next_page_token="made up"))[1]["code"] == 400


@pytest.mark.parametrize(
    ("start", "end", "echoed"),
    [
        ("2025-03-01", "2025-03-29", "2025-03-01"),
        ("2025-02-28", "2025-03-28", "2025-02-28"),
        ("2025-02-27", "2025-03-29", "2025-02-28"),
        ("2025-02-27", "2025-03-28", "2025-02-28"),
        ("2025-01-01", "2025-12-31", "2025-11-30"),
        ("2024-12-15", "2025-01-20", "2024-12-20"),
    ],
)
async def test_a_span_over_a_month_is_shortened_without_a_word(start, end, echoed, zoom_client):
    """By the calendar; only the echo tells."""
    get, _ = await zoom_client()
    status, page, _ = await get(f"/v2/users/{ME}/recordings", **{"from": start, "to": end})
    assert (status, page["from"], page["to"]) == (200, echoed, end)


async def test_without_a_span_each_list_has_its_own_default(zoom_client):
    """Recordings are today's, call logs a day's, voicemails thirty days'; `to` is needed with `from`."""
    get, _ = await zoom_client()
    today = datetime.now(UTC).date()
    for path, days in (
        (f"/v2/users/{ME}/recordings", 0),
        (f"/v2/phone/users/{ME}/call_logs", 1),
        (f"/v2/phone/users/{ME}/voice_mails", 30),
    ):
        page = (await get(path))[1]
        assert date.fromisoformat(page["from"]) == today - timedelta(days=days)
    assert (await get(f"/v2/phone/users/{ME}/call_logs", **{"from": str(today)}))[0] == 400


async def test_licences_and_their_refusals(zoom_client):
    """No phone, no webinar plan, no permission, nobody: each in Zoom's own words."""
    get, state = await zoom_client()
    people = state.account.people
    assert (await get("/v2/users/tomas.okoye%40example.com"))[0] == 200
    assert (await get(f"/v2/phone/users/{people['tomas.okoye@example.com'].id}"))[1]["code"] == 1001
    webinar = (await get(f"/v2/users/{people['ines.varga@example.org'].id}/webinars"))[1]
    assert (webinar["code"], webinar["message"][:23]) == (200, "Webinar plan is missing")
    assert (await get(f"/v2/users/{people['leif.castellan@example.org'].id}/webinars"))[1] == {"code": 200, "message": "No permission."}
    assert (await get("/v2/users/nobody@example.com"))[:2] == (404, {"code": 1001, "message": "User does not exist: nobody@example.com."})
    assert (await get("/v2/users/pending@example.com"))[1]["code"] == 1120
    assert (await get("/v2/rooms"))[:2] == (404, {"code": 2300, "message": "This API endpoint is not recognized."})
    settings = (await get(f"/v2/users/{people['tomas.okoye@example.com'].id}/settings"))[1]
    assert settings["feature"]["zoom_phone"] is False


async def test_the_literal_me_is_whoever_owns_the_token(zoom_client):
    """Which is why an engine must never send it."""
    get, _ = await zoom_client()
    assert (await get("/v2/users/me"))[1]["email"] == "administrator@example.com"


async def test_a_limit_is_met_per_bucket_and_in_every_form(zoom_client):
    """429 with seconds, a date, nothing; the daily limit with the moment at which it ends."""
    get, state = await zoom_client(limits=True, plan="free")
    now = [0.0]
    state.meter.clock = lambda: now[0]
    assert [(await get(f"/v2/users/{ME}/settings"))[0] for _ in range(4)] == [200, 200, 429, 429]
    assert (await get(f"/v2/phone/users/{ME}"))[0] == 200
    forms = {
        tuple(sorted(name for name in (await get(f"/v2/users/{ME}/settings"))[2] if name.startswith(("Retry", "X-Rate"))))
        for _ in range(12)
    }
    assert {(), ("Retry-After",), ("X-RateLimit-Remaining", "X-RateLimit-Reset", "X-RateLimit-Type")} <= forms
    for second in range(1, 1000):
        now[0] = float(second)
        for _ in range(2):
            assert state.meter.met("medium") is None
    now[0] = 1001.0
    status, body, headers = await get(f"/v2/users/{ME}/settings")
    assert (status, headers["X-RateLimit-Type"]) == (429, "Daily-limit")
    assert "daily" in body["message"]
    assert headers["Retry-After"].endswith("T00:00:00Z")


def test_a_meter_counts_any_window():
    """What is refused does not count; what has left the window neither."""
    now = [0.0]
    meter = Meter(lambda: now[0], {"b": ((2, 1.0), (3, 10.0))})
    assert [meter.met("b") for _ in range(3)] == [None, None, 1.0]
    now[0] = 1.0
    assert [meter.met("b"), meter.met("b")] == [None, 10.0]
    now[0] = 10.0
    assert meter.met("b") is None
    assert meter.met("free") is None


async def test_downloads_lead_to_another_host_that_wants_no_credential(zoom_client):
    """A redirect, a range, and a refusal where a token is shown."""
    get, _ = await zoom_client()
    status, _, headers = await get("/rec/download/1-0")
    assert status == 302
    assert headers["Location"].startswith("http://localhost:")
    assert (await get("/storage/1-0"))[0] == 400


async def test_every_documented_field_is_there(zoom_client):
    """Each of the fields that Zoom documents stands in some answer, numbers beyond 53 bits included."""
    get, _ = await zoom_client(scopes="all")
    paths: dict[str, tuple[str, list[dict[str, str]]]] = {
        "/users": ("/v2/users", [{}, {"include_fields": "host_key"}]),
        "/users/ID": (f"/v2/users/{FULL}", [{}]),
        "/users/ID/settings": (
            f"/v2/users/{ME}/settings /v2/users/{OTHER}/settings",  # the second's have the other shape
            [{}, *({"option": one} for one in ("meeting_authentication", "recording_authentication", "meeting_security"))],
        ),
        "/users/ID/meetings": (f"/v2/users/{ME}/meetings", [{}]),
        "/users/ID/webinars": (f"/v2/users/{ME}/webinars", [{}]),
        "/users/ID/recordings": (f"/v2/users/{ME}/recordings", [{}, {"trash": "true"}]),
        "/phone/users/ID": (f"/v2/phone/users/{ME}", [{}]),
        "/phone/users/ID/settings": (f"/v2/phone/users/{ME}/settings", [{}]),
        "/phone/users/ID/call_logs": (f"/v2/phone/users/{ME}/call_logs", MONTHS),
        "/phone/users/ID/call_history": (f"/v2/phone/users/{ME}/call_history", MONTHS),
        "/phone/users/ID/voice_mails": (f"/v2/phone/users/{ME}/voice_mails", MONTHS),
        "/phone/users/ID/recordings": (f"/v2/phone/users/{ME}/recordings", MONTHS),
        "/report/users/ID/meetings": (f"/v2/report/users/{ME}/meetings", [{**month(), "type": "pastJoined"}]),
        "/phone/users/ID/sms/sessions": (f"/v2/phone/users/{ME}/sms/sessions", [month()]),
        "/phone/sms/sessions/ID": (f"/v2/phone/sms/sessions/sms.{ME}.0", MONTHS),
    }
    assert set(documented()) == set(paths)
    assert sum(map(len, documented().values())) > 800
    for name, fields in documented().items():
        path, queries = paths[name]
        answers = [(await get(one, **query))[1] for one in path.split() for query in queries]
        missing = [field for field in fields if not any(has(answer, field.split(".")) for answer in answers)]
        assert missing == [], name


def month(back: int = 0) -> dict[str, str]:
    today = datetime.now(UTC).date() - timedelta(days=back)
    return {"from": str(today - timedelta(days=27)), "to": str(today)}


MONTHS = [month(back) for back in range(0, 160, 27)]


def has(value: Any, steps: list[str]) -> bool:
    if not steps:
        return True
    name, listed = steps[0].removesuffix("[]"), steps[0].endswith("[]")
    if not isinstance(value, dict) or name not in value:
        return False
    return any(has(one, steps[1:]) for one in value[name]) if listed else has(value[name], steps[1:])


BLIND = """
import sys

def refuse(event, arguments):
    if event in ("open", "os.listdir", "os.scandir") and "specs" in str(arguments[0]).replace("\\\\", "/").split("/"):
        raise RuntimeError("a spec was read")

sys.addaudithook(refuse)
from engine.simulate.serve import main
sys.exit(main(["zoom", "--options", '{"limits": false, "scopes": "all"}']))
"""


def test_the_simulator_never_reads_a_spec():
    """So that a mistake in the spec shows: any look into specs/ would end it."""
    with subprocess.Popen([sys.executable, "-c", BLIND], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        up = json.loads(process.stdout.readline())
        for path in ("/v2/users", f"/v2/users/{FULL}", *(f"/v2/{one}" for one in routes())):
            request = urllib.request.Request(up["address"] + path, headers={"Authorization": f"Bearer {up['token']}"})
            with urllib.request.urlopen(request, timeout=60) as answer:
                assert answer.status == 200
        process.terminate()


def routes() -> list[str]:
    user = [f"users/{ME}/{one}" for one in ("settings", "meetings", "webinars", "recordings")]
    return [
        *user,
        f"phone/users/{ME}",
        *(f"phone/users/{ME}/{one}" for one in ("settings", "call_logs", "call_history", "voice_mails", "recordings")),
    ]


def test_the_account_grows_with_its_options():
    """More people and more meetings are made when they are looked at."""
    account = data().Account(20000, 1_000_000)
    assert len(account.people) == 20000
    assert len(account.meetings(account.people[FULL])) == 1_000_000
    assert account.meetings(account.people[FULL])[999_999]["topic"] == "Return to work: Noor"
