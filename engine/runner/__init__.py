"""One person's access request: look-up, endpoints side by side, ledger, manifest.

`Run` takes requests from the pure functions of `core/`, sends them through the session's network, and hands the answers back.
"""

from engine.runner.client import Credentials, Network
from engine.runner.interface import Report, RunOptions, Session
from engine.runner.run import Run

__all__ = ["Credentials", "Network", "Report", "Run", "RunOptions", "Session"]
