"""The command line: arguments in, exit code out. Holds no logic; what is heavy is imported by the command that needs it."""

import os
import signal


def main() -> None:
    """Run the command line; a Ctrl-C while Python still reads the program ends it without a word."""
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    from engine.cli.app import main as run  # noqa: PLC0415  only now: an interrupt would meet the imports

    run()


__all__ = ["main"]
