"""One person's access request: look-up, endpoints side by side, ledger, manifest.

`Run` takes requests from the pure functions of `core/`, sends them through the session's network, and hands the answers back.
"""

from typing import TYPE_CHECKING

from engine.lazy import lazily

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

__getattr__ = lazily(__name__, _HOME)  # who only reads what a run has written needs no network
