"""Serve a simulated vendor on 127.0.0.1: load `fixtures/<vendor>/server.py` and listen until cancelled. Never reads a spec."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import os
import signal
import sys
from collections.abc import Callable
from types import ModuleType

from aiohttp import web
from msgspec import Struct
from msgspec.structs import asdict

from engine.errors import HabeasError, UsageError
from engine.language.text.mistakes import did_you_mean
from engine.spec_files import folder

LOOPBACK = "127.0.0.1"


class SimulatorOptions(Struct, frozen=True):
    """How to simulate. `scopes` is granular, classic, all, or the scopes themselves; `latency` is in seconds."""

    faults: tuple[str, ...] = ()
    people: int = 12
    meetings: int = 40
    scopes: str = "granular"
    plan: str = "pro"
    limits: bool = True
    latency: float = 0.0
    client_secret: str = ""


class Ready(Struct, frozen=True):
    """What a client needs to talk to the simulator; the first of `people` has records of every kind."""

    address: str
    token: str
    client_id: str
    client_secret: str
    people: tuple[str, ...]


def vendors() -> tuple[str, ...]:
    """Name the vendors that come with a simulator."""
    return tuple(sorted(path.parent.name for path in folder("fixtures").glob("*/server.py")))


def module(vendor: str) -> ModuleType:
    """Import a vendor's server as a package with the files beside it. Raises UsageError where there is none."""
    name = f"habeas_simulated_{vendor}"
    if f"{name}.server" in sys.modules:
        return sys.modules[f"{name}.server"]
    place = folder("fixtures") / vendor
    if not (place / "server.py").is_file():
        message = f"no simulator for `{vendor}`; there is one for {', '.join(vendors())}"
        raise UsageError(message)
    package = ModuleType(name)
    package.__path__ = [str(place)]
    sys.modules[name] = package
    return importlib.import_module(f"{name}.server")


def faults(vendor: str) -> dict[str, str]:
    """Give a vendor's faults by name, each with a sentence."""
    return dict(module(vendor).FAULTS)


async def serve(vendor: str, options: SimulatorOptions, port: int, ready: Callable[[Ready], None]) -> None:
    """Serve until cancelled; `ready` is called once it listens. Raises UsageError for an unknown fault or a busy port."""
    server = module(vendor)
    for fault in options.faults:
        if fault not in server.FAULTS:
            hint = did_you_mean(fault, server.FAULTS)
            message = f"no fault is called `{fault}`" + (f"; {hint}" if hint else "; `list` names them")
            raise UsageError(message)
    app = server.application(options)
    await listen(app, port, lambda address: ready(server.ready(app, address)))


async def listen(app: web.Application, port: int, ready: Callable[[str], None]) -> None:
    """Serve an application on loopback until cancelled; `ready` is called with its address. Raises UsageError for a busy port."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, LOOPBACK, port)
        try:
            await site.start()
        except OSError as error:
            message = f"port {port} cannot be opened ({os.strerror(error.errno or 0)}): name another one with --port, or 0 for a free one"
            raise UsageError(message) from None
        ready(f"http://{LOOPBACK}:{runner.addresses[0][1]}")
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


def main(argv: list[str] | None = None) -> int:
    """Serve from a command line of its own, for tests and benchmarks: `--options` holds SimulatorOptions as JSON."""
    parser = argparse.ArgumentParser(prog="python -m engine.simulate.serve")
    parser.add_argument("vendor")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--options", default="{}", help="SimulatorOptions as JSON")
    words = parser.parse_args(argv)
    given = json.loads(words.options)
    options = SimulatorOptions(**{**given, "faults": tuple(given.get("faults", ()))})

    async def serving() -> None:
        task = asyncio.create_task(serve(words.vendor, options, words.port, lambda up: print(json.dumps(asdict(up)), flush=True)))
        for ending in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(ending, task.cancel)
        await task

    try:
        asyncio.run(serving())
    except asyncio.CancelledError:
        return 0
    except HabeasError as error:
        print(f"error: {error}", file=sys.stderr)
        return int(error.exit_code)
    return 0


if __name__ == "__main__":
    sys.exit(main())
