"""`habeas stats`: the requests of a year, by law and right, and what became of them."""

from __future__ import annotations

import sys

import typer

from engine.case.folder import open_case, references
from engine.case.stats import GROUNDS, YearRow, end_of, rows
from engine.cli.case import today
from engine.cli.formatting import print_json, print_text, table, width_of
from engine.connection.state_folder import home
from engine.errors import Exit, HabeasError

HEAD = ("law", "right", "received", "answered", "denied", "withdrawn", "open", "median days")


def stats_command(year: int | None, *, as_json: bool) -> int:
    """Count. Gives the exit code."""
    where, ends, broken = home(), [], list[str]()
    chosen = year if year is not None else today().year
    for reference in references(where):
        try:
            case = open_case(where, reference)
        except HabeasError as error:
            broken.append(str(error))
            continue
        end = end_of(case.lines)
        if end is not None and case.opened.received.year == chosen:
            ends.append(end)
    counted = rows(ends)
    if as_json:
        print_json({"year": chosen, "rows": counted, "broken": broken})
    else:
        _print(chosen, counted)
    for message in broken:
        print_text(f"error: {message}", err=True)
    return Exit.USAGE if broken else Exit.COMPLETE


def _print(year: int, counted: list[YearRow]) -> None:
    if not counted:
        print_text(f"No request was received in {year}; cases to practise with are not counted.")
        return
    print_text(f"Requests received in {year}, and what became of them until today; cases to practise with are not counted.")
    cells = [
        (one.regime, one.right, *map(str, (one.received, one.answered, one.denied, one.withdrawn, one.open)), _days(one)) for one in counted
    ]
    typer.echo(table(HEAD, cells, tuple(range(2, 8)), width_of(sys.stdout)))
    for row in counted:
        for ground, count in row.denied_because.items():
            print_text(f"denied, {row.regime} {row.right}: {count}, {GROUNDS[ground]}")


def _days(row: YearRow) -> str:
    return "" if row.median_days is None else f"{row.median_days:g}"
