"""Read `--only` and `--without`: which endpoints and which fields a run fetches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec import Struct, field

from engine.core.field_filter import FieldFilter
from engine.core.window import beginning
from engine.errors import UsageError
from engine.language.effective import Endpoint, Vendor
from engine.language.text.mistakes import did_you_mean

FieldPaths = frozenset[tuple[str, ...]]


class Selection(Struct, frozen=True):
    """The endpoints that the operator left out, and which fields are kept of each of the others (`keeps`, by endpoint)."""

    excluded: frozenset[str] = frozenset()
    keeps: Mapping[str, FieldFilter] = field(default_factory=dict)


def choose(endpoints: Mapping[str, Endpoint], only: Iterable[str], without: Iterable[str]) -> Selection:
    """Read `--only` and `--without`: each holds endpoints or `endpoint.field`, separated by commas or repeated.

    Raises UsageError for an unknown endpoint, for one whose parent is left out, and if nothing is left.
    """
    wanted, fields = _read(endpoints, only, "--only")
    unwanted, dropped = _read(endpoints, without, "--without")
    chosen = set(endpoints) if not (wanted or fields) else wanted | set(fields)
    chosen -= unwanted
    if not chosen:
        message = "nothing is left to fetch: --only and --without cancel each other out"
        raise UsageError(message)
    for name in sorted(chosen):
        for parent in endpoints[name].parents():
            if parent.endpoint in endpoints and parent.endpoint not in chosen:
                message = f"`{name}` is asked once per record of `{parent.endpoint}`: keep `{parent.endpoint}` too"
                raise UsageError(message)
    keeps = {
        name: FieldFilter(
            one.fields or (), fields.get(name, frozenset()) if name not in wanted else frozenset(), dropped.get(name, frozenset())
        )
        for name, one in endpoints.items()
    }
    return Selection(frozenset(endpoints) - chosen, keeps)


def _read(endpoints: Mapping[str, Endpoint], names: Iterable[str], option: str) -> tuple[set[str], dict[str, FieldPaths]]:
    whole: set[str] = set()
    fields: dict[str, FieldPaths] = {}
    for text in (part.strip() for entry in names for part in entry.split(",")):
        name, dot, path = text.partition(".")
        if name not in endpoints or (dot and not all(path.split("."))):
            hint = did_you_mean(name, endpoints)
            message = f"{option} {text or '(empty)'}: no such endpoint" + (f"; {hint}" if hint else "")
            raise UsageError(message)
        if dot:
            fields[name] = fields.get(name, frozenset()) | {tuple(path.split("."))}
        else:
            whole.add(name)
    return whole, fields


def since_of(text: str | None, now: datetime) -> datetime | None:
    """Read `--since`: a day, or a span back from now. Raises UsageError."""
    if text is None:
        return None
    try:
        return beginning(text, now)
    except ValueError as error:
        message = f"--since {text}: {error}"
        raise UsageError(message) from None


def checked_plan(vendor: Vendor, plan: str | None) -> str | None:
    """Give the plan, if the spec has it. Raises UsageError."""
    if plan is None or plan in vendor.plans:
        return plan
    message = f"--plan {plan}: {vendor.title} has the plans {', '.join(vendor.plans) or 'none'}"
    raise UsageError(message)
