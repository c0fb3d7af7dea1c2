"""Habeas: fetch everything a SaaS vendor holds about one person, with proof of what was and was not obtained.

    vendor = engine.load("zoom")
    report = await engine.run(vendor, email="someone@example.com", connection="zoom", out="request-17", files=True)
    report.outcome, report.endpoints["meetings"].outcome, report.manifest, report.exit_code

`load`, `run`, `resume`, `verify`, `check` and `plan` are the commands of the same names, `account` asks for many people over one
account; see engine/api.py. Whoever installed the wheel writes `import habeas` for the same. Everything is imported when it is first used.
"""

from __future__ import annotations

from engine.lazy import lazily

TYPE_CHECKING = False  # typing's own would be nearly half of what a command imports before it can answer Ctrl-C
if TYPE_CHECKING:
    from engine.api import AccountRuns, account, check, load, plan, resume, run, verify
    from engine.core.ledger import Entry, Outcome, Subject
    from engine.errors import Exit, HabeasError
    from engine.language.effective import Vendor
    from engine.runner.interface import Report
    from engine.runner.verify import Verified

__version__ = "0.1.0"

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

_HOME = {
    "Entry": "engine.core.ledger",
    "Exit": "engine.errors",
    "HabeasError": "engine.errors",
    "Outcome": "engine.core.ledger",
    "Report": "engine.runner.interface",
    "Subject": "engine.core.ledger",
    "Vendor": "engine.language.effective",
    "Verified": "engine.runner.verify",
    **dict.fromkeys(("AccountRuns", "account", "check", "load", "plan", "resume", "run", "verify"), "engine.api"),
}

__getattr__ = lazily(__name__, _HOME)  # `habeas --help` needs little of it, and nothing until it can answer Ctrl-C


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
