"""The keys of a shared store: HABEAS_KEY alone. The database never has it, and none is ever made: each machine would make its own."""

from __future__ import annotations

from collections.abc import Mapping

from engine.connection.keys import HOW, StoreKey, Where, given_key
from engine.errors import NotConnected


class TeamKeys:
    """The key that a team shares; during `rekey` also the one before."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Read the environment. Raises UsageError if what it holds is no key."""
        self._given, self._old = given_key("HABEAS_KEY", environ), given_key("HABEAS_OLD_KEY", environ)

    def current(self) -> StoreKey:
        """Give the key to encrypt with. Raises NotConnected."""
        if self._given is None:
            message = f"a shared store is sealed with HABEAS_KEY, which is not set: set it to your team's key ({HOW}); none is made for you"
            raise NotConnected(message)
        return self._given

    def find(self, name: str) -> StoreKey | None:
        """Give the key with this id. Raises NotConnected where there is none at all."""
        return next((key for key in (self.current(), self._old) if key is not None and key.id == name), None)

    def mend(self, _kept: str) -> str:
        """Say how a key that is not at hand is brought back."""
        return "set HABEAS_KEY to your team's key"

    def place(self, name: str) -> Where:
        """Say where a key that was found is."""
        return "HABEAS_KEY" if self.current().id == name else "HABEAS_OLD_KEY"

    def where(self) -> Where | None:
        """Say where the current key is; None if there is none."""
        return "HABEAS_KEY" if self._given is not None else None
