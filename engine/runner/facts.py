"""What a connection's account told of itself: `discover`, `verify` and the probe, each asked once for all runs that share it.

A run by itself has its own, so that all of it is asked in that run. engine/open_account.py asks anew after an hour.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct, field

from engine.core.account import Account
from engine.core.identity import Identifier
from engine.core.ledger import Tally
from engine.core.retry import GiveUp
from engine.core.verify_request import NotAsked, VerifyAnswer, read_verify, shows_people, verify_request
from engine.discreet import Discreet
from engine.language.effective import Endpoint, Row, Vendor
from engine.net.clock import Clock
from engine.runner.client import Client
from engine.runner.discover import Discovery
from engine.runner.lookup import Lookups, row_of


async def ask_verify(vendor: Vendor, account: Account, client: Client, tally: Tally) -> VerifyAnswer | NotAsked:
    """Send the spec's `verify` request and read its answer; `NotAsked` where a value it needs is not known."""
    request = verify_request(vendor, account)
    if isinstance(request, NotAsked):
        return request
    answer = await client.ask(request, tally)
    return read_verify(answer if isinstance(answer, GiveUp) else answer.reading)


class AccountFacts(Discreet, Struct, eq=False):
    """What is known, and since when: `verified_at`, `discovered_at` and `probed_at` are None where nothing was asked.

    What shows that the connection sees people was shown by one credential: one that was renewed since may see less, and is asked anew.
    """

    HIDDEN = ("account", "probed")

    vendor: Vendor
    client: Client
    account: Account
    clock: Clock
    answer: VerifyAnswer | NotAsked | None = None
    probed: dict[tuple[str, Row], str | None] = field(default_factory=dict)
    verified_at: datetime | None = None
    discovered_at: datetime | None = None
    probed_at: datetime | None = None
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _shown_by: int = 0

    async def discover(self, requests: Sequence[Endpoint], tally: Tally) -> None:
        """Send what these requests need of `discover` and nobody has asked yet."""
        async with self._asking:
            began = self.clock.now()
            if await Discovery(self.vendor, self.account, self.client, tally).run(requests):
                self.discovered_at = self.discovered_at or began

    async def verify(self) -> VerifyAnswer | NotAsked:
        """Give the answer to `verify`."""
        async with self._asking:
            self._forget_older()
            if self.answer is None:
                began = self.clock.now()
                self.answer = await ask_verify(self.vendor, self.account, self.client, Tally())
                self.verified_at = None if isinstance(self.answer, NotAsked) else began
            return self.answer

    async def seek_probe(self, lookups: Sequence[Endpoint], probe: Mapping[str, Identifier], tally: Tally) -> str | None:
        """Look for the probe with each of these look-ups; None where each finds it, else words that say which does not."""
        async with self._asking:
            self._forget_older()
            for lookup in lookups:
                asked = (lookup.name, row_of(probe))
                if asked not in self.probed:
                    began = self.clock.now()
                    self.probed[asked] = await Lookups(self.vendor, self.client, self.account, tally).seek_probe([lookup], probe)
                    self.probed_at = self.probed_at or began
                if self.probed[asked] is not None:
                    return self.probed[asked]
        return None

    def _forget_older(self) -> None:
        """Forget what an earlier credential showed."""
        if self._shown_by != self.client.credential.generation:
            self._shown_by, self.answer, self.probed, self.probed_at = self.client.credential.generation, None, {}, None

    def teach(self, client: Client) -> None:
        """Give a client its `verify` request, as soon as what is known of the account completes it."""
        request = verify_request(self.vendor, self.account)
        if not isinstance(request, NotAsked):
            client.verify = request

    @property
    def sound(self) -> bool:
        """Whether all that was asked was answered, so that it need not be asked again soon."""
        discovered = all(one.outcome.whole for one in self.account.entries.values())
        return discovered and isinstance(self.answer, VerifyAnswer) and self.answer.alive is True and not any(self.probed.values())

    @property
    def listed(self) -> bool:
        """Whether `verify` was answered with people."""
        return self.answer is not None and shows_people(self.vendor, self.answer)
