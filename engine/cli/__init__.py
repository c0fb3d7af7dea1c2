"""The command line: arguments in, exit code out. Decides nothing; a command imports what is heavy when it is called."""

import os
import signal


def main() -> None:
    """Run the command line; Ctrl-C while Python still imports it ends the process without a word."""
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    from engine.cli.app import main as run  # noqa: PLC0415  only now: an interrupt would meet the imports

    run()


__all__ = ["main"]
