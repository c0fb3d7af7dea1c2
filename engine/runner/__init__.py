"""One person's access request: look-up, endpoints side by side, ledger, manifest.

The only loop of the engine. It takes requests from the pure core, has them sent, and feeds the answers back.
"""

from engine.runner.client import Credentials, Network
from engine.runner.interface import Report, RunOptions, Session
from engine.runner.run import Run

__all__ = ["Credentials", "Network", "Report", "Run", "RunOptions", "Session"]
