"""The crowd's vendor, a process of its own: limits, faults, tokens that rotate, a log of every request, and signals at the worst moment.

Started with its options as JSON; prints its address, and at the end of standard input writes its log. What it is told to do to a
process stands below `/_chaos/`.

It sends the signals itself, because it alone knows when a process may not be killed: between a refresh that was answered and its first
use the only refresh token is in that process's memory, and no program can save it. Whoever is killed or stopped earlier has asked for
nothing: what arrives from them then counts as lost on the way.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import re
import signal
import sys
import time
from collections import Counter, deque
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from engine.language.model.units import parse_rate
from engine.simulate.serve import listen
from tests.chaos.crowd import ALLOWED, answered

TOKEN, EXPIRED = "/token", "a token ended early"  # as the log names what is no request for data
LOST, CUT = 0, 1  # where an answer has no status
RENEWING = 0.1  # seconds that a refresh takes
HELD = 1.0  # seconds that a refresh takes during which something else than its process shall end (signal 0)
LIFE = 15.0  # seconds that an access token lives, more than twice as long as a request waits for the limit
CONFIRMED = 2.0
LATE = 2.0  # seconds less than a period are counted: on a busy machine a process sends late what it had let through
BEGINNING = 5.0
SOON = 5.0  # seconds within which one who asks renews
LATEST = 50.0  # seconds until somebody renews: on a busy machine another process has to begin first


class Refused(Exception):
    """An answer that is no data."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


class Tokens:
    """The grants of all connections: each has one refresh token at a time, and one that is used twice ends the grant."""

    def __init__(self, life: float) -> None:
        self.life = life
        self.generation: dict[str, int] = {}
        self.ends: dict[str, float] = {}
        self.ended: set[str] = set()

    def begin(self, connections: list[str]) -> dict[str, Any]:
        """Give the first tokens, which do not end all at once."""
        return {name: self.issue(name, self.life * (1 + number) / len(connections)) for number, name in enumerate(connections)}

    def issue(self, connection: str, life: float | None = None) -> dict[str, Any]:
        """Give the next tokens."""
        number = self.generation[connection] = self.generation.get(connection, -1) + 1
        access = f"access-{connection}-{number}"
        self.ends[access] = time.time() + (life or self.life)
        return {"access_token": access, "refresh_token": f"refresh-{connection}-{number}", "expires_in": life or self.life}

    def refresh(self, token: str) -> dict[str, Any]:
        """Exchange a refresh token."""
        _, connection, number = token.split("-")
        if connection in self.ended or int(number) != self.generation.get(connection):
            self.ended.add(connection)
            raise Refused(400, "invalid_grant")
        return self.issue(connection)

    def connection(self, access: str) -> str:
        """Give whose access token it is."""
        if time.time() > self.ends.get(access, 0.0):
            raise Refused(401, "expired")
        connection = access.split("-")[1]
        if connection in self.ended:
            raise Refused(401, "ended")
        return connection


class Processes:
    """Who asks: which of them are killed or stopped, and which hold a token that is nowhere else."""

    def __init__(self) -> None:
        self.out: set[int] = set()
        self.seen: set[int] = set()
        self.unsaved: dict[int, dict[str, float]] = {}
        self.armed: tuple[int, asyncio.Future[int]] | None = None

    def send(self, pid: int, number: int) -> None:
        """Signal a process."""
        if number in (signal.SIGKILL, signal.SIGSTOP):
            self.out.add(pid)
        with contextlib.suppress(ProcessLookupError):  # who is told twice may have ended before the second time: its exit code is judged
            os.kill(pid, number)
        self.out -= {pid} if number == signal.SIGCONT else set()

    async def calm(self, pid: int, number: int) -> None:
        """Wait until a process has used what it was given last; whoever is not killed gets the time to begin first."""
        begun = time.time() + BEGINNING
        while number not in (signal.SIGKILL, signal.SIGCONT) and pid not in self.seen and time.time() < begun:
            await asyncio.sleep(0.002)  # SLEEPS: real processes and their server take real time
        while any(time.time() < at + CONFIRMED for at in self.unsaved.get(pid, {}).values()):
            await asyncio.sleep(0.002)  # SLEEPS: real processes and their server take real time

    def used(self, pid: int, access: str) -> None:
        """Note that a token is in use, so that it was stored."""
        self.seen.add(pid)
        self.unsaved.get(pid, {}).pop(access, None)


