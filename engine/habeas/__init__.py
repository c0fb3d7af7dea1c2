"""What `import habeas` gives: the wheel installs this folder as the package `habeas`. The same names as `import engine`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import engine

if TYPE_CHECKING:
    from engine import (
        AccountRuns,
        Entry,
        Exit,
        HabeasError,
        Outcome,
        Report,
        Subject,
        Vendor,
        Verified,
        account,
        check,
        load,
        plan,
        resume,
        run,
        verify,
    )

__version__ = engine.__version__
__all__ = [
    "AccountRuns",
    "Entry",
    "Exit",
    "HabeasError",
    "Outcome",
    "Report",
    "Subject",
    "Vendor",
    "Verified",
    "account",
    "check",
    "load",
    "plan",
    "resume",
    "run",
    "verify",
]


def __getattr__(name: str) -> object:
    """Hand on what `engine` exports, imported when it is first used (PEP 562)."""
    if name in __all__:
        return getattr(engine, name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
