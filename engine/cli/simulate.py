"""`habeas simulate`: play a vendor on this machine, by its simulator or from its cassettes, and say how to use it."""

from __future__ import annotations

import asyncio
import json
import shlex
import sys
from functools import partial

import typer
from msgspec.structs import asdict

from engine.cassettes.serve import Differing, KnownPerson, Recorded, Served, recorded
from engine.catalogue import load
from engine.cli.formatting import columns, fitted, print_text, shell_line, width_of
from engine.cli.until_interrupted import until_interrupted
from engine.errors import Exit, UsageError
from engine.language.text.mistakes import counted, printable
from engine.simulate.serve import Ready, SimulatorOptions, faults, serve, vendors
from engine.spec_files import cassettes_folder, spec_path

LONGEST = 80
MOST_DIFFERING = 8
MOST_CASSETTES = 4


def simulate_command(word: str, port: int, names: str, scale: tuple[int, int], *, as_json: bool) -> Exit:
    """Serve until interrupted. Raises UsageError for an unknown vendor or fault, a vendor without recordings, or a busy port."""
    if word not in vendors():
        return _recorded(word, port, names, as_json=as_json)
    if names == "list":
        print_text(columns(list(faults(word).items()), width_of(sys.stdout)))
        return Exit.COMPLETE
    wanted = tuple(one.strip() for one in names.split(",") if one.strip())
    options = SimulatorOptions(faults=wanted, people=scale[0], meetings=scale[1])

    def ready(up: Ready) -> None:
        typer.echo(json.dumps(asdict(up)) if as_json else _shown(_greeting(word, up)))

    asyncio.run(until_interrupted(partial(serve, word, options, port, ready)))
    return Exit.COMPLETE


def _recorded(word: str, port: int, names: str, *, as_json: bool) -> Exit:
    """Serve a vendor's cassettes."""
    path, vendor = spec_path(word), load(word)
    cassettes = recorded(vendor, path)
    if not cassettes:
        folder, known = cassettes_folder(path, vendor.name), ", ".join(vendors())
        message = f"there is no simulator of {vendor.title} (there is one of {known}) and no cassette in {folder}"
        raise UsageError(message)
    if names:
        message = f"{vendor.title} is played from its cassettes, which know no faults: leave --faults out"
        raise UsageError(message)

    def ready(up: Served) -> None:
        typer.echo(json.dumps(_as_json(up)) if as_json else _shown(_recorded_greeting(word, vendor.title, len(cassettes), up)))

    def notice(line: str) -> None:
        print_text(printable(line), err=True)

    asyncio.run(until_interrupted(partial(Recorded(vendor, cassettes, notice).serve, port, ready)))
    return Exit.COMPLETE


def _as_json(up: Served) -> dict[str, object]:
    """Give what a program needs: the greeting as JSON."""
    people = [
        {
            **{name.kind: name.value for name in one.identifiers},
            "since": one.since,
            "only": list(one.only),
            "without": list(one.without),
            "about": one.about,
        }
        for one in up.people
    ]
    differing = [{"request": one.request, "cassettes": list(one.cassettes)} for one in up.differing]
    found = {"address": up.address, "token": up.token, "connect": up.connect, "settings": up.settings, "people": people}
    return {**found, "differing": differing, "not_played": list(up.hidden)}


def _shown(text: str) -> str:
    """Break a greeting for the terminal: commands as the shell takes them, all else between words."""
    width = width_of(sys.stdout)
    commands = ("  export ", "  habeas ")
    return "\n".join(shell_line(line, width) if line.startswith(commands) else fitted(line, width) for line in text.split("\n"))


