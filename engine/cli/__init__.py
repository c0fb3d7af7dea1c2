"""The command line: arguments in, exit code out. Decides nothing; a command imports what is heavy when it is called."""

import gc
import os
import signal

GARBAGE_AFTER = 50_000  # new objects; Python's 700 costs a tenth of the start, and what is imported is no garbage


def spare_start() -> None:
    """Make imports cheaper: look for garbage less often, and for no plugins of pydantic (another package's have no place here)."""
    gc.set_threshold(GARBAGE_AFTER)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def main() -> None:
    """Run the command line; Ctrl-C while Python still imports it ends the process without a word."""
    spare_start()
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    from engine.cli.app import main as run  # noqa: PLC0415  only now: an interrupt would meet the imports

    run()


__all__ = ["main", "spare_start"]
