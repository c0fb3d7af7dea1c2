"""By which name the shared store knows a vendor's account: connections of one account are used by one worker at a time."""

from __future__ import annotations

from hashlib import blake2b

from engine.connection.stored import Name, StoredConnection


def account_of(name: Name, record: StoredConnection) -> str:
    """Give a name that two connections of one account share: a digest of the account's id. Without an id it is the connection's own."""
    if record.account_id is None:
        return str(name)
    told = "\n".join(("habeas account", record.vendor, record.bound.at or "", record.account_id))
    return f"{record.vendor}:{blake2b(told.encode(), digest_size=8).hexdigest()}"
