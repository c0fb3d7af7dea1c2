"""Answers made by hand, for whatever is written from one: a few services in which everything happens once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from engine.language.expressions.lossless_json import dumps
from engine.package.content import CaseAnswer, PackageFile, RecordKind, Sender, Service, WithheldField
from engine.release.given_record import GivenRecord, WithheldPlace
from engine.release.labels import LabelFile, Labels, compiled
from engine.release.reasons import IN_SHORT, WITHHELD, Because

ASKED = date(2026, 11, 28)
SECRET = "[withheld: security]"
LABELS: dict[str, Any] = {
    "labels": "1",
    "vendor": "zoom",
    "everywhere": {
        "id": "Identifier",
        "topic": "Topic",
        "start_time": "Start",
        "type": {"label": "Kind of meeting", "codes": {"2": "planned, once", "3": "repeated"}},
        "join_url": "Link to join",
        "owner": "Owner",
        "owner.name": "Name",
        "host.name": "Name",
        "emails": "E-mail addresses",
        "numbers": "Telephone numbers",
        "numbers.number": "Number",
    },
}


def labels(table: dict[str, Any] = LABELS) -> Labels:
    """Give labels that are ready to be asked."""
    return compiled(LabelFile.model_validate(table))


def given(value: dict[str, Any] | bytes, *places: WithheldPlace) -> GivenRecord:
    """Give a record as it leaves."""
    return GivenRecord(value if isinstance(value, bytes) else dumps(value), (places,) if places else ())


def masked(pointer: str, text: str, because: Because = "security", language: str = "en") -> WithheldPlace:
    """Say where the words for a withheld value stand in a text."""
    shown = WITHHELD[language].format(IN_SHORT[because][language])
    start = text.index(shown)
    return WithheldPlace(pointer, "mask", because, shown, start, start + len(shown))


def kind(records: Sequence[GivenRecord] = (), **changed: Any) -> RecordKind:
    """Give a kind of record, counted as its records are."""
    places = Counter((place.pointer, place.operation, place.because) for record in records for place in record.withheld)
    held = changed.get("held", {})
    told: dict[str, Any] = {
        "endpoint": "meetings",
        "title": "Meetings",
        "outcome": "complete" if records or held else "empty",
        "given": len(records),
        "found": len(records) + sum(held.values()),
        "withheld": tuple(
            WithheldField(path=pointer.strip("/").replace("/", "."), operation=operation, because=because, count=count)
            for (pointer, operation, because), count in places.items()
        ),
        "records": lambda: iter(records),
    }
    return RecordKind(**(told | changed))


def meeting(number: int, language: str = "en", **changed: Any) -> GivenRecord:
    """Give a meeting with a link whose passcode is withheld."""
    shown = WITHHELD[language].format(IN_SHORT["security"][language])
    link = f"https://example.com/j/{number}?pwd={shown}"
    told = {"id": 90000000000 + number, "topic": f"Möte {number} 🙂", "type": 2, "start_time": f"2026-11-{1 + number % 28:02}T08:00:00Z"}
    return given(told | {"join_url": link} | changed, masked("/join_url", link, language=language))


def service(*kinds: RecordKind, **changed: Any) -> Service:
    """Give a service that knows the person."""
    told: dict[str, Any] = {"vendor": "zoom", "title": "Zoom", "subject": "matched", "asked": ASKED, "kinds": kinds, "labels": labels()}
    return Service(**(told | changed))


def answer(*services: Service, **changed: Any) -> CaseAnswer:
    """Give an answer to a request of Mara Lindqvist."""
    told: dict[str, Any] = {
        "reference": "DSR-17",
        "language": "en",
        "law": "General Data Protection Regulation (EU)",
        "received": date(2026, 11, 17),
        "made": datetime(2026, 12, 1, 9, 30, tzinfo=UTC),
        "log": (41, "ab" * 32),
        "engine": "0.2",
        "name": "Mara Lindqvist",
        "identifiers": ("mara.lindqvist@example.com",),
        "sender": Sender(
            controller="Kvarnholm AB, Example Street 4, Stockholm",
            contact="Signe Aalto, privacy@example.com",
            signature="Signe Aalto",
            authority="Example Authority, Box 8114, Stockholm",
        ),
        "services": services,
    }
    return CaseAnswer(**(told | changed))


def file(**changed: Any) -> PackageFile:
    """Give a file that could not be had; with a source it is here."""
    return PackageFile(**({"endpoint": "meetings", "name": "recording.mp4"} | changed))


INFORMATION = {"purpose": "Meetings at work.", "categories": "Times and topics.", "recipients": None}


def full(tmp: Any, language: str = "en") -> CaseAnswer:
    """Give an answer in which everything happens: `tmp` is a folder for the file that is handed over."""
    source = tmp / "sound.mp3"
    if not source.exists():
        source.write_bytes(b"sound")
    files = (
        file(source=source, record=1, media_type="audio/mpeg", size=5, name="../x\u202e.mp3", sha256="0" * 64),
        file(record=2, because="third_party", media_type="audio/mpeg", size=1_250_000),
        file(why="Zoom did not answer for this file."),
    )
    meetings = kind([meeting(number, language) for number in range(50)], held={"privilege": 1}, files=files)
    profile = kind(
        [given({"id": "Zu", "owner": {"name": "Mara"}, "emails": ["a@example.com", "b@example.com"]})],
        endpoint="profile",
        title="Your profile",
    )
    denied = kind(
        endpoint="recordings", title="Cloud recordings", outcome="denied", why="Zoom refused: our access did not include recordings."
    )
    webinars = kind(endpoint="webinars", title="Webinars")
    zoom = service(profile, meetings, webinars, denied, information=INFORMATION, not_asked=("chat messages",))
    return answer(
        zoom,
        Service(
            vendor="brightdesk",
            title="Brightdesk",
            subject="none",
            files=(file(endpoint="received", name="tickets.pdf", source=source, size=5),),
        ),
        Service(vendor="hubspot", title="HubSpot", subject="no_match", asked=ASKED, how="Searched for your e-mail address; nobody has it."),
        Service(vendor="slack", title="Slack", subject="unproven", asked=ASKED),
        Service(
            vendor="payfair", title="Payfair", subject="none", why="Payfair gives data by letter only. We ask again on 3 December 2026."
        ),
        language=language,
    )
