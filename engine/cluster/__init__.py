"""Batches on several machines: people in a shared database, workers that own connections for a while, and how they are seen.

What the command line needs of it is imported when it is used: PostgreSQL's driver is for teams alone.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from engine.connection.chosen_store import needs_driver

if TYPE_CHECKING:
    from engine.cluster.lend import Lender, check_writable
    from engine.cluster.lent_states import CHANGES, changed_of_folder, changed_of_store, forgotten
    from engine.cluster.recall import Recall
    from engine.cluster.snapshot import Snapshot, of_batch, of_folder

__all__ = [
    "CHANGES",
    "Lender",
    "Recall",
    "Snapshot",
    "changed_of_folder",
    "changed_of_store",
    "check_writable",
    "forgotten",
    "of_batch",
    "of_folder",
]
PLACES = {
    "lend": ("Lender", "check_writable"),
    "lent_states": ("CHANGES", "changed_of_folder", "changed_of_store", "forgotten"),
    "recall": ("Recall",),
    "snapshot": ("Snapshot", "of_batch", "of_folder"),
}


def __getattr__(name: str) -> object:
    """Import what is asked for. Raises NotConnected without the driver."""
    for module, names in PLACES.items():
        if name in names:
            needs_driver()
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(name)
