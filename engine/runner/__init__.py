"""One person's access request: look-up, endpoints side by side, ledger, manifest.

`Run` takes requests from the pure functions of `core/`, sends them through the session's network, and hands the answers back.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.runner.client import Credentials, Network
    from engine.runner.interface import Report, RunOptions, Session
    from engine.runner.run import Run

__all__ = ["Credentials", "Network", "Report", "Run", "RunOptions", "Session"]

_HOME = {
    **dict.fromkeys(("Credentials", "Network"), "engine.runner.client"),
    **dict.fromkeys(("Report", "RunOptions", "Session"), "engine.runner.interface"),
    "Run": "engine.runner.run",
}


def __getattr__(name: str) -> object:
    """Import what is named when it is first used: who only reads what a run has written needs no network (PEP 562)."""
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
