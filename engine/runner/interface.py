"""What a run is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from engine.core.http import NoAnswer, Response
from engine.core.ledger import Entry
from engine.core.request import Request
from engine.core.retry import Patience
from engine.core.selection import Selection
from engine.core.subject import LookupResult
from engine.errors import DiskError, Exit
from engine.language.effective import Row
from engine.net.clock import Clock
from engine.net.limiter import Limiter
from engine.runner.client import Credentials, Network


@dataclass(frozen=True)
class RunOptions:
    """What the operator may choose; `narrow` moves the beginning of every window.

    `values` are those that the connection brings: settings, and what its token answer told.
    """

    choice: Selection = field(default_factory=Selection)
    files: bool = False
    narrow: datetime | None = None
    reference: str | None = None
    connection: str = "environment"
    simulated: bool = False
    share: float = 0.75
    plan: str | None = None
    values: Row = field(default=(), repr=False)


@dataclass(frozen=True)
class Tools:
    """What a run works with; `ended` hears of each endpoint that has come to its end, `heard` of every request and its answer.

    `told` gives what the token in use came with; it goes before the values of the options.
    """

    transport: Network
    limiter: Limiter
    credentials: Credentials
    clock: Clock
    patience: Patience = field(default_factory=Patience)
    ended: Callable[[Entry], None] = lambda _: None
    heard: Callable[[Request, Response | NoAnswer], None] = lambda _, __: None
    told: Callable[[], Row] = tuple


@dataclass(frozen=True)
class Report:
    """How a run ended; `cut` says why nothing more could be asked, where the credential failed.

    `defect` is ours; `files` were asked for.
    """

    exit_code: Exit
    subject: LookupResult
    entries: tuple[Entry, ...]
    manifest: Mapping[str, object]
    folder: Path
    error: DiskError | None = None
    cut: str | None = None
    defect: str | None = None
    files: bool = False
