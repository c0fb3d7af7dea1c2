"""The laws that Habeas knows (`regimes.yaml`), and what the operator says of the office: days it is closed, who answers (`office.yaml`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec
import yaml

from engine.case.deadlines import Deadlines, Regime, deadlines, parse_period
from engine.case.fold import Case
from engine.case.operator_file import read_operator_file
from engine.case.purge import CLASSES
from engine.errors import UsageError
from engine.language.model.units import Duration, parse_duration
from engine.language.text.mistakes import Misfit

OFFICE = "office.yaml"
OFFICE_HINT = "`closed` is a list of days such as 2026-12-24, `retention` a time such as 30d for each of raw, received, release and person"
PERIODS = ("answer", "acknowledge", "extension")


class Office(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the operator writes in `$HABEAS_HOME/office.yaml`; all of it may be left out."""

    controller: str = ""
    contact: str = ""
    signature: str = ""
    authority: str = ""
    closed: tuple[date, ...] = ()
    retention: Mapping[str, str] = {}


@cache
def regimes() -> Mapping[str, Regime]:
    """Give the laws by their short names."""
    raw = yaml.safe_load(resources.files("engine.case").joinpath("regimes.yaml").read_text("utf-8"))
    return {name: _regime(told) for name, told in raw.items()}


def _regime(told: dict[str, Any]) -> Regime:
    answer, acknowledge, extension = (parse_period(told[name]) if name in told else None for name in PERIODS)
    if answer is None:
        message = f"{told['title']} names no time for the answer"
        raise ValueError(message)
    rest = {"weekends": told.get("weekends") == "next", "pause": bool(told.get("pause")), "german": told.get("german", "")}
    return Regime(told["title"], told["source"], answer, acknowledge, extension, **rest)


def regime_of(name: str) -> Regime:
    """Give a law. Raises UsageError, which names them all."""
    found = regimes().get(name)
    if found is None:
        message = f"--regime {name}: none is known by this name; there are {', '.join(regimes())}"
        raise UsageError(message)
    return found


def office(home: Path) -> Office:
    """Read the operator's file; all is empty where there is none. Raises UsageError where it is not as it should be."""
    path = home / OFFICE
    told = read_operator_file(path, Office, OFFICE_HINT)
    if told is None:
        return Office()
    try:
        retention(told)
    except Misfit as error:
        message = f"{path}: {error}: {error.hint}"
        raise UsageError(message) from None
    return told


def retention(told: Office) -> Mapping[str, Duration]:
    """Give how long each class of files is kept after a case has ended. Misfit says what may stand there."""
    for name in told.retention:
        if name not in CLASSES:
            message = f"`retention` names `{name}`"
            raise Misfit(message, f"there are {', '.join(CLASSES)}")
    return {name: span_of_days(text) for name, text in told.retention.items()}


def span_of_days(text: str) -> Duration:
    """Read `30d` or `6mo`: a retention of minutes is a slip (`24m`), and what it deletes is gone. Misfit says what is allowed."""
    if not re.fullmatch(r"[0-9]+(?:d|mo)", text):
        message = f"`{text}` is no time to keep something"
        raise Misfit(message, "write days or months, such as 30d or 6mo")
    return parse_duration(text)


def due(case: Case, home: Path) -> Deadlines:
    """Give a case's last days. Raises UsageError for a regime or an office file that cannot be used."""
    if case.opened is None:
        return Deadlines(None, None, None)
    law = regime_of(case.opened.regime)
    return deadlines(law, case.opened.received, extended=case.extended is not None, pauses=case.pauses, closed=office(home).closed)
