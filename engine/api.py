"""Habeas for programs: load a spec, run an access request, verify a connection, check a spec, plan a run."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.assembly import ChosenConnection, RunArguments, choose_connection, order_of, probe_of, probe_pair, verified
from engine.cassettes.check import check_cassettes
from engine.cassettes.labelled import check_labels
from engine.catalogue import load
from engine.core import plan as planning
from engine.core.file_check import LARGEST_FILE
from engine.core.ledger import Entry
from engine.core.pace import checked_share
from engine.core.selection import checked_plan, choose, since_of
from engine.errors import UsageError
from engine.language.effective import Vendor
from engine.language.load import check as check_text
from engine.language.text.mistakes import Mistake, SpecError
from engine.open_account import OpenAccount, carry_out, open_account
from engine.replaced import replace
from engine.resuming import ResumeArguments, resumed_order, spec_word
from engine.run_head import head_folder, read_head
from engine.runner import Report
from engine.runner.verify import Verified
from engine.spec_files import contents, spec_path

__all__ = ["AccountRuns", "account", "check", "load", "plan", "resume", "run", "verify"]


async def run(
    vendor: Vendor | str | Path,
    *,
    email: str | None = None,
    phone: str | None = None,
    username: str | None = None,
    connection: str | None = None,
    token: str | None = None,
    out: str | Path | None = None,
    files: bool = False,
    only: Iterable[str] = (),
    without: Iterable[str] = (),
    since: str | None = None,
    share: float = 0.75,
    plan: str | None = None,
    reference: str | None = None,
    at: str | None = None,
    wait: bool = True,
    probe: str | None = None,
    largest_file: int = LARGEST_FILE,
    ended: Callable[[Entry], None] = lambda _: None,
) -> Report:
    """Answer one person's access request at one vendor: fetch everything, write the records and a manifest.

    Args:
        vendor: what `load` gave, or what it takes: a packaged name or a path.
        email: the person's e-mail address; at least the identifier the vendor finds people by must be given.
        phone: their phone number, as `+15550100200` (E.164).
        username: their user name at the vendor.
        connection: the name of a stored connection (`habeas connect`); None: the environment's token, else the only one there is.
        token: an access token, or an API key, for this run only; it is never stored and never renewed. Not together with `connection`.
        out: the folder to write into, as `<out>/<vendor>/`; None: a new one in the current folder.
        files: download recordings and other files too.
        only: endpoints, or single fields as `endpoint.field`, to fetch; none named: all. One text is read as the command line's is:
            `"meetings,webinars"`.
        without: endpoints, or single fields, to leave out.
        since: ask for nothing older, where the endpoint can be asked by time: a day (`2026-01-31`), or a span back from now (`90d`, `6mo`).
        share: how much of the vendor's limits to use, over 0 and at most 1.
        plan: whose limits apply, where the spec knows several plans; None: the connection's, else the spec's first.
        reference: your own name for the request, for the manifest; never a person's name.
        at: the address of a simulator (`http://127.0.0.1:8900`).
        wait: wait until no other run uses the connection; else InUse is raised.
        largest_file: how many bytes to take of a file whose size no record tells; a larger one is stopped and counts as failed.
        ended: called with the entry of each endpoint when it has ended; what it raises is raised when the manifest is written.
        probe: the e-mail address of a known colleague (or `username=VALUE`, `phone=VALUE`), asked for where the person is not found:
            only if the colleague is found, or the vendor's `verify` lists people, is "nobody" believed; None: the connection's own.

    Returns:
        The report: `outcome` (was the person found), `endpoints` (an `Entry` each, by name), `manifest` (the content of
        manifest.json), `folder`, and the `exit_code` of the command line.

    Raises:
        UsageError, SpecError, OutputError: the call cannot be carried out; nothing was sent (exit code 2).
        Refused: an identifier is malformed, or not safe to ask by; nothing was sent (5).
        NotConnected: no connection, or one that is dead (4). InUse: see `wait` (3).
        DiskError: not even the manifest could be written (3).
        asyncio.CancelledError: after what was received has been written, with a manifest that says `interrupted`.

    """
    _check(Callable, "a function", ended=ended)
    _check((str, os.PathLike, type(None)), "a path", out=out)
    arguments = RunArguments(
        person=_person(email=email, phone=phone, username=username),
        connection=connection,
        token=token,
        at=at,
        out=None if out is None else Path(out),
        only=_names(only=only),
        without=_names(without=without),
        since=since,
        files=files,
        share=share,
        plan=plan,
        reference=reference,
        wait=wait,
        probe=() if probe is None else (probe_pair(probe),),
        largest_file=largest_file,
    )
    return await carry_out(await order_of(_vendor(vendor), _checked(arguments), datetime.now(UTC)), ended=ended)


async def resume(
    folder: str | Path,
    *,
    email: str | None = None,
    phone: str | None = None,
    username: str | None = None,
    spec: Vendor | str | Path | None = None,
    token: str | None = None,
    share: float | None = None,
    at: str | None = None,
    wait: bool = True,
    probe: str | None = None,
    anyway: bool = False,
    ended: Callable[[Entry], None] = lambda _: None,
) -> Report:
    """Go on with a run that broke off or misses something: keep each list that was read whole, ask for the rest again.

    What was chosen then stands in the folder and holds; the person does not stand there. The other parameters are those of `run`.

    Args:
        folder: the folder of the run, or the one it lies in.
        email: the person's identifiers, the same as then: email, phone and username.
        phone: see `email`.
        username: see `email`.
        spec: the spec, where it is not found by its vendor's name or the path that was given then.
        token: the token anew, where the run was begun with one; else the stored connection of then is used.
        share: how much of the vendor's limits to use; None: as much as then.
        at: the address of a simulator, where the run was begun at one.
        wait: wait until no other run uses the connection; else InUse is raised.
        probe: as in `run`.
        anyway: the spec says something else now: read the endpoints that this touches anew.
        ended: called with the entry of each endpoint when it has ended.

    Returns:
        The report, as `run` gives it; `kept` counts what stayed from before the break.

    Raises:
        UsageError, SpecError: no run lies there, nothing is left to ask, another spec, a damaged folder; nothing was sent (exit code 2).
        Refused: this is not the person of the run; nothing was sent (5). NotConnected (4). InUse: see `wait`, or another process
        still writes the folder (3). DiskError: not even the manifest could be written (3). asyncio.CancelledError: as in `run`.

    """
    _check(Callable, "a function", ended=ended)
    _check((str, os.PathLike), "a path", folder=folder)
    _check_texts(email=email, phone=phone, username=username, token=token, at=at)
    _check(bool, "True or False", wait=wait, anyway=anyway)
    place = head_folder(Path(folder))
    head = read_head(place)
    arguments = ResumeArguments(
        person=_person(email=email, phone=phone, username=username),
        probe=() if probe is None else (probe_pair(probe),),
        token=token,
        at=at,
        share=share,
        wait=wait,
        anyway=anyway,
    )
    return await carry_out(await resumed_order(place, head, _vendor(spec or spec_word(head)), arguments), ended=ended)


class AccountRuns:
    """Runs of many people over one account, which `account` opened: start as many as you like, side by side."""

    def __init__(self, opened: OpenAccount, chosen: ChosenConnection) -> None:
        """Take an account in use and its connection."""
        self._account, self._chosen = opened, chosen

    async def run(
        self,
        *,
        email: str | None = None,
        phone: str | None = None,
        username: str | None = None,
        out: str | Path | None = None,
        files: bool = False,
        only: Iterable[str] = (),
        without: Iterable[str] = (),
        since: str | None = None,
        reference: str | None = None,
        largest_file: int = LARGEST_FILE,
        ended: Callable[[Entry], None] = lambda _: None,
    ) -> Report:
        """Answer one person's access request. Parameters, result and exceptions are those of `habeas.run`.

        The call waits until the vendor's limits have room for one more person; the limits are shared fairly between people.
        """
        _check(Callable, "a function", ended=ended)
        _check((str, os.PathLike, type(None)), "a path", out=out)
        arguments = RunArguments(
            person=_person(email=email, phone=phone, username=username),
            out=None if out is None else Path(out),
            only=_names(only=only),
            without=_names(without=without),
            since=since,
            files=files,
            reference=reference,
            largest_file=largest_file,
        )
        order = await order_of(self._chosen.vendor, _checked(arguments), datetime.now(UTC), self._chosen)
        return await self._account.fetch(order, ended=ended)


@asynccontextmanager
async def account(
    vendor: Vendor | str | Path,
    *,
    connection: str | None = None,
    token: str | None = None,
    share: float = 0.75,
    plan: str | None = None,
    at: str | None = None,
    wait: bool = True,
) -> AsyncIterator[AccountRuns]:
    """Open an account for many people: one turn, one limit, one credential for all of them. The parameters are those of `run`.

        async with habeas.account("zoom") as zoom:
            reports = await asyncio.gather(*(zoom.run(email=one, out=f"out/{n}") for n, one in enumerate(people)))

    What the account itself tells (`verify`, the probe, `discover`) is asked once an hour, not once a person.

    Raises:
        UsageError, SpecError: the call cannot be carried out; nothing was sent (exit code 2).
        NotConnected: no connection, or one that cannot be used (4). InUse: see `wait` (3).

    """
    _check_texts(connection=connection, token=token, at=at, plan=plan)
    _check(bool, "True or False", wait=wait)
    chosen = await choose_connection(_vendor(vendor), connection, token=token, at=at)
    limits = (checked_plan(chosen.vendor, plan), checked_share(share))
    async with open_account(chosen, limits, wait=wait) as opened:
        yield AccountRuns(opened, chosen)


async def verify(
    vendor: Vendor | str | Path,
    *,
    connection: str | None = None,
    token: str | None = None,
    at: str | None = None,
    probe: str | None = None,
) -> Verified:
    """Ask the vendor whether a connection is alive and what it may read. The parameters are those of `run`.

    Returns:
        `alive` (None where the vendor could not say), `words` for people, `matrix`: each request with the scopes it needs
        and whether they are granted, `sight`: was the connection shown to see people, `renewable` and `lives_until`: can a stored
        connection be renewed, and if not, when does it end, and the `exit_code` of the command line.

    Raises:
        UsageError, SpecError: the call cannot be carried out (exit code 2).
        NotConnected: there is no usable connection (4).

    """
    _check_texts(connection=connection, token=token, at=at)
    chosen = await choose_connection(_vendor(vendor), connection, token=token, at=at)
    wanted = probe_of(chosen.vendor, () if probe is None else (probe_pair(probe),))
    return await verified(await chosen.open(), chosen.transport, wanted)


def check(spec: str | Path) -> tuple[Mistake, ...]:
    """Find every mistake in a spec and in its labels, and replay its cassettes offline, as `habeas check` does.

    Args:
        spec: a packaged name, or a path.

    Returns:
        The mistakes and notes in the order of the file: `level` (error or note), `message`, `file`, `at` (line and column),
        `hint`. No mistake of level error: the spec is sound.

    Raises:
        UsageError: there is no such spec.

    """
    path = spec_path(str(spec))
    try:
        vendor, notes = check_text(contents(path), str(path), datetime.now(UTC).date())
    except SpecError as error:
        return tuple(replace(mistake, file=mistake.file or str(path)) for mistake in error.mistakes)
    found = (*check_cassettes(vendor, path, str(spec)).findings, *check_labels(vendor, path)[0])
    return (*notes, *(finding.mistake for finding in found))


def plan(
    vendor: Vendor | str | Path,
    *,
    only: Iterable[str] = (),
    without: Iterable[str] = (),
    since: str | None = None,
    plan: str | None = None,
    share: float = 0.75,
) -> planning.Plan:
    """Say what a run would ask, in which order, and how long it would take. Sends nothing and needs no person.

    The parameters are those of `run`.

    Returns:
        `steps` in their order, `requests` (the least number: one page per list), `seconds` (the least time at this share of
        the vendor's limits), and `slowest`, the bucket that decides it.

    Raises:
        UsageError, SpecError: the call cannot be carried out (exit code 2).

    """
    loaded, now = _vendor(vendor), datetime.now(UTC)
    _check_texts(since=since, plan=plan)
    selection = choose(loaded.endpoints, _names(only=only), _names(without=without))
    return planning.plan(loaded, selection, now, since_of(since, now), (checked_plan(loaded, plan), checked_share(share)))


def _vendor(given: Vendor | str | Path) -> Vendor:
    return given if isinstance(given, Vendor) else load(given)


def _check(kinds: Any, words: str, **given: object) -> None:
    """See that each parameter is of one of these types. Raises UsageError, which never shows the value."""
    for name, value in given.items():
        if not isinstance(value, kinds):
            message = f"{name} is {words}, not {type(value).__name__}"
            raise UsageError(message)


def _check_texts(**given: object) -> None:
    _check((str, type(None)), "text", **given)


def _person(**given: str | None) -> tuple[tuple[str, str], ...]:
    """Give the identifiers that were given, with their kinds."""
    return tuple((kind, value) for kind, value in given.items() if value is not None)


def _checked(arguments: RunArguments) -> RunArguments:
    """Give the arguments back where each is of its type. Raises UsageError."""
    _check_texts(**dict(arguments.person), connection=arguments.connection, token=arguments.token, at=arguments.at)
    _check_texts(since=arguments.since, plan=arguments.plan, reference=arguments.reference)
    _check(bool, "True or False", files=arguments.files, wait=arguments.wait)
    _check(int, "a number of bytes", largest_file=arguments.largest_file)
    return arguments


def _names(**given: Iterable[str]) -> tuple[str, ...]:
    """Read `only` or `without`: one text, or several. Raises UsageError."""
    ((name, value),) = given.items()
    _check(Iterable, "a list of names", **given)
    names = (value,) if isinstance(value, str) else tuple(value)
    for text in names:
        if not isinstance(text, str):
            message = f"{name} is a list of names, and one of them is {type(text).__name__}"
            raise UsageError(message)
    return names
