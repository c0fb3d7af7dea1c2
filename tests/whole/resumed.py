"""A scripted vendor's run that is killed at any of its requests, and goes on: what lay on the disk then is what a killed process leaves."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.connection.keeper import Fixed
from engine.core.http import HttpRequest, Response
from engine.core.identity import identify
from engine.language.effective import Vendor
from engine.net.clock import clock_from
from engine.net.limiter import limiter_of
from engine.run_head import read_head
from engine.runner import Report, Run, RunOptions, Session
from engine.runner.interface import Earlier
from tests.clock import passing, run
from tests.whole.scripted import NOW, Scripted

KEY = b"a key of this test alone"
LATER = datetime(2026, 11, 26, 9, tzinfo=UTC)


class Dying(Scripted):
    """A scripted vendor that keeps a copy of the run's folder as it is at each request."""

    folder: Path
    copies: Path

    async def send(self, request: HttpRequest) -> Response:
        """Copy the folder, then answer, some requests later than others."""
        number = len(self.log)
        shutil.copytree(self.folder, self.copies / f"{number:04d}" / self.folder.name, symlinks=True)
        answer = await super().send(request)
        await passing(number * 7 % 5 / 10)
        return answer


def options(**more: Any) -> RunOptions:
    """Give options with a key, which a run needs to be resumed."""
    return RunOptions(**{"digest": {"email": "0" * 32}, "key_id": "0" * 16, "chain_key": KEY, **more})


def begun(spec: Vendor, network: Scripted, out: Path, earlier: Earlier | None = None, **more: Any) -> Report:
    """Run to the end, or on from what lies there."""

    async def scenario() -> Report:
        clock = clock_from(NOW if earlier is None else LATER, passing, lambda: 0.5)
        credentials = Fixed()
        credentials.given = more.pop("values", ())
        session = Session(vendor=spec, network=network, credentials=credentials, limiter=limiter_of(spec), clock=clock)
        person = {"EMAIL": identify("email", more.pop("person", "ada@x.io"))}
        return await Run(session, person, options(**more), out, earlier).run()

    return run(scenario())


def undisturbed(spec: Vendor, answers: Mapping[str, list[Any]], tmp_path: Path, **more: Any) -> tuple[Report, Dying, list[Path]]:
    """Run to the end; gives the report, the vendor, and the folder as it was at each request."""
    network = Dying(dict(answers))
    network.folder, network.copies = tmp_path / "whole" / spec.name, tmp_path / "copies"
    report = begun(spec, network, tmp_path / "whole", **more)
    return report, network, sorted(one / spec.name for one in network.copies.iterdir())


def resumed(spec: Vendor, answers: Mapping[str, list[Any]], folder: Path, **more: Any) -> tuple[Report, list[str]]:
    """Go on with what lies in a folder; gives the report and what was asked."""
    network = Scripted(dict(answers))
    return begun(spec, network, folder.parent, _earlier(folder, more.pop("changed", frozenset())), **more), network.log


def _earlier(folder: Path, changed: frozenset[str] = frozenset()) -> Earlier:
    head = read_head(folder)
    return Earlier(folder, head.started.astimezone(UTC), head.resumed, changed)


def killed_again(spec: Vendor, answers: Mapping[str, list[Any]], folder: Path, copies: Path, which: int, **more: Any) -> Path:
    """Go on with what lies in a folder, and give the folder as it was at one of the requests of that."""
    network = Dying(dict(answers))
    network.folder, network.copies = folder, copies
    begun(spec, network, folder.parent, _earlier(folder), **more)
    found = sorted(copies.iterdir())
    return found[which % len(found)] / spec.name


def multisets(folder: Path) -> dict[str, Counter[bytes]]:
    """Give the lines of each file of records."""
    return {path.name: Counter(path.read_bytes().splitlines()) for path in folder.glob("*.jsonl") if "." not in path.stem}


def told(folder: Path) -> dict[str, Any]:
    """Give what must be the same in a manifest however often the run broke off."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    names = ("outcome", "reason", "records", "expected", "duplicates", "same_key", "others", "covered", "pages", "requests", "files")
    entries = {name: {one: entry.get(one) for one in names} for name, entry in manifest["endpoints"].items()}
    same = {name: manifest[name] for name in ("spec", "started", "subject", "excluded", "fields", "narrowed", "options", "stopped", "gaps")}
    return {**same, "endpoints": entries}


def ends(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Give the lines that end chains, by endpoint."""
    lines = {path.name.split(".")[0]: path.read_bytes().splitlines() for path in folder.glob("*.pages.jsonl")}
    return {name: [one for one in map(json.loads, found) if "end" in one] for name, found in lines.items()}
