"""The command line: arguments in, exit code out. Decides nothing; a command imports what is heavy when it is called."""

import gc
import os
import signal

GARBAGE_AFTER = 10_000  # new objects; Python's 700 costs a tenth of the start, and what is imported is no garbage


def main() -> None:
    """Run the command line; Ctrl-C while Python still imports it ends the process without a word."""
    gc.set_threshold(GARBAGE_AFTER)
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    from engine.cli.app import main as run  # noqa: PLC0415  only now: an interrupt would meet the imports

    run()


__all__ = ["main"]
