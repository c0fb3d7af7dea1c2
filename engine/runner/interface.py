"""The input and output of a run: `Session` (what acts), `RunOptions` (what the operator chose), `Report` (how it ended)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from msgspec import Struct, field

from engine.core.account import Account
from engine.core.file_check import LARGEST_FILE
from engine.core.http import NoAnswer, Response
from engine.core.identity import Identifier
from engine.core.ledger import Entry, Subject
from engine.core.request import Request
from engine.core.retry import Patience
from engine.core.selection import Selection
from engine.core.subject import LookupResult
from engine.discreet import Discreet
from engine.errors import DiskError, Exit
from engine.language.effective import Vendor
from engine.language.expressions.template import IDENTIFIERS
from engine.net.clock import Clock
from engine.net.limiter import Limiter
from engine.runner.client import Client, Credentials, Network, SharedCredential
from engine.runner.facts import AccountFacts


class RunOptions(Discreet, Struct, frozen=True):
    """What the operator chose for one run.

    `selection`: endpoints and fields; `files`: download them too; `narrow`: no window begins before this moment (UTC);
    `reference`: the operator's own name for the request, such as `DSR-17`, for the manifest.
    `largest_file`: how many bytes are taken of a file whose size no record tells. `probe`: the identifier of a known colleague;
    where nobody is found, finding them shows that the connection sees people. `digest`: the person's identifiers by kind, as
    keyed digests, and `key_id` the key's id: for the manifest, so that runs of one person can be told without a name; `undigested`
    is why there are none. `chain_key` makes the digests by which a chain is known again, if the run breaks off and goes on later.
    """

    HIDDEN = ("probe", "chain_key")

    selection: Selection = field(default_factory=Selection)
    files: bool = False
    narrow: datetime | None = None
    reference: str | None = None
    probe: Mapping[str, Identifier] = {}
    largest_file: int = LARGEST_FILE
    digest: Mapping[str, str] | None = None
    key_id: str | None = None
    undigested: str | None = None
    chain_key: bytes | None = None


class Earlier(Struct, frozen=True):
    """A run that broke off and goes on now: where it lies, when it began, when it went on before, and what must be read anew.

    `changed` names the endpoints of which the spec says something else now.
    """

    folder: Path
    started: datetime
    resumed: tuple[str, ...] = ()
    changed: frozenset[str] = frozenset()


class Session(Struct, frozen=True, kw_only=True):
    """One vendor, ready to be asked over one connection: what sends, what proves who asks, how fast, at what time.

    Every use of the engine puts one together: the command line, the library, `record`, replays, benches, tests. `ended`
    is called with the entry of each endpoint when it has ended, `heard` with every request and its answer. Runs that share a
    connection share `grant`, and `facts` of its account; a run by itself has its own. `alone`: nothing else is done while this run's end
    waits for the disk, so that what can be brought down before is.
    """

    vendor: Vendor
    network: Network
    credentials: Credentials
    limiter: Limiter
    clock: Clock
    patience: Patience = field(default_factory=Patience)
    ended: Callable[[Entry], None] = lambda _: None
    heard: Callable[[Request, Response | NoAnswer], None] = lambda _, __: None
    grant: SharedCredential = field(default_factory=SharedCredential)
    facts: AccountFacts | None = None
    alone: bool = False

    def client(self) -> Client:
        """Make the client that sends this session's requests."""
        personal = frozenset((*IDENTIFIERS, *self.vendor.captured))
        return Client(
            self.network,
            self.limiter,
            self.credentials,
            self.clock,
            self.patience,
            personal=personal,
            heard=self.heard,
            grant=self.grant,
        )

    def own_facts(self, client: Client) -> AccountFacts:
        """Begin to learn about the account, by a client of this session."""
        credentials = self.credentials
        account = Account(self.vendor, credentials.given, lambda: credentials.from_token)
        return AccountFacts(self.vendor, client, account, self.clock)


class Report(Struct, frozen=True):
    """How a run ended. `exit_code` is the command line's; `manifest` is the content of `folder`/manifest.json.

    `finished`: the manifest is written; else a run that was resumed must be resumed again. `kept`: how many parts of each endpoint had
    ended whole before a break, of how many; `kept_files`: how many files lay there whole.
    `subject`: was the person found, with the reason; `endpoints`: one entry each, by name, in the spec's order. `error`: the
    disk refused a write; `cut`: why the credential could not be used any more; `defect`: a bug of Habeas, by its type and
    place; None where it did not happen. `files`: whether files were to be downloaded. `looked_up`: what each look-up came to.
    `notes`: what else the operator should know, such as that what was used of the vendor's limits could not be handed on.
    """

    exit_code: Exit
    subject: LookupResult
    endpoints: Mapping[str, Entry]
    manifest: Mapping[str, object]
    folder: Path
    error: DiskError | None = None
    cut: str | None = None
    defect: str | None = None
    files: bool = False
    looked_up: Mapping[str, Subject] = {}
    notes: tuple[str, ...] = ()
    finished: bool = True
    kept: Mapping[str, tuple[int, int]] = {}
    kept_files: int = 0

    @property
    def resumed(self) -> bool:
        """Whether the run had broken off and went on."""
        return bool(self.manifest.get("resumed"))

    @property
    def outcome(self) -> Subject:
        """Whether the person was found: `Subject.MATCHED`, `NO_MATCH`, ..."""
        return self.subject.subject

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Give the endpoints' entries in the spec's order."""
        return tuple(self.endpoints.values())
