"""Read from an answer's headers when to ask again: `Retry-After` and the `...RateLimit-*` family, in every form vendors use.

All results are seconds. Header names are lower-case; the present time is an argument.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

EPOCH_SECONDS = 10**9
EPOCH_MILLIS = 10**12
DAY = 86400.0
LONGEST = 10 * 366 * 86400.0
RESET = re.compile(r"(.*rate-?limit-)reset")
REMAINING = re.compile(r"(.*rate-?limit-)remaining")
POLICY = re.compile(r"\b(r|remaining|t|reset)\s*=\s*([0-9]{1,15})\b")
POLICY_NAMES = {"r": "remaining", "t": "reset"}
SOON = 60.0


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Give the seconds until the request may be sent again; None if the answer does not tell.

    `Retry-After` (RFC 9110 section 10.2.3, also as a float, an ISO 8601 date-time or in milliseconds) goes before every
    `...RateLimit-Reset`. A reset counts unless requests are left of its limit: vendors tell it with every answer. A date counts
    from the answer's own `Date`, so that a vendor's wrong clock does no harm.
    """
    asked_for, reset = _told(headers, now)
    return reset if asked_for is None else asked_for


def failed_until(headers: Mapping[str, str], now: datetime) -> float | None:
    """Give the seconds until a request that failed, such as with a 502, may be sent again; None if the answer does not tell.

    Only `Retry-After` speaks of a failure. A reset speaks of a limit, so it counts only where that limit is used up and filled
    again soon: a far one would end what the next try may answer.
    """
    asked_for, _ = _told(headers, now)
    return asked_for or refilled_after(headers, now) or None


def asked_to_return(headers: Mapping[str, str], now: datetime) -> float | None:
    """Give the seconds that `Retry-After` tells; None where there is none that can be read."""
    return _told(headers, now)[0]


def _told(headers: Mapping[str, str], now: datetime) -> tuple[float | None, float | None]:
    """Read `Retry-After`, and the latest reset that counts, in seconds from now."""
    headers, here = _spread(headers), _http_date(headers.get("date", "")) or now
    names = [found[1] for name in headers if (found := RESET.fullmatch(name)) and not _left(headers, found[1])]
    resets = [_reset(headers[f"{name}reset"], here) for name in names]
    latest = max((one for one in resets if one is not None), default=None)
    return _asked_for(headers.get("retry-after", ""), here, latest), latest


def _asked_for(text: str, here: datetime, reset: float | None) -> float | None:
    """Read `Retry-After`; None if it cannot be read. `reset` is when the same answer says that its limit starts anew, in seconds.

    Some vendors write milliseconds. A number of over a day is read so, as no vendor's limit lasts longer and every longer
    wait ends the endpoint; a smaller one where its thousandth is what the reset says, to a second.
    """
    value = _number(text)
    if value is None or value > EPOCH_SECONDS:
        return _reset(text, here)
    agrees = reset is not None and value >= 1000 and abs(value / 1000 - reset) <= 1
    return value / 1000 if value > DAY or agrees else value


def refilled_after(headers: Mapping[str, str], now: datetime) -> float:
    """Give the seconds until a limit that this answer used up is filled again; 0 if none is used up.

    Each `...RateLimit-Remaining: 0` counts with the reset of the same name. A reset more than a minute away is ignored: it may
    be that of a limit which others have used up, or a mistake. The vendor's 429 will tell.
    """
    if not any("limit" in name for name in headers):  # every answer is asked, and most tell nothing
        return 0.0
    headers, here = _spread(headers), _http_date(headers.get("date", "")) or now
    names = [found[1] for name, value in headers.items() if (found := REMAINING.fullmatch(name)) and _number(value) == 0]
    resets = [_reset(headers.get(f"{name}reset", ""), here) for name in names]
    return max((one for one in resets if one is not None and one <= SOON), default=0.0)


def _spread(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Write out the policies of a `RateLimit` field as headers of their own.

    Drafts of the IETF put them into one field: `"burst";r=0;t=5, "day";r=9;t=3600`, and earlier `limit=9, remaining=0, reset=5`.
    """
    told = headers.get("ratelimit", "")
    policies = [told] if re.search(r"\breset\s*=", told) else told.split(",")
    found = {
        f"{index}-ratelimit-{POLICY_NAMES.get(name, name)}": value
        for index, policy in enumerate(policies)
        for name, value in POLICY.findall(policy)
    }
    return {**headers, **found}


def _left(headers: Mapping[str, str], limit: str) -> bool:
    """Whether an answer says that requests are left of a limit, named as `x-ratelimit-`."""
    return (_number(headers.get(f"{limit}remaining", "")) or 0.0) > 0


def _number(text: str) -> float | None:
    if re.fullmatch(r"\s*\d{1,15}(\.\d{1,9})?\s*", text):
        value = float(text)
        return value if math.isfinite(value) else None
    return None


def _moment(text: str) -> datetime | None:
    return _http_date(text) or _iso_date(text)


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text.strip())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _iso_date(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _reset(text: str, now: datetime) -> float | None:
    value = _number(text)
    if value is None:
        moment = _moment(text)
        return max(0.0, min((moment - now).total_seconds(), LONGEST)) if moment else None
    if value > EPOCH_MILLIS:
        value = value / 1000 - now.timestamp()
    elif value > EPOCH_SECONDS:
        value -= now.timestamp()
    return max(0.0, min(value, LONGEST))