class CrowdVendor:
    """The vendor. `accounts` has the account of a connection where it is not its own."""

    def __init__(self, seed: int, *, limited: bool, faulty: bool, life: float = LIFE, accounts: dict[str, str] | None = None) -> None:
        self.seed, self.faulty, self.accounts = seed, faulty, accounts or {}
        self.rate = parse_rate(ALLOWED) if limited else None
        self.tokens, self.processes = Tokens(life), Processes()
        self.log: list[dict[str, Any]] = []
        self.arrived: dict[str, deque[float]] = {}
        self.asked: Counter[str] = Counter()

    def app(self) -> web.Application:
        """Give the application."""
        app = web.Application()
        app.router.add_get("/_chaos/{what}", self.chaos)
        app.router.add_post(TOKEN, self.token)
        app.router.add_get("/v1/{tail:.*}", self.data)
        return app

    async def chaos(self, request: web.Request) -> web.Response:
        """Do what the test says."""
        what, told = request.match_info["what"], request.query
        if what == "begin":
            return web.json_response(self.tokens.begin(told["names"].split(",")))
        if what == "signal":
            pid, number = int(told["pid"]), int(told["number"])
            await self.processes.calm(pid, number)
            self.processes.send(pid, number)
            return web.json_response({"pid": pid, "at": time.time()})
        if what == "refreshing":  # the next who renews gets the signal
            found = asyncio.get_running_loop().create_future()
            self.processes.armed = (int(told["number"]), found)
            return web.json_response({"pid": await self._renewing(found), "at": time.time()})
        return web.json_response({"asked": len(self.asked)})

    async def _renewing(self, found: asyncio.Future[int]) -> int:
        """Wait until somebody renews; tokens end early, so that somebody does: where nobody is left to ask for with one, another one's."""
        until = time.time() + LATEST
        while not found.done() and time.time() < until:
            renewing = {one["connection"] for one in self.log if one["path"] == TOKEN and one["status"] is None}
            asked = (one["connection"] for one in reversed(self.log) if one["path"] not in (TOKEN, EXPIRED))
            connection = next((one for one in asked if one not in renewing), None)
            if connection is not None:
                self._expire(connection)
            await asyncio.wait([found], timeout=SOON)
        if not found.done():
            self.processes.armed = None
            raise web.HTTPGatewayTimeout(text="nobody renewed a token")
        return found.result()

    def _expire(self, connection: str) -> None:
        self.tokens.ends[f"access-{connection}-{self.tokens.generation[connection]}"] = 0.0
        self.log.append({"at": time.time(), "pid": 0, "connection": connection, "account": "", "path": EXPIRED, "status": 200})

    async def token(self, request: web.Request) -> web.StreamResponse:
        """Renew, unless whoever asks is gone."""
        pid, token = _pid(request), dict(parse_qsl(await request.text())).get("refresh_token", "--")
        entry = self._note(request, pid, token.split("-")[1])
        processes = self.processes
        if processes.armed is not None and pid not in processes.out:
            (number, told), processes.armed = processes.armed, None
            await processes.calm(pid, number)
            processes.send(pid, number)
            told.set_result(pid)
            await asyncio.sleep(0.0 if number else HELD)  # SLEEPS: real processes and their server take real time
        await asyncio.sleep(RENEWING)  # SLEEPS: real processes and their server take real time
        if pid in processes.out:
            entry["status"] = LOST
            return _cut(request)
        try:
            found = self.tokens.refresh(token)
        except Refused as error:
            entry["status"] = error.status
            return web.json_response({"error": error.code}, status=error.status)
        processes.unsaved.setdefault(pid, {})[str(found["access_token"])] = time.time()
        entry["status"] = 200
        return web.json_response(found)

    async def data(self, request: web.Request) -> web.StreamResponse:
        """Answer, or misbehave."""
        pid, access = _pid(request), request.headers.get("Authorization", "").removeprefix("Bearer ")
        entry = self._note(request, pid, access.split("-")[1] if "-" in access else "")
        self.processes.used(pid, access)
        try:
            connection = self.tokens.connection(access)
            self._limit(self.accounts.get(connection, connection))
            entry["status"] = 200
            return await self._answer(request, entry)
        except Refused as error:
            entry["status"] = error.status
            wait = {"Retry-After": "1"} if error.status == 429 else {}
            return web.json_response({"code": error.code, "message": error.code}, status=error.status, headers=wait)

    async def _answer(self, request: web.Request, entry: dict[str, Any]) -> web.StreamResponse:
        count = self.asked[f"{request.path_qs}"] = self.asked[request.path_qs] + 1
        dice = random.Random(f"{self.seed} {request.path_qs} {count}").random() if self.faulty else 1.0
        if dice < 0.02:
            raise Refused(500, "broken")
        found = answered(request.path, dict(request.query))
        if found is None:
            raise Refused(404, "nobody")
        body = json.dumps(found, ensure_ascii=False).encode()
        if dice < 0.035:
            entry["status"] = CUT
            return await _half(request, body)
        if dice < 0.055:
            await asyncio.sleep(10 * dice)  # SLEEPS: real processes and their server take real time
        return web.Response(body=body, content_type="application/json")

    def _limit(self, account: str) -> None:
        now, arrived = time.time(), self.arrived.setdefault(account, deque())
        arrived.append(now)
        while self.rate is not None and arrived[0] <= now - (self.rate.seconds or 0.0) + LATE:
            arrived.popleft()
        if self.rate is not None and len(arrived) > self.rate.count:
            raise Refused(429, "too many")

    def _note(self, request: web.Request, pid: int, connection: str) -> dict[str, Any]:
        account = self.accounts.get(connection, connection)
        what = {"at": time.time(), "pid": pid, "connection": connection, "account": account, "path": request.path_qs, "status": None}
        self.log.append(what)
        return what


def _pid(request: web.Request) -> int:
    found = re.search(r"pid([0-9]+)", request.headers.get("User-Agent", ""))
    return int(found[1]) if found else 0


def _cut(request: web.Request) -> web.Response:
    """Close the connection without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _half(request: web.Request, body: bytes) -> web.StreamResponse:
    """Send half of an answer."""
    answer = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(body))})
    await answer.prepare(request)
    await answer.write(body[: len(body) // 2])
    _cut(request)
    return answer


async def main(options: dict[str, Any], log: Path) -> None:
    """Serve until standard input ends."""
    vendor = CrowdVendor(**options)
    serving = asyncio.create_task(listen(vendor.app(), 0, lambda address: print(address, flush=True)))
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    log.write_text("".join(json.dumps(one) + "\n" for one in vendor.log), "utf-8")


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1]), Path(sys.argv[2])))
