"""The crowd's vendor as seen by a test: it is started, has connections that are stored here, is told what to do, and leaves its log."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.connection.credential import bound
from engine.connection.stored import Name, RegisteredClient, StoredConnection
from engine.core.oauth import Tokens
from engine.language.load import load
from tests.chaos.crowd import VENDOR
from tests.connection.kept import Kept
from tests.process import environment

NONE: Mapping[str, str] = {}


class VendorProcess:
    """It serves while the block lasts; `log` is its log afterwards."""

    def __init__(self, folder: Path, spec: Path, **options: Any) -> None:
        folder.mkdir(exist_ok=True)
        self._log, self.spec = folder / "vendor.log", spec
        command = [sys.executable, "-m", "tests.chaos.crowd_vendor", json.dumps(options), str(self._log)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(folder))
        assert self._process.stdout is not None
        self.address = self._process.stdout.readline().strip()

    def __enter__(self) -> VendorProcess:
        """Give it."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._process.communicate()
        self.log: list[dict[str, Any]] = [json.loads(line) for line in self._log.read_text("utf-8").splitlines()]

    def ask(self, what: str, **query: object) -> dict[str, Any]:
        """Tell it something."""
        told = "&".join(f"{name}={value}" for name, value in query.items())
        with urllib.request.urlopen(f"{self.address}/_chaos/{what}?{told}", timeout=60) as answer:
            return dict(json.load(answer))

    def environ(self, kept: Kept) -> dict[str, str]:
        """Give what a command is started with."""
        return environment(kept.folder, **kept.environ, HABEAS_SPECS=str(self.spec.parent), HABEAS_CROWD_AT=self.address)

    def connect(self, kept: Kept, count: int, accounts: Mapping[str, str] = NONE) -> None:
        """Store so many connections, as `connect` would have made them; some may name their account."""
        names = [f"c{number}" for number in range(count)]
        spec, found = load(self.spec.read_bytes(), str(self.spec)), self.ask("begin", names=",".join(names))
        asyncio.run(self._store(kept, {Name(VENDOR, name): self._record(spec, found[name], accounts.get(name)) for name in names}))

    async def _store(self, kept: Kept, records: Mapping[Name, StoredConnection]) -> None:
        for name, record in records.items():
            await kept.write(record, name)

    def _record(self, spec: Any, told: dict[str, Any], account: str | None) -> StoredConnection:
        now = time.time()
        tokens = Tokens(told["access_token"], now, told["refresh_token"], now + told["expires_in"])
        client = RegisteredClient("a-client", "a-secret")
        given = {"grant": "authorization_code", "client": client, "tokens": tokens, "account_id": account}
        return StoredConnection(VENDOR, "oauth2", bound(spec, self.address), now, **given)