def _greeting(word: str, up: Ready) -> str:
    people, upper = "\n".join(f"  {one}" for one in up.people), word.upper()
    return (
        f"A simulated {word} listens on {up.address}; Ctrl-C ends it.\nIts people:\n{people}\n\n"
        f"Ask for one of them, from another terminal, with a token:\n"
        f"  export HABEAS_{upper}_TOKEN={up.token}\n"
        f"  habeas run {word} --at {up.address} --email {up.people[0]}\n\n"
        f"or with a connection, in a state folder apart from yours:\n"
        f"  export HABEAS_HOME=$(mktemp -d) HABEAS_{upper}_AT={up.address}\n"
        f"  export HABEAS_{upper}_CLIENT_ID={up.client_id} HABEAS_{upper}_CLIENT_SECRET={up.client_secret}\n"
        f"  habeas connect {word}  # without a browser on this machine: --no-browser\n"
        f"  habeas run {word} --email {up.people[0]}\n"
    )


def _recorded_greeting(word: str, title: str, cassettes: int, up: Served) -> str:
    options = [_options(one) for one in up.people]
    width = max(map(len, options))
    people = "\n".join(f"  {option:{width}}  {one.about}" for option, one in zip(options, up.people, strict=True))
    token = next(iter(up.token))
    upper = token.removeprefix("HABEAS_").rpartition("_")[0]
    return (
        f"{title} as it was recorded in {counted(cassettes, 'cassette')} listens on {up.address}; Ctrl-C ends it.\n"
        f"Its people:\n{people}\n\n"
        f"{_hidden(up.hidden)}{_differing(up.differing)}"
        f"Ask for one of them, from another terminal, with a {'token' if token.endswith('TOKEN') else 'key'}:\n"
        f"{_exports({**up.token, **up.settings})}  habeas run {word} --at {up.address} {options[0]}\n\n"
        f"or with a connection, in a state folder apart from yours:\n"
        f"  export HABEAS_HOME=$(mktemp -d) HABEAS_{upper}_AT={up.address}\n"
        f"{_exports({**up.connect, **up.settings})}"
        f"  habeas connect {word}{_browser(up)}\n"
        f"  habeas run {word} {options[0]}\n"
    )


def _browser(up: Served) -> str:
    """Say how to connect on a machine without a browser, where one is needed."""
    return "  # without a browser on this machine: --no-browser" if any(one.endswith("_CLIENT_ID") for one in up.connect) else ""


def _hidden(names: tuple[str, ...]) -> str:
    """Say which cassettes cannot be seen."""
    return f"Not played, as an earlier cassette has the same person: {', '.join(names)}\n\n" if names else ""


def _differing(found: tuple[Differing, ...]) -> str:
    """Say which requests cannot be told apart by what is asked alone."""
    if not found:
        return ""
    rows = [f"  {_short(one.request)}  ({_few(one.cassettes)})\n" for one in found[:MOST_DIFFERING]]
    more = f"  and {len(found) - MOST_DIFFERING} more\n" if len(found) > MOST_DIFFERING else ""
    head = "Cassettes answer these differently; what counts is the cassette of who was looked up last, and before that the first:\n"
    return f"{head}{''.join(rows)}{more}\n"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _few(names: tuple[str, ...]) -> str:
    return (
        ", ".join(names) if len(names) <= MOST_CASSETTES else f"{', '.join(names[:MOST_CASSETTES])} and {len(names) - MOST_CASSETTES} more"
    )


def _options(one: KnownPerson) -> str:
    """Write who is asked for as the command line takes it."""
    kinds = ((name.kind, shlex.quote(name.value), shlex.quote(f"{name.kind}={name.value}")) for name in one.identifiers)
    found = [f"--email {value}" if kind == "email" else f"--subject {pair}" for kind, value, pair in kinds]
    found += [f"--{word} {shlex.quote(','.join(names))}" for word, names in (("only", one.only), ("without", one.without)) if names]
    found += [f"--probe {shlex.quote(name.value if name.kind == 'email' else f'{name.kind}={name.value}')}" for name in one.probe]
    return " ".join([*found, *([f"--since {shlex.quote(one.since)}"] if one.since else [])])


def _exports(values: dict[str, str]) -> str:
    told = " ".join(f"{name}={shlex.quote(value)}" for name, value in values.items())
    return f"  export {told}\n" if told else ""
