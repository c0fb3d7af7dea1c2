"""Go on with a run that broke off: from its folder and the person, who stands nowhere in it, to an order that asks what is left."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from engine.assembly import ChosenConnection, Order, check_person, choose_connection, person_of, probe_of
from engine.connection.digest_key import DigestKey, digest_key
from engine.connection.open import ENVIRONMENT
from engine.connection.private_files import cannot_write
from engine.connection.state_folder import home
from engine.connection.stored import Name
from engine.core.field_filter import FieldFilter
from engine.core.identity import Identifier
from engine.core.ledger import Outcome
from engine.core.pace import checked_share
from engine.core.selection import Selection, checked_plan
from engine.decoding import converted
from engine.discreet import Discreet
from engine.errors import HabeasError, Refused, UsageError
from engine.language.effective import Vendor
from engine.replaced import replace
from engine.run_head import RunHead, read_head
from engine.runner import RunOptions, Session
from engine.runner.interface import Earlier
from engine.runner.manifest import manifest_head

AGAIN = "run again, into another folder"


class ResumeArguments(Discreet, Struct, frozen=True, kw_only=True):
    """What is given to a resume; all else stands in the folder. `anyway`: what the spec says otherwise now is read anew.

    `ended`: a run that has ended and lacks nothing goes on too, for whoever needs its report. `digests`: the key by which its person is
    known; None: this machine's.
    """

    HIDDEN = ("person", "probe", "token")

    person: tuple[tuple[str, str], ...]
    probe: tuple[tuple[str, str], ...] = ()
    token: str | None = None
    at: str | None = None
    share: float | None = None
    wait: bool = True
    anyway: bool = False
    ended: bool = False
    digests: DigestKey | None = None


async def resumed_order(
    folder: Path, head: RunHead, vendor: Vendor, arguments: ResumeArguments, chosen: ChosenConnection | None = None
) -> Order:
    """Check that a run can go on and is about this person, over its connection or the one `chosen` of that name.

    Sends and writes nothing. Raises UsageError, Refused, NotConnected.
    """
    if not arguments.ended:
        _check_unfinished(folder, head)
    changed = _changed(folder, head, vendor, anyway=arguments.anyway)
    person = person_of(arguments.person)
    chosen = chosen or await _connection(folder, head, vendor, arguments)
    _check_same(folder, head, person, arguments.digests)
    selection = _selection(head, vendor)
    check_person(vendor, person, selection.excluded)
    options = RunOptions(
        selection=selection,
        files=head.options.files,
        narrow=_moment(folder, head.narrowed["since"]) if head.narrowed and "since" in head.narrowed else None,
        reference=head.reference,
        probe=probe_of(vendor, arguments.probe),
        largest_file=head.options.largest_file,
    )
    return Order(
        chosen=chosen,
        person=person,
        options=options,
        out=folder.parent,
        plan=checked_plan(vendor, head.connection.plan),
        share=checked_share(arguments.share if arguments.share is not None else head.connection.share),
        wait=arguments.wait,
        earlier=Earlier(folder, head.started.astimezone(UTC), head.resumed, changed),
    )


async def going_on(order: Order, person: Iterable[tuple[str, str]], session: Session, tries: int | None = None) -> Order:
    """Give the order that goes on from what a process left in its folder, where that asks for the same; else the order, its folder gone.

    What cannot be gone on from is deleted and asked from the start: that is always right, only slower. So is what went on so many
    `tries` before and has not ended. A run that had ended, and was not put in its place, goes on too: its lists are believed by their
    digests, none is asked again. Raises DiskError, OutputError.
    """
    folder = order.out / order.vendor.name
    if folder.is_dir():
        with suppress(HabeasError):
            head = read_head(folder)
            wanted = manifest_head(session, order.options, head.started.astimezone(UTC), (), ())
            same = _asked(converted(wanted, RunHead)) == _asked(head)
            if same and (tries is None or len(head.resumed) < tries):
                arguments = ResumeArguments(person=tuple(person), ended=True, digests=order.digests)
                return replace(order, earlier=(await resumed_order(folder, head, order.vendor, arguments, order.chosen)).earlier)
    _swept(order.out)
    return order


def _swept(folder: Path) -> None:
    """Make a folder that does not exist of one that may. Raises DiskError, OutputError."""
    shutil.rmtree(folder, ignore_errors=True)
    if os.path.lexists(folder):
        raise cannot_write(folder, OSError(1, "it cannot be deleted"))


def _asked(head: RunHead) -> tuple[object, ...]:
    """Give what two runs at one vendor share that ask for the same."""
    return head.reference, head.connection.name, head.simulated, head.excluded, head.fields, head.narrowed, head.options


def spec_word(head: RunHead) -> str:
    """Say how the spec is found: by the path that was typed, if it is still there, else by its vendor's name."""
    return head.spec.file if "/" in head.spec.file and Path(head.spec.file).is_file() else head.vendor


