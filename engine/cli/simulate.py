"""`habeas simulate`."""

from __future__ import annotations

import asyncio
import json
import signal
from dataclasses import asdict

import typer

from engine.errors import Exit, UsageError
from engine.simulate.serve import Options, Ready, faults, serve, vendors


def simulate_command(word: str, port: int, names: str, scale: tuple[int, int], *, as_json: bool) -> Exit:
    """Serve until interrupted. Raises UsageError for an unknown vendor or fault, or a busy port."""
    if word not in vendors():
        message = f"no simulator for `{word}`; there is one for {', '.join(vendors())}"
        raise UsageError(message)
    if names == "list":
        for name, sentence in faults(word).items():
            typer.echo(f"{name:16} {sentence}")
        return Exit.COMPLETE
    wanted = tuple(one.strip() for one in names.split(",") if one.strip())
    options = Options(faults=wanted, people=scale[0], meetings=scale[1])

    def ready(up: Ready) -> None:
        typer.echo(json.dumps(asdict(up)) if as_json else _greeting(word, up))

    asyncio.run(_serve(word, options, port, ready))
    return Exit.COMPLETE


async def _serve(word: str, options: Options, port: int, ready: object) -> None:
    serving = asyncio.create_task(serve(word, options, port, ready))  # type: ignore[arg-type]
    loop = asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(one, serving.cancel)
    try:
        await serving
    except asyncio.CancelledError:
        return


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
        f"  habeas connect {word}\n"
        f"  habeas run {word} --email {up.people[0]}\n"
    )
