"""One person's access request: look-up, endpoints side by side, ledger, manifest.

The only loop of the engine. It takes requests from the pure core, has them sent, and feeds the answers back.
"""

from engine.runner.ask import Clock, Credentials, Transport
from engine.runner.given import Options, Report, Tools
from engine.runner.run import Run

__all__ = ["Clock", "Credentials", "Options", "Report", "Run", "Tools", "Transport"]
