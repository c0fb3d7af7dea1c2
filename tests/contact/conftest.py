"""A case that asks by mail: an office, an owner, and the command line under a clock that can be moved."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.case.test_commands import PERSON, home_of
from tests.contact.mails import OWNER

BEGIN = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


class Desk:
    """The command line at a desk where it is `BEGIN`, moved by `days`."""

    def __init__(self, habeas: Callable[..., object], monkeypatch: pytest.MonkeyPatch) -> None:
        self.habeas, self.home, self.moved = habeas, home_of(habeas), timedelta()
        self.more: dict[str, str] = {}
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        monkeypatch.setattr("engine.cli.contact.now", lambda: BEGIN + self.moved)
        (self.home / "office.yaml").write_text("controller: Acme GmbH\ncontact: privacy@office.example\nsignature: Pat\n")
        self.owners()

    def __call__(self, *words: str, code: int = 0, stdin: str | None = None) -> str:
        """Call a command that ends with a code; gives what it said."""
        done = self.habeas(*words, stdin=stdin, **self.more)  # type: ignore[misc]
        assert done.returncode == code, (words, done.stdout, done.stderr)  # type: ignore[attr-defined]
        assert "Traceback" not in done.stderr  # type: ignore[attr-defined]
        return str(done.stdout + done.stderr)  # type: ignore[attr-defined]

    def owners(self, text: str = "", port: int | None = None, more: str = "security: none") -> None:
        """Write contacts.yaml: the owner of Zoom, one of a system in the house, perhaps a server."""
        server = f"smtp: {{host: localhost, port: {port}, {more}}}\n" if port is not None else ""
        body = text or f"owners:\n  zoom: {{to: {OWNER}}}\n  hris: {{title: the HR system, to: hr@acme.example, language: de}}\n"
        (self.home / "contacts.yaml").write_text(server + f"maildir: {self.home}/Maildir\n" + body)

    def open(self, right: str = "access", *, identified: bool = True) -> None:
        """Open DSR-17."""
        self("case", "new", "DSR-17", "--right", right, "--vendor", "zoom", stdin=PERSON)
        if identified:
            self("case", "identified", "DSR-17", "--how", "by letter")

    def mails(self) -> list[Path]:
        """Give the mails of the case, in order."""
        return sorted((self.home / "cases/DSR-17/mails").glob("*.eml"), key=lambda one: int(one.name.partition("-")[0]))

    def token(self) -> str:
        """Give the token of the last mail."""
        text = self.mails()[-1].read_text()
        start = text.index("<HABEAS-") + 1
        return text[start : start + 16]

    def drop(self, mail: bytes, name: str = "1", folder: str = "new") -> Path:
        """Put a mail into the Maildir."""
        for part in ("new", "cur", "tmp"):
            (self.home / "Maildir" / part).mkdir(parents=True, exist_ok=True)
        (self.home / "Maildir" / folder / name).write_bytes(mail)
        return self.home / "Maildir"

    def acts(self) -> list[str]:
        """Give the words of the case's log."""
        lines = (self.home / "cases/DSR-17/log.jsonl").read_text().splitlines()
        return [line.partition('"did":"')[2].partition('"')[0] for line in lines]


@pytest.fixture
def desk(habeas, monkeypatch):
    """A desk with an office and an owner."""
    return Desk(habeas, monkeypatch)
