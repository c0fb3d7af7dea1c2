"""`habeas resume`: find the run and its person, and go on with it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import typer

from engine.case.folder import open_case
from engine.case.person import read_person
from engine.catalogue import load
from engine.cli.progress import is_terminal
from engine.cli.run import carried_out, identifiers, split_subjects
from engine.connection.state_folder import home
from engine.connection.vault import Vault
from engine.errors import Exit, UsageError
from engine.replaced import replace
from engine.resuming import ResumeArguments, resumed_order, spec_word
from engine.run_head import RunHead, head_folder, read_head


def resume_command(
    place: Path, arguments: ResumeArguments, subject: tuple[str, ...], of: tuple[str | None, str | None], *, as_json: bool
) -> Exit:
    """Go on with a run; `of` names the case of its person and its spec, if they are given. Raises HabeasError before anything is sent."""
    folder, (case, spec) = head_folder(place), of
    head = read_head(folder)
    vendor = load(spec or spec_word(head))
    given = (*arguments.person, *split_subjects(subject))
    person = _of_case(case, vendor.name) if case is not None and not given else identifiers(given) or _asked(head)
    arguments = replace(arguments, person=person, probe=identifiers(arguments.probe))
    return carried_out(asyncio.run(resumed_order(folder, head, vendor, arguments)), as_json=as_json)


def _of_case(reference: str, vendor: str) -> tuple[tuple[str, str], ...]:
    """Give the identifiers by which the person of a case is asked for. Raises UsageError, NotConnected."""
    where = home()
    return read_person(Vault(where).keys, open_case(where, reference).folder).for_vendor(vendor)


def _asked(head: RunHead) -> tuple[tuple[str, str], ...]:
    """Ask for the person's identifiers on a terminal. Raises UsageError where there is none."""
    kinds = [name.lower() for name in head.subject.identified_by]
    if not is_terminal(sys.stdin) or not is_terminal(sys.stderr):
        options = " ".join("--email ADDRESS" if kind == "email" else f"--subject {kind}=VALUE" for kind in kinds)
        message = f"the person stands nowhere in the folder: add {options} (- reads standard input), or --case REF"
        raise UsageError(message)
    return tuple((kind, typer.prompt(f"The person's {kind}, as it was given", err=True)) for kind in kinds)