def _selection(head: RunHead, vendor: Vendor) -> Selection:
    """Leave out what the run was told to leave out."""
    keeps = {name: head.fields.get(name) for name in vendor.endpoints}
    return Selection(
        frozenset(head.excluded),
        {
            name: FieldFilter(vendor.endpoints[name].fields or (), _paths(one.only), _paths(one.without))
            if one is not None
            else FieldFilter(vendor.endpoints[name].fields or ())
            for name, one in keeps.items()
        },
    )


def _check_unfinished(folder: Path, head: RunHead) -> None:
    if head.finished is None or head.subject.outcome == "unproven":
        return
    if all(Outcome(one.outcome).whole for one in head.endpoints.values() if one.outcome in set(Outcome)):
        message = f"{folder} holds a run that has ended, and nothing is left to ask: nothing was changed"
        raise UsageError(message)


def _changed(folder: Path, head: RunHead, vendor: Vendor, *, anyway: bool) -> frozenset[str]:
    """Name the endpoints of which the spec says something else than when the run began. Raises UsageError where that is not wanted."""
    if vendor.name != head.vendor:
        message = f"{folder} holds a run at {head.vendor}, and the spec is of {vendor.name}: name the right one with --spec"
        raise UsageError(message)
    if vendor.sha256 == head.spec.sha256:
        return frozenset()
    now = vendor.definitions
    if not anyway:
        message = f"the spec {vendor.file} is not the one that {folder} was begun with: put that one back, or name it with --spec; "
        message += "with --anyway what it says otherwise now is read anew"
        raise UsageError(message)
    return frozenset(name for name in vendor.endpoints if now[name] != head.spec.endpoints.get(name))


async def _connection(folder: Path, head: RunHead, vendor: Vendor, arguments: ResumeArguments) -> ChosenConnection:
    """Find the connection that the run was begun with. Raises UsageError, NotConnected."""
    label = head.connection.name
    kept = label != ENVIRONMENT and arguments.token is None
    chosen = await choose_connection(vendor, label if kept else None, token=arguments.token, at=arguments.at)
    if isinstance(chosen.found, Name) != (label != ENVIRONMENT):
        token = f"a token for that run alone: give it again in HABEAS_{vendor.name.upper()}_TOKEN"
        message = f"{folder} was begun with {token if label == ENVIRONMENT else f'the connection {label}: give no other token'}"
        raise UsageError(message)
    if chosen.simulated != head.simulated:
        ways = ("was begun at the vendor itself, and --at names", "was begun at a simulator: name its address with --at;")
        message = f"{folder} {ways[head.simulated]} {'a simulator' if chosen.simulated else 'the vendor would really be asked'}"
        raise UsageError(message + "; nothing was sent")
    return chosen


def _check_same(folder: Path, head: RunHead, person: Mapping[str, Identifier], key: DigestKey | None) -> None:
    """See that the person is the one of the run, by the keyed digests. Raises UsageError where that cannot be told, Refused."""
    told = head.subject.digest
    if told is None or head.subject.key_id is None:
        message = f"{folder} holds no digest of its person: whether the same one is meant cannot be told; {AGAIN}"
        raise UsageError(message)
    found = (key or digest_key(home())).of(person.values())
    if found.key_id != head.subject.key_id:
        message = f"the digests in {folder} were made with another key (another HABEAS_HOME): whether the same person is meant "
        raise UsageError(message + f"cannot be told; go on where it was begun, or {AGAIN}")
    if sorted(found.by_kind) != sorted(told):
        message = f"the run asks by {' and '.join(sorted(told))}: give the same again"
        raise UsageError(message)
    if any(told[kind] not in digests for kind, digests in found.by_kind.items()):
        message = f"this is not the person whom the run in {folder} asks for: nothing was sent or changed"
        raise Refused(message)


def _paths(names: tuple[str, ...]) -> frozenset[tuple[str, ...]]:
    return frozenset(tuple(name.split(".")) for name in names)


def _moment(folder: Path, text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        message = f"{folder}/manifest.json is damaged (narrowed.since is no moment): {AGAIN}"
        raise UsageError(message) from None
