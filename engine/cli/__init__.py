"""The command line: arguments in, exit code out. Decides nothing; a command imports what is heavy when it is called."""

import atexit
import gc
import os
import signal

GARBAGE_AFTER = 100_000  # new objects, more than the imports of a run make: what is imported is no garbage. Python's 700 cost a tenth


def spare_start() -> None:
    """Make a command cheaper: look for garbage less often, and for no plugins of pydantic (another package's have no place here).

    At its end garbage is not looked for at all: the system takes back a process's memory as it is.
    """
    gc.set_threshold(GARBAGE_AFTER)
    atexit.register(gc.freeze)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def main() -> None:
    """Run the command line; Ctrl-C while Python still imports it, or when it has ended, ends the process without a word."""
    spare_start()
    _end_at_once()
    from engine.cli.app import main as run  # noqa: PLC0415  only now: an interrupt would meet the imports

    try:
        run()
    finally:
        _end_at_once()


def _end_at_once() -> None:
    """Let Ctrl-C end the process where its exception would meet no command: Python would print a traceback."""
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))


__all__ = ["main", "spare_start"]
