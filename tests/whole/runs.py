"""Runs in this process against a simulator in another: no limits, short patience, everything else as in earnest."""

from __future__ import annotations

import asyncio
import importlib
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

from engine.catalogue import load_file
from engine.connection.keeper import Fixed
from engine.core.identity import identify
from engine.core.retry import Patience
from engine.core.selection import choose
from engine.net.clock import Clock
from engine.net.hosts import Hosts
from engine.net.limiter import Limiter
from engine.net.transport import Credential, Limits, Transport
from engine.runner import Report, Run, RunOptions, Session
from engine.runner.run import Run as TheRun
from engine.simulate import serve

ROOT = Path(__file__).parent.parent.parent
ZOOM = load_file(ROOT / "specs" / "zoom.yaml")
SINCE = 400


def data() -> ModuleType:
    """Give the simulator's own data, for the truth."""
    serve.module("zoom")
    return importlib.import_module("habeas_simulated_zoom.data")


def fast_clock() -> Clock:
    """Real time, short waits, no chance."""
    return Clock(lambda: datetime.now(UTC), lambda seconds: asyncio.sleep(0), lambda: 0.5)


def make_run(address: str, token: str, email: str, out: Path, **options: Any) -> tuple[TheRun, Transport]:
    """Put a run together; `spec` replaces Zoom's."""
    vendor = options.pop("spec", ZOOM)
    transport = Transport(
        Hosts(vendor.hosts, address), Credential((("Authorization", f"Bearer {token}"),)), options.pop("limits", Limits())
    )
    limiter = options.pop("limiter", None) or Limiter({}, 0.75)
    credentials = options.pop("credentials", None) or Fixed()
    clock = options.pop("clock", None) or fast_clock()
    patience = options.pop("patience", Patience(wait_initial=0.001, wait_max=0.002))
    session = Session(
        vendor=vendor,
        network=transport,
        credentials=credentials,
        limiter=limiter,
        clock=clock,
        patience=patience,
        ended=options.pop("ended", lambda _: None),
    )
    narrow = datetime.now(UTC) - timedelta(days=SINCE)
    wanted = RunOptions(**{"selection": choose(vendor.endpoints, (), ()), "narrow": narrow, **options})
    return Run(session, {"EMAIL": identify("email", email)}, wanted, out), transport


async def fetch(address: str, token: str, email: str, out: Path, **options: Any) -> Report:
    """Run to the end."""
    run, transport = make_run(address, token, email, out, **options)
    async with transport:
        return await run.run()


def written(out: Path, endpoint: str) -> Counter[str]:
    """Give an endpoint's lines as a multiset of canonical JSON."""
    lines = [line for path in out.glob(f"*/{endpoint}.jsonl") for line in path.read_text("utf-8").splitlines()]
    return Counter(canonical(json.loads(line)) for line in lines)


def answers(pages: Path) -> list[dict[str, Any]]:
    """Give the answers in a list of pages, without the lines that end chains."""
    lines = [json.loads(line) for line in pages.read_text("utf-8").splitlines()]
    return [one for one in lines if "end" not in one]


def canonical(value: Any) -> str:
    """Write JSON one way."""
    return json.dumps(value, sort_keys=True)


def truth(email: str, meetings: int = 40) -> dict[str, Counter[str]]:
    """Say what the simulated Zoom holds about a person, by the spec's endpoints: each record once, and once for each kind of meetings."""
    zoom = data()
    account = zoom.Account(12, meetings)
    person = account.people[email]
    start = (datetime.now(UTC) - timedelta(days=SINCE)).date()
    kept = account.recordings(person)
    lists: dict[str, Any] = {
        "settings": [account.settings(person, None)],
        "settings_options": [
            account.settings(person, one) for one in ("meeting_authentication", "recording_authentication", "meeting_security")
        ],
        "meetings": [*account.meetings(person), *account.meetings(person, "previous_meetings")],
        "webinars": account.webinars(person),
        "recordings": kept.between(start, account.today),
        "recordings_trash": [*account.recordings(person, "meeting_recordings"), *account.recordings(person, "recording_file")],
        "phone_profile": [account.phone_profile(person)],
        "phone_settings": [account.phone_settings(person)],
        "phone_call_logs": account.phone(person, "call_logs"),
        "phone_call_history": account.phone(person, "call_history"),
        "phone_call_elements": account.phone(person, "call_elements"),
        "phone_voicemails": account.phone(person, "voice_mails"),
        "phone_voicemails_trash": account.phone(person, "voice_mails_trash"),
        "phone_recordings": account.phone(person, "recordings"),
        "past_meetings": [one for kind in ("past", "pastOne", "pastJoined") for one in account.past_meetings(person, kind)],
    }
    sessions = account.sms_sessions(person, (start, account.today), last_only=False)
    lists |= {"phone_sms_sessions": sessions, "phone_sms": [one for each in sessions for one in account.sms(each["session_id"])]}
    return {name: Counter(map(canonical, records)) for name, records in lists.items()}
